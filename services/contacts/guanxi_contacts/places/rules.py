"""Distances on the globe, and the boxes of latitude and longitude that hold a circle."""

from dataclasses import dataclass
from math import asin, cos, degrees, pi, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8  # mean radius R1 of the IUGG; off by 0.5 % at most from the ellipsoid
FARTHEST_M = pi * EARTH_RADIUS_M
# Boxes only choose candidates: a hair wider, no rounding leaves out what lies on the circle.
MARGIN = 1e-9


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees; latitude from -90 to 90, longitude from -180 to 180."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Box:
    south: float
    north: float
    west: float
    east: float

    def holds(self, point: Point) -> bool:
        return (
            self.south <= point.latitude <= self.north and self.west <= point.longitude <= self.east
        )


def distance_m(one: Point, other: Point) -> float:
    """Great circle in metres by the haversine formula (Sinnott 1984), stable for short ways."""
    latitude, to_latitude = radians(one.latitude), radians(other.latitude)
    across = sin((to_latitude - latitude) / 2) ** 2
    along = sin(radians(other.longitude - one.longitude) / 2) ** 2
    return (
        2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(across + cos(latitude) * cos(to_latitude) * along)))
    )


def boxes_around(centre: Point, radius_m: float) -> tuple[Box, ...]:
    """One box, or two where the circle crosses the date line; around a pole all longitudes."""
    angle = radius_m / EARTH_RADIUS_M * (1 + MARGIN) + MARGIN
    south, north = centre.latitude - degrees(angle), centre.latitude + degrees(angle)
    if south <= -90 or north >= 90:
        return (Box(max(south, -90.0), min(north, 90.0), -180.0, 180.0),)
    reach = degrees(asin(min(1.0, sin(angle) / cos(radians(centre.latitude))))) + MARGIN
    west, east = centre.longitude - reach, centre.longitude + reach
    if west < -180:
        return (Box(south, north, west + 360, 180.0), Box(south, north, -180.0, east))
    if east > 180:
        return (Box(south, north, west, 180.0), Box(south, north, -180.0, east - 360))
    return (Box(south, north, west, east),)


def rings(radius_m: float, *, beyond_m: float = 0.0) -> list[float]:
    """Circles from a small one up to the asked one: the next page is most often in the first, and
    then nobody measures the way to a whole country. `beyond_m` is where the page before ended."""
    found, ring = [], max(FIRST_RING_M, 2 * beyond_m)
    while ring < radius_m:
        found.append(ring)
        ring *= RING_GROWTH
    return [*found, radius_m]


FIRST_RING_M, RING_GROWTH = 1_000.0, 8
