"""Distances on the globe, and boxes that hold every point of a circle."""

from math import inf

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guanxi_contacts.places.rules import (
    FARTHEST_M,
    RING_GROWTH,
    Box,
    Point,
    boxes_around,
    distance_m,
    rings,
)

POINT = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))
RADIUS = st.floats(1, FARTHEST_M)


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        (Point(39.9042, 116.4074), Point(31.2304, 121.4737), 1_068),  # Beijing, Shanghai
        (Point(52.52, 13.405), Point(48.8566, 2.3522), 878),  # Berlin, Paris
        (Point(40.7128, -74.006), Point(51.5074, -0.1278), 5_570),  # New York, London
        (Point(-33.8688, 151.2093), Point(-36.8485, 174.7633), 2_156),  # Sydney, Auckland
        (Point(-17.7134, 178.065), Point(-13.8333, -171.7667), 1_170),  # Fiji, Samoa: the date line
        (Point(0, 0), Point(0, 180), 20_015),
        (Point(90, 0), Point(-90, 77), 20_015),
    ],
)
def test_known_ways(one: Point, other: Point, kilometres: float) -> None:
    assert distance_m(one, other) / 1000 == pytest.approx(kilometres, rel=0.003)


@given(POINT, POINT)
def test_a_way_is_as_long_back_and_at_most_half_round(one: Point, other: Point) -> None:
    assert distance_m(one, other) == pytest.approx(distance_m(other, one), abs=1e-6)
    assert 0 <= distance_m(one, other) <= FARTHEST_M
    assert distance_m(one, one) == 0


@given(POINT, POINT, POINT)
def test_no_detour_is_a_short_cut(one: Point, other: Point, via: Point) -> None:
    detour = distance_m(one, via) + distance_m(via, other)
    # Near antipodes the haversine rounds to about a tenth of a metre.
    assert distance_m(one, other) <= detour + 0.5


@given(POINT, POINT, RADIUS)
@example(Point(0, 179.9), Point(0, -179.9), 50_000.0)
@example(Point(0, 180.0), Point(0, -180.0), 1.0)
@example(Point(89.99, 0.0), Point(89.99, 180.0), 5_000.0)
@example(Point(-90.0, 12.0), Point(-89.5, -100.0), 60_000.0)
@example(Point(60.0, 10.0), Point(61.0, 16.0), 400_000.0)
def test_what_is_within_the_circle_is_within_a_box(
    centre: Point, point: Point, radius_m: float
) -> None:
    boxes = boxes_around(centre, radius_m)
    if distance_m(centre, point) <= radius_m:
        assert any(box.holds(point) for box in boxes)
    for box in boxes:
        assert -180 <= box.west <= box.east <= 180
        assert -90 <= box.south <= box.north <= 90


@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(1, 100_000))
def test_boxes_of_small_circles_are_small(latitude: float, longitude: float, radius: float) -> None:
    boxes = boxes_around(Point(latitude, longitude), radius)
    widths = [box.east - box.west for box in boxes]
    assert boxes[0].north - boxes[0].south < 2.01 * radius / 111_000 + 0.001
    assert sum(widths) < 12 * radius / 111_000 + 0.001


def test_a_circle_over_a_pole_has_all_longitudes() -> None:
    assert boxes_around(Point(89, 0), 200_000) == (
        Box(pytest.approx(87.2, abs=0.01), 90.0, -180.0, 180.0),
    )


@given(RADIUS, st.floats(0, FARTHEST_M))
def test_rings_grow_up_to_the_circle(radius_m: float, beyond_m: float) -> None:
    found = rings(radius_m, beyond_m=beyond_m)
    assert found[-1] == radius_m
    assert all(a < b for a, b in zip([0, *found], [*found, inf], strict=True))
    assert all(ring >= beyond_m for ring in found[:-1])
    assert len(found) <= 7
    assert RING_GROWTH > 1
