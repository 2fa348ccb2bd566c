"""A value as the text of a cell: the inverse of what `values` parses."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal


def cell_text(value: object) -> str:
    """Times as RFC 3339 in UTC, decimals without exponent, lists joined by `; `, objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return "; ".join(cell_text(item) for item in value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=cell_text)
    return str(value)


def instant_text(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
