"""Distances, tolerances, clocks and durations of visits."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_contacts.places.rules import Point, distance_m
from guanxi_contacts.visits.rules import (
    Reference,
    is_clock_suspect,
    is_far,
    measured,
    seconds_between,
    summary,
)

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
METRES = st.floats(0, 100_000)
POINT = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))
MINUTES = st.none() | st.integers(-600, 600).map(lambda m: NOW + timedelta(minutes=m))


@pytest.mark.parametrize(
    ("distance", "accuracy", "far"),
    [(500, None, False), (501, None, True), (590, 100, False), (601, 100, True), (1000, 9e6, False), (1001, 9e6, True)],
)  # fmt: skip
def test_an_accuracy_counts_up_to_the_tolerance(
    distance: float, accuracy: float | None, far: bool
) -> None:
    assert is_far(distance, accuracy_m=accuracy, tolerance_m=500) is far


@given(METRES, METRES, METRES, METRES)
def test_nobody_is_far_for_being_nearer_or_knowing_less(
    distance: float, nearer: float, accuracy: float, worse: float
) -> None:
    def far(at: float, by: float) -> bool:
        return is_far(at, accuracy_m=by, tolerance_m=500)

    if far(min(distance, nearer), accuracy):
        assert far(max(distance, nearer), accuracy)
    if far(distance, max(accuracy, worse)):
        assert far(distance, min(accuracy, worse))
    assert not far(min(distance, 500), accuracy)
    assert far(1_000.1 + distance, accuracy)


@given(POINT, st.lists(POINT, min_size=1, max_size=6))
def test_the_nearest_reference_counts(here: Point, points: list[Point]) -> None:
    references = [Reference(point, uuid4()) for point in points]
    found = measured(here, references, accuracy_m=None, tolerance_m=500)
    assert found["distance_m"] == round(min(distance_m(here, point) for point in points), 1)
    assert found["measured_from"] == "account"
    assert found["account_id"] in {reference.account_id for reference in references}


def test_without_a_reference_there_is_no_distance_and_no_flag() -> None:
    found = measured(Point(0, 0), [], accuracy_m=5, tolerance_m=500)
    assert set(found.values()) == {None}


@pytest.mark.parametrize(
    ("device", "sent", "suspect"),
    [
        (None, None, False),
        (-240, None, False),  # was offline for hours
        (1, None, False),
        (3, None, True),  # still to come
        (-240, 0, False),
        (-240, -3, True),  # says itself that its clock is three minutes behind
        (-240, 3, True),
        (5, 0, True),  # was there after it said so
        (None, 60, True),
    ],
)
def test_a_clock_is_suspect_when_it_is_wrong_for_certain(
    device: int | None, sent: int | None, suspect: bool
) -> None:
    at, told = (None if m is None else NOW + timedelta(minutes=m) for m in (device, sent))
    assert is_clock_suspect(NOW, device_at=at, sent_at=told) is suspect


def check(at: datetime, device_at: datetime | None, suspect: bool = False) -> dict[str, Any]:
    return {
        "at": at, "device_at": device_at, "is_clock_suspect": suspect, "distance_m": 1.0,
        "is_far": None,
    }  # fmt: skip


@given(MINUTES, MINUTES, st.booleans(), st.booleans(), st.integers(0, 600))
def test_a_visit_never_lasts_less_than_no_time(
    arrived: datetime | None, left: datetime | None, one: bool, other: bool, minutes: int
) -> None:
    checks = check(NOW, arrived, one), check(NOW + timedelta(minutes=minutes), left, other)
    seconds = seconds_between(*checks)
    assert seconds >= 0
    if arrived is not None and left is not None and arrived <= left and not one and not other:
        assert seconds == (left - arrived).total_seconds()
    else:
        assert seconds == minutes * 60
    assert summary(*checks)["duration_seconds"] == seconds


@given(*[st.sampled_from([None, True, False])] * 2)
def test_a_visit_is_far_when_either_check_is(one: bool | None, other: bool | None) -> None:
    arrived, left = {**check(NOW, None), "is_far": one}, {**check(NOW, None), "is_far": other}
    expected = None if (one, other) == (None, None) else bool(one or other)
    assert summary(arrived, left)["is_far"] is expected
    assert summary(arrived, None)["is_far"] is one
