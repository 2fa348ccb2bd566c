"""Orders of stops: never longer than given, all stops once, start, end and appointments kept."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_contacts.places.route_rules import Map, given_order, sensible_way
from guanxi_contacts.places.rules import Point, distance_m

POINT = st.builds(Point, st.floats(-60, 60), st.floats(-180, 180))
CITY = st.builds(Point, st.floats(39.7, 40.1), st.floats(116.1, 116.7))
STOPS = st.lists(POINT, max_size=12) | st.lists(CITY, max_size=25)
MAYBE = st.none() | CITY
MORNING = datetime(2026, 11, 23, 1, tzinfo=UTC)
TIME = st.none() | st.integers(0, 10).map(lambda hour: MORNING + timedelta(hours=hour))


def length(points: list[Point]) -> float:
    return sum(distance_m(a, b) for a, b in pairwise(points))


@settings(deadline=None)
@given(STOPS, MAYBE, MAYBE, st.data())
def test_a_proposed_way_holds_all_stops_once_and_is_never_longer_than_the_given_one(
    stops: list[Point], start: Point | None, end: Point | None, data: st.DataObject
) -> None:
    times = data.draw(st.lists(TIME, min_size=len(stops), max_size=len(stops)))
    way, as_given = sensible_way(stops, start=start, end=end, times=times)
    assert sorted(way.order) == list(range(len(stops)))
    assert list(as_given.order) == given_order(times)
    assert way.total_m <= as_given.total_m
    kept = [at for stop in way.order if (at := times[stop]) is not None]
    assert kept == sorted(kept)
    fixed = [p for p in (start, *(stops[i] for i in way.order), end) if p is not None]
    assert way.total_m == pytest.approx(length(fixed), abs=1e-3)
    assert sensible_way(stops, start=start, end=end, times=times) == (way, as_given)


@settings(deadline=None)
@given(st.lists(CITY, min_size=1, max_size=6), MAYBE, MAYBE)
def test_few_stops_are_visited_nearly_as_short_as_can_be(
    stops: list[Point], start: Point | None, end: Point | None
) -> None:
    way, _ = sensible_way(stops, start=start, end=end)
    chart = Map(stops, start, end)
    best = min(chart.way(order).total_m for order in permutations(range(len(stops))))
    assert way.total_m <= best * 1.25 + 0.1


def test_a_walk_along_a_street_goes_along_it() -> None:
    street = [Point(39.9, 116.3 + n / 100) for n in (4, 0, 7, 2, 6, 1, 5, 3)]
    way, as_given = sensible_way(street, start=Point(39.9, 116.29))
    assert [street[i].longitude for i in way.order] == sorted(p.longitude for p in street)
    assert way.total_m < as_given.total_m / 3


def test_appointments_are_kept_and_the_others_are_put_on_the_way() -> None:
    east, west = Point(39.9, 116.6), Point(39.9, 116.2)
    between = Point(39.9, 116.4)
    times = [MORNING + timedelta(hours=5), MORNING, None]
    way, _ = sensible_way([west, east, between], times=times)
    assert way.order == (1, 2, 0)


def test_no_stop_at_all_is_the_way_from_start_to_end() -> None:
    one, other = Point(0, 0), Point(0, 1)
    way, as_given = sensible_way([], start=one, end=other)
    assert (way, way.order) == (as_given, ())
    assert way.total_m == distance_m(one, other)
