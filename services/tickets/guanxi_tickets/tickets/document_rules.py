"""Search documents that find the rows of a figure. Pure."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

Filter = dict[str, Any]
MOST_IDS: Final = 1_000


def document_of(base: Sequence[Filter], *more: Filter) -> dict[str, Any]:
    """For the search of the resource that is counted: all of these hold."""
    return {"filter_groups": [{"filters": [*base, *more]}]}


def of_ids(ids: Sequence[str] | None) -> dict[str, Any] | None:
    """Of a past moment no filter of now finds the rows, but their ids do; None where they are too many."""
    if not ids or len(ids) > MOST_IDS:
        return None
    return document_of([], filter_of("id", "in", list(ids)))


def filter_of(field: str, operator: str, value: Any) -> Filter:
    return {"field": field, "operator": operator, "value": _plain(value)}


def _plain(value: Any) -> Any:
    """As a document holds it: a relative day as the instant that was meant."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    return [_plain(each) for each in value] if isinstance(value, list) else value
