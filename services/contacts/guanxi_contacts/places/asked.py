"""What `/accounts/nearby` is asked: a circle, filters as a list takes them, a cursor of its own."""

import base64
import zlib
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson

from guanxi_contacts.places.rules import FARTHEST_M, Point
from guanxi_contacts.resources import ACCOUNTS
from guanxi_shared import pages, reads
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.pages import ListQuery

DEFAULT_RADIUS_M = 5_000.0
NOT_HERE = ("sort", "include", "q", "total")  # nearness is the order


@dataclass(frozen=True, slots=True)
class Nearby:
    """`query` holds fields, filters and limit; `after` the distance and id of the last row seen."""

    centre: Point
    radius_m: float
    query: ListQuery
    after: tuple[float, UUID] | None

    @property
    def signature(self) -> int:
        centre = self.centre
        parts = [self.query.signature, centre.latitude, centre.longitude, self.radius_m]
        return zlib.crc32(orjson.dumps(parts))


async def asked_nearby(call: Call) -> Nearby:
    """The request's parameters, checked; what cannot be read is Malformed and named."""
    options, rest = _split(call.request.scope["query_string"])
    centre = Point(
        number_in("lat", options.get("lat"), least=-90, most=90),
        number_in("lon", options.get("lon"), least=-180, most=180),
    )
    wide = options.get("radius_m", str(DEFAULT_RADIUS_M))
    radius_m = number_in("radius_m", wide, least=1, most=FARTHEST_M)
    fields = await reads.all_fields(call, ACCOUNTS)
    query = pages.from_query_string(rest, ACCOUNTS, fields, call.clock)
    found = Nearby(centre, radius_m, await reads.prepared(call, query), None)
    if not (cursor := options.get("cursor")):
        return found
    return replace(found, after=_after(cursor, found.signature))


def _split(raw: bytes) -> tuple[dict[str, str], bytes]:
    options, rest = {}, []
    for name, value in pages.query_pairs(raw):
        if name in NOT_HERE:
            raise Malformed(
                f"{name} is not taken here: accounts come by distance.",
                errors={name: "Leave it out."},
                code="unknown_parameter",
            )
        if name in ("lat", "lon", "radius_m", "cursor"):
            options[name] = value
        else:
            rest.append((name, value))
    return options, urlencode(rest).encode()


def number_in(name: str, text: str | None, *, least: float, most: float) -> float:
    """A parameter that is a number within limits."""
    try:
        number = float(text) if text is not None else None
    except ValueError:
        number = None
    if number is None or not isfinite(number) or not least <= number <= most:
        missing = "is missing" if text is None else "is not such a number"
        raise Malformed(
            f"{name} must be a number from {least:.0f} to {most:.0f}; it {missing}.",
            errors={name: f"Send a number from {least:.0f} to {most:.0f}."},
            code="bad_parameter",
        )
    return number


def cursor_of(asked: Nearby, distance: float, record_id: str) -> str:
    parts = [asked.signature, distance, record_id]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def _after(cursor: str, signature: int) -> tuple[float, UUID]:
    problem = Malformed(
        "The cursor does not belong to this query; start again without one.",
        errors={"cursor": "Use the next_cursor of the answer before, with the same parameters."},
        code="bad_cursor",
    )
    try:
        parts: Any = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        made_for, distance, record_id = parts
        if made_for != signature or not isinstance(distance, float):
            raise problem
        return distance, UUID(record_id)
    except (ValueError, TypeError, AttributeError) as error:
        raise problem from error
