from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_gateway.identity.key_rules import (
    KeyTimes,
    Phase,
    RotationPolicy,
    phases,
    plan_rotation,
    published_kids,
    signing_kid,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = RotationPolicy(
    every=timedelta(days=30), ahead=timedelta(hours=1), behind=timedelta(minutes=30)
)
DAY = timedelta(days=1)


def test_without_a_key_one_is_made_that_signs_at_once() -> None:
    assert plan_rotation([], START, policy=POLICY).make_from == START


def test_a_young_key_signs_alone_and_nothing_is_planned() -> None:
    keys = [KeyTimes("a", START)]
    plan = plan_rotation(keys, START + DAY, policy=POLICY)
    assert (plan.make_from, plan.drop) == (None, ())
    assert phases(keys, START + DAY, policy=POLICY) == {"a": Phase.CURRENT}


def test_the_next_key_is_published_before_it_signs() -> None:
    keys = [KeyTimes("a", START)]
    soon = START + 30 * DAY - timedelta(minutes=60)
    due = plan_rotation(keys, soon, policy=POLICY).make_from
    assert due == START + 30 * DAY
    keys.append(KeyTimes("b", due))
    assert signing_kid(keys, soon) == "a"
    assert published_kids(keys, soon, policy=POLICY) == ["a", "b"]
    assert signing_kid(keys, due) == "b"


def test_a_replaced_key_verifies_until_its_last_token_has_run_out() -> None:
    keys = [KeyTimes("a", START), KeyTimes("b", START + 30 * DAY)]
    just_after = START + 30 * DAY + timedelta(minutes=29)
    assert phases(keys, just_after, policy=POLICY) == {"a": Phase.PREVIOUS, "b": Phase.CURRENT}
    later = START + 30 * DAY + timedelta(minutes=30)
    assert plan_rotation(keys, later, policy=POLICY).drop == ("a",)


def test_a_service_that_was_off_for_a_year_still_publishes_before_it_signs() -> None:
    keys = [KeyTimes("a", START)]
    now = START + 365 * DAY
    assert plan_rotation(keys, now, policy=POLICY).make_from == now + POLICY.ahead
    assert signing_kid(keys, now) == "a"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(min_value=1, max_value=60 * 24 * 20), min_size=1, max_size=40))
def test_whenever_the_keeper_runs_every_live_token_can_be_verified(gaps: list[int]) -> None:
    """Runs the plan at arbitrary minutes; a cache holds the published set of up to `ahead` ago."""
    keys: list[KeyTimes] = []
    now, made = START, 0
    cached: list[tuple[datetime, set[str]]] = []
    signed: list[tuple[datetime, str]] = []
    for gap in [0, *gaps]:
        now += timedelta(minutes=gap)
        plan = plan_rotation(keys, now, policy=POLICY)
        keys = [key for key in keys if key.kid not in plan.drop]
        if plan.make_from is not None:
            keys.append(KeyTimes(f"k{made}", plan.make_from))
            made += 1
        again = plan_rotation(keys, now, policy=POLICY)
        assert (again.make_from, again.drop) == (None, ())
        published = set(published_kids(keys, now, policy=POLICY))
        signer = signing_kid(keys, now)
        assert signer in published
        assert len(published) <= 3
        fresh_caches = [kids for when, kids in cached if now - when < POLICY.ahead]
        assert all(signer in kids for kids in fresh_caches)
        live = [kid for when, kid in signed if now - when < timedelta(minutes=15)]
        assert set(live) <= published
        cached.append((now, published))
        signed.append((now, str(signer)))
