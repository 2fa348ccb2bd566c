"""Overlaps and busy time against a look at every minute."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from guanxi_contacts.activities import recurrence_rules as recurring
from guanxi_contacts.activities import schedule_rules as rules
from guanxi_contacts.activities.schedule_rules import Stretch

ME, YOU = UUID(int=1), UUID(int=2)
# The week around the change of clocks in Berlin on 29 March 2026.
WEEK = datetime(2026, 3, 26, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
quarters = st.integers(0, 4 * 24 * 7)


@st.composite
def rows(draw: st.DrawFn, number: int = 1) -> dict[str, Any]:
    """A meeting, perhaps repeating, perhaps with days left out."""
    start = WEEK + draw(quarters) * QUARTER
    zone = draw(st.sampled_from(("Europe/Berlin", "Asia/Shanghai")))
    assume(recurring.moment_of(recurring.wall(start, ZoneInfo(zone)), ZoneInfo(zone)) == start)
    ends = start + draw(st.integers(1, 12)) * QUARTER
    rule = draw(st.sampled_from((None, "FREQ=DAILY;COUNT=4", "FREQ=WEEKLY;COUNT=2")))
    return {
        "id": UUID(int=number), "kind": "meeting", "status": "planned", "subject": "x",
        "starts_at": start, "ends_at": ends, "due_at": None, "recurrence": rule, "exdates": [],
        "time_zone": zone, "series_id": None, "recurrence_id": None,
        "series_starts_at": start if rule else None, "owner_id": ME, "invited_ids": [], "team_id": None,
    }  # fmt: skip


def minutes_of(row: dict[str, Any]) -> set[datetime]:
    """Every quarter of an hour that a row takes, by dateutil's hand alone."""
    zone = ZoneInfo(row["time_zone"])
    count, step = {"FREQ=DAILY;COUNT=4": (4, 1), "FREQ=WEEKLY;COUNT=2": (2, 7)}.get(
        row["recurrence"], (1, 1)
    )
    shown = row["starts_at"].astimezone(zone).replace(tzinfo=None)
    length = (row["ends_at"] - row["starts_at"]) // QUARTER
    starts = [
        (shown + timedelta(days=step * i)).replace(tzinfo=zone).astimezone(UTC)
        for i in range(count)
    ]
    return {start + i * QUARTER for start in starts for i in range(length)}


def clash(one: dict[str, Any], other: dict[str, Any]) -> bool:
    asked = rules.asked_time(one, WEEK)
    return bool(rules.clashes(asked, rules.people_of(one), [other], most=9))


@given(rows(1), rows(2))
def test_a_clash_is_a_quarter_of_an_hour_in_common_whoever_asks(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    wanted = bool(minutes_of(one) & minutes_of(other))
    assert clash(one, other) is wanted
    assert clash(other, one) is wanted


@given(rows(1), rows(2))
def test_nobody_clashes_with_the_time_of_somebody_else(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert not clash(one, {**other, "owner_id": YOU})
    shared = {**other, "owner_id": YOU, "invited_ids": [ME]}
    assert clash(one, shared) is clash(one, other)


@given(st.lists(rows(), max_size=6), quarters, quarters)
def test_busy_time_is_every_taken_quarter_once(some: list[dict[str, Any]], a: int, b: int) -> None:
    assume(a != b)
    first, last = WEEK + min(a, b) * QUARTER, WEEK + max(a, b) * QUARTER
    found = rules.busy(
        [
            Stretch(each.starts_at, each.ends_at)
            for row in some
            for each in rules.occurrences_of(row, first, last, most=99)
            if each.ends_at is not None
        ],
        first,
        last,
    )
    shown = {
        s.starts_at + i * QUARTER
        for s in found
        for i in range((s.ends_at - s.starts_at) // QUARTER)
    }
    taken = {m for row in some for m in minutes_of(row) if first <= m < last}
    assert shown == taken
    assert all(one.ends_at < two.starts_at for one, two in pairwise(found))


def test_what_ends_as_the_other_begins_does_not_clash() -> None:
    one, two = Stretch(WEEK, WEEK + QUARTER), Stretch(WEEK + QUARTER, WEEK + 2 * QUARTER)
    assert not one.overlaps(two)
    assert not two.overlaps(one)
    assert rules.busy([one, two], WEEK, WEEK + timedelta(days=1)) == [
        Stretch(WEEK, WEEK + 2 * QUARTER)
    ]
