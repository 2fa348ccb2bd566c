import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_gateway.limits_rules import Limit, call_cost, rate_limit_headers, take

PER_MINUTE = Limit("default", quota=60, window=60, burst=10)
LIMITS = st.builds(
    Limit,
    name=st.just("any"),
    quota=st.integers(1, 500),
    window=st.sampled_from([1, 60, 3600]),
    burst=st.integers(1, 100),
)


def test_a_burst_passes_and_then_one_call_per_interval() -> None:
    arrival: float | None = None
    passed = 0
    for _ in range(15):
        found = take(arrival, 100.0, cost=1, limit=PER_MINUTE)
        arrival, passed = found.arrival, passed + found.allowed
    assert passed == 10
    assert take(arrival, 101.0, cost=1, limit=PER_MINUTE).allowed
    assert not take(arrival, 100.5, cost=1, limit=PER_MINUTE).allowed


def test_a_refusal_costs_nothing_and_says_when_to_come_back() -> None:
    full = take(None, 100.0, cost=10, limit=PER_MINUTE)
    refused = take(full.arrival, 100.0, cost=4, limit=PER_MINUTE)
    assert refused.arrival == full.arrival
    assert refused.retry_after == pytest.approx(4.0)
    assert take(full.arrival, 104.0, cost=4, limit=PER_MINUTE).allowed


def test_what_remains_is_counted_in_cost_units() -> None:
    found = take(None, 100.0, cost=3, limit=PER_MINUTE)
    assert (found.remaining, found.reset_after) == (7, pytest.approx(3.0))


def test_a_call_dearer_than_the_burst_is_possible_on_a_full_bucket() -> None:
    assert take(None, 100.0, cost=500, limit=PER_MINUTE).allowed


def test_headers_follow_the_draft_and_never_say_come_back_in_no_time() -> None:
    found = take(None, 100.0, cost=10, limit=PER_MINUTE)
    assert rate_limit_headers(found, PER_MINUTE) == {
        "RateLimit-Policy": '"default";q=60;w=60',
        "RateLimit": '"default";r=0;t=10',
    }
    refused = take(found.arrival, 100.9, cost=1, limit=PER_MINUTE)
    assert rate_limit_headers(refused, PER_MINUTE)["Retry-After"] == "1"


@settings(max_examples=150, deadline=None)
@given(LIMITS, st.lists(st.tuples(st.floats(0, 5), st.integers(1, 5)), max_size=60))
def test_no_timing_gets_more_than_burst_plus_rate(
    limit: Limit, calls: list[tuple[float, int]]
) -> None:
    now, arrival, spent = 1000.0, None, 0.0
    for gap, cost in calls:
        now += gap
        found = take(arrival, now, cost=cost, limit=limit)
        arrival = found.arrival
        spent += min(cost, limit.burst) if found.allowed else 0
        assert 0 <= found.remaining <= limit.burst
    assert spent <= limit.burst + (now - 1000.0) / limit.interval + 1e-6


@settings(max_examples=150, deadline=None)
@given(LIMITS, st.lists(st.integers(1, 5), min_size=1, max_size=60), st.integers(1, 5))
def test_waiting_as_long_as_told_is_enough(limit: Limit, costs: list[int], cost: int) -> None:
    arrival = None
    for spent in costs:
        arrival = take(arrival, 0.0, cost=spent, limit=limit).arrival
    refused = take(arrival, 0.0, cost=cost, limit=limit)
    if not refused.allowed:
        assert take(arrival, math.ceil(refused.retry_after), cost=cost, limit=limit).allowed


@pytest.mark.parametrize(
    ("method", "path", "cost"),
    [
        ("GET", "/v1/accounts", 1),
        ("PATCH", "/v1/accounts/1", 2),
        ("POST", "/v1/accounts", 2),
        ("POST", "/v1/accounts/search", 2),
        ("POST", "/v1/accounts/batch", 20),
        ("POST", "/v1/exports", 20),
        ("POST", "/v1/auth/sign-in", 5),
        ("GET", "/v1/search", 5),
        ("GET", "/v1/customers/1/overview", 5),
        ("GET", "/v1/sync/pull", 5),
    ],
)
def test_a_call_costs_what_it_makes_the_suite_do(method: str, path: str, cost: int) -> None:
    assert call_cost(method, path) == cost
