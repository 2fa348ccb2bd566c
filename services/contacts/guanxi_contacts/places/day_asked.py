"""What `/calendar/route` is asked."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from guanxi_contacts.places.asked import number_in
from guanxi_contacts.places.rules import Point
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.pages import query_pairs

PLACES = ("start_lat", "start_lon", "end_lat", "end_lon")
KNOWN = frozenset({"day", "user_id", "keep_times", "open_only", *PLACES})
FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class DayAsked:
    """`user_id` None is the caller. Without `keeps_times` the shortest way is looked for."""

    day: date
    user_id: UUID | None
    start: Point | None
    end: Point | None
    keeps_times: bool
    is_open_only: bool


def asked_day(call: Call) -> DayAsked:
    """The request's parameters, checked; what cannot be read is Malformed and named."""
    options = dict(query_pairs(call.request.scope["query_string"]))
    for name in sorted(set(options) - KNOWN):
        raise _bad(name, "Unknown parameter.", code="unknown_parameter")
    return DayAsked(
        day=_day(options.get("day"), call.clock.today),
        user_id=_user(options.get("user_id")),
        start=_point(options, "start"),
        end=_point(options, "end"),
        keeps_times=_flag(options, "keep_times", default=True),
        is_open_only=_flag(options, "open_only", default=False),
    )


def _bad(name: str, sentence: str, *, code: str = "bad_parameter") -> Malformed:
    return Malformed(f"{name}: {sentence}", errors={name: sentence}, code=code)


def _day(text: str | None, today: date) -> date:
    if text is None or text == "today":
        return today
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise _bad("day", "Send a day such as 2026-11-23.") from error
    if len(text) != 10 or not 1900 <= found.year <= 2200:
        raise _bad("day", "Send a day such as 2026-11-23, from 1900 to 2200.")
    return found


def _user(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError as error:
        raise _bad("user_id", "Send the id of a user.") from error


def _point(options: dict[str, str], name: str) -> Point | None:
    """Both coordinates or neither."""
    latitude, longitude = options.get(f"{name}_lat"), options.get(f"{name}_lon")
    if latitude is None and longitude is None:
        return None
    return Point(
        number_in(f"{name}_lat", latitude, least=-90, most=90),
        number_in(f"{name}_lon", longitude, least=-180, most=180),
    )


def _flag(options: dict[str, str], name: str, *, default: bool) -> bool:
    if name not in options:
        return default
    if options[name] not in FLAGS:
        raise _bad(name, "Send true or false.")
    return FLAGS[options[name]]
