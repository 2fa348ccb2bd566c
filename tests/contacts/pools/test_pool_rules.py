"""When a record falls back, as arithmetic."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from guanxi_contacts.pools.rules import (
    Facts,
    Periods,
    due_at,
    falls_back_at,
    first_to_take,
    reached_before,
    room,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
moments = st.integers(-2000 * 86_400, 2000 * 86_400).map(lambda s: NOW + timedelta(seconds=s))
days = st.integers(1, 400)
facts = st.builds(
    Facts, moments, st.none() | moments, st.none() | moments,
    st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.none() | moments,
)  # fmt: skip
periods = st.builds(Periods, days, st.none() | days, st.none() | days)


def test_a_table_of_cases() -> None:
    owned = NOW - timedelta(days=100)
    cases = [
        (Periods(idle_days=30), Facts(owned), owned + timedelta(days=30)),
        (Periods(idle_days=30), Facts(owned, NOW), NOW + timedelta(days=30)),
        (
            Periods(idle_days=30),
            Facts(owned, owned - timedelta(days=9)),
            owned + timedelta(days=30),
        ),
        (Periods(idle_days=30), Facts(owned, protected_until=NOW), NOW),
        (Periods(never_won_days=90), Facts(owned, NOW), owned + timedelta(days=90)),
        (Periods(contract_over_days=10), Facts(owned), None),
        (
            Periods(contract_over_days=10),
            Facts(owned, contract_ends_on=date(2026, 11, 1)),
            datetime(2026, 11, 2, tzinfo=SHANGHAI) + timedelta(days=10),
        ),
        (
            Periods(contract_over_days=10),
            Facts(owned, contract_ends_on=date(2020, 1, 1)),
            owned + timedelta(days=10),
        ),
        (Periods(idle_days=5, never_won_days=50), Facts(owned, NOW), NOW + timedelta(days=5)),
    ]
    for asked, known, due in cases:
        assert due_at(asked, known, SHANGHAI) == due, (asked, known)


@given(periods, facts)
def test_nothing_falls_back_before_its_owner_had_it_so_long_or_while_protected(
    asked: Periods, known: Facts
) -> None:
    due = due_at(asked, known, SHANGHAI)
    if due is None:
        assert known.contract_ends_on is None
        assert asked.contract_over_days is not None
        return
    assert asked.idle_days is not None
    assert due >= known.owned_since + timedelta(days=asked.idle_days)
    assert known.protected_until is None or due >= known.protected_until


@given(periods, facts, moments)
def test_an_activity_never_brings_the_day_nearer(
    asked: Periods, known: Facts, at: datetime
) -> None:
    later = max(at, known.last_activity_at or at)
    moved = Facts(
        known.owned_since, later, known.last_won_at, known.contract_ends_on, known.protected_until
    )
    before, after = due_at(asked, known, SHANGHAI), due_at(asked, moved, SHANGHAI)
    assert (before is None) == (after is None)
    assert before is None or after is None or after >= before


@given(moments, moments, days, st.integers(0, 30))
def test_reached_before_is_the_due_day_turned_round(
    fact: datetime, now: datetime, period: int, ahead: int
) -> None:
    is_due = fact + timedelta(days=period) <= now + timedelta(days=ahead)
    assert (fact <= reached_before(now, period, ahead=ahead)) == is_due


@given(moments, moments, st.none() | moments, st.integers(0, 30))
def test_nobody_loses_a_record_without_the_days_of_warning(
    due: datetime, now: datetime, warned_at: datetime | None, warn_days: int
) -> None:
    end = falls_back_at(due, warn_days=warn_days, warned_at=warned_at, now=now)
    assert end >= due
    if warn_days and warned_at is not None:
        assert end >= warned_at + timedelta(days=warn_days)
    if warn_days and warned_at is None:
        assert end >= now + timedelta(days=warn_days)


def test_the_earliest_rule_takes_and_of_equals_the_first() -> None:
    later = NOW + timedelta(days=1)
    assert first_to_take([None, later, NOW, NOW]) == 2
    assert first_to_take([None, None]) is None
    assert first_to_take([]) is None


@given(st.none() | st.integers(1, 9), st.none() | st.integers(1, 9), st.integers(0, 12))
def test_room_is_what_the_narrower_limit_leaves(
    held: int | None, per_day: int | None, used: int
) -> None:
    limits = {"max_held": held, "max_claims_per_day": per_day}
    left, name = room(limits=limits, used={"max_held": used, "max_claims_per_day": used})
    most = [limit for limit in limits.values() if limit is not None]
    assert left == (max(0, min(most) - used) if most else None)
    assert name == "" or limits[name] is not None
