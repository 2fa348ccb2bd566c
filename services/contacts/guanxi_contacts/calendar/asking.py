"""What a calendar is asked for: a time from, a time to, and whose."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from guanxi_shared import filters
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.pages import query_pairs
from guanxi_shared.resources import ID, INSTANT

LONGEST = timedelta(days=366)
MOST_USERS = 50


@dataclass(frozen=True, slots=True)
class Span:
    first: datetime
    last: datetime


def options_of(call: Call, known: Collection[str]) -> dict[str, str]:
    """The query string's parameters; one that is unknown or given twice is 400."""
    found: dict[str, str] = {}
    for name, value in query_pairs(call.request.scope["query_string"]):
        if name not in known or name in found:
            said = "Unknown parameter." if name not in known else "Send it once."
            raise Malformed(
                f"The calendar does not take {name!r} like that.", errors={name: said},
                code="unknown_parameter",
            )  # fmt: skip
        found[name] = value
    return found


def span_of(call: Call, options: Mapping[str, str]) -> Span:
    first, last = (_instant(call, options, name) for name in ("from", "to"))
    if last <= first:
        raise Malformed("to must come after from.", errors={"to": "Send a later time."})
    if last - first > LONGEST:
        raise Malformed("Ask for at most 366 days.", errors={"to": "Send an earlier time."})
    return Span(first, last)


def _instant(call: Call, options: Mapping[str, str], name: str) -> datetime:
    try:
        found: datetime = filters.PARSERS[INSTANT](options[name], call.clock)
        if not 1900 <= found.year <= 2200:
            raise ValueError(found)
    except (KeyError, ValueError, OverflowError) as error:
        raise Malformed(
            f"{name} must be a time between 1900 and 2200.",
            errors={name: f"Send {filters.WANTED[INSTANT]}."},
        ) from error
    return found


def id_of(call: Call, name: str, text: str) -> UUID:
    try:
        found: UUID = filters.PARSERS[ID](text, call.clock)
    except ValueError as error:
        raise Malformed(f"{name} must be an id.", errors={name: "Send a UUID."}) from error
    return found


def ids_of(call: Call, options: Mapping[str, str], name: str) -> list[UUID]:
    """Ids with commas between, each once."""
    texts = [part for part in options.get(name, "").split(",") if part]
    if not 1 <= len(texts) <= MOST_USERS:
        raise Malformed(
            f"{name} names 1 to {MOST_USERS} people.",
            errors={name: "Send ids with commas between."},
        )
    return sorted({id_of(call, name, text) for text in texts})
