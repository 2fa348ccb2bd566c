from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_gateway.identity.lockout_rules import (
    ADDRESS_POLICY,
    NETWORK_POLICY,
    Failures,
    LockPolicy,
    address_key,
    after_failure,
    after_success,
    lock_length,
    locked_for,
    network_key,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ZERO = timedelta(0)


@pytest.mark.parametrize(
    ("count", "seconds"), [(1, 0), (4, 0), (5, 30), (6, 60), (7, 120), (10, 900), (99, 900)]
)
def test_locks_double_after_the_free_failures_up_to_a_longest(count: int, seconds: int) -> None:
    assert lock_length(count, policy=ADDRESS_POLICY) == timedelta(seconds=seconds)


def test_an_attempt_may_be_made_again_exactly_when_the_lock_ends() -> None:
    failures = Failures(count=4, last_failed_at=NOW)
    locked = after_failure(failures, NOW, policy=ADDRESS_POLICY)
    assert locked_for(locked, NOW) == timedelta(seconds=30)
    assert locked_for(locked, NOW + timedelta(seconds=30)) == ZERO
    assert locked_for(Failures(), NOW) == ZERO


def test_success_clears_the_count() -> None:
    assert after_success(Failures(9, NOW, NOW)) == Failures()


def test_failures_are_forgotten_after_a_quiet_day() -> None:
    old = Failures(count=9, last_failed_at=NOW - timedelta(hours=25))
    assert after_failure(old, NOW, policy=ADDRESS_POLICY).count == 1
    fresh = Failures(count=9, last_failed_at=NOW - timedelta(hours=23))
    assert after_failure(fresh, NOW, policy=ADDRESS_POLICY).count == 10


def test_an_office_network_is_given_more_patience_than_one_address() -> None:
    assert lock_length(49, policy=NETWORK_POLICY) == ZERO
    assert lock_length(50, policy=NETWORK_POLICY) > ZERO


def test_an_address_is_counted_however_it_is_typed_and_apart_from_networks() -> None:
    assert address_key(" Wang@Demo.Example ") == address_key("wang@demo.example")
    assert address_key("10.0.0.1") != network_key("10.0.0.1")


@given(st.lists(st.integers(0, 3600), max_size=40), st.integers(0, 8))
def test_guesses_per_day_stay_bounded_however_they_are_timed(gaps: list[int], free: int) -> None:
    policy = LockPolicy(free=free)
    failures, now, attempts = Failures(), NOW, 0
    for gap in gaps:
        now += timedelta(seconds=gap)
        if locked_for(failures, now) == ZERO and now - NOW < timedelta(hours=24):
            failures = after_failure(failures, now, policy=policy)
            attempts += 1
    beyond = max(attempts - free, 0)
    assert beyond <= 6 + (now - NOW) / policy.longest
