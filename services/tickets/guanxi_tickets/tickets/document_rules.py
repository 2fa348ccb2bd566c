"""Search documents that find the rows of a figure. Pure."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

Filter = dict[str, Any]


def document_of(base: Sequence[Filter], *more: Filter) -> dict[str, Any]:
    """For the search of the resource that is counted: all of these hold."""
    return {"filter_groups": [{"filters": [*base, *more]}]}


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
