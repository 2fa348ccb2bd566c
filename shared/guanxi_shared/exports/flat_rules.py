"""Values of records as cells of a table, under the names that an import reads."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson


def columns_of(
    fields: Sequence[str], custom: Sequence[str], wide: Mapping[str, Sequence[str]]
) -> list[str]:
    """The columns of a flat table of these fields."""
    found: list[str] = []
    for name in fields:
        found += (
            [f"custom.{key}" for key in custom] if name == "custom" else wide.get(name, (name,))
        )
    return found


def plain(value: Any) -> Any:
    """What a read left as JSON, decoded."""
    return orjson.loads(orjson.dumps(value)) if isinstance(value, orjson.Fragment) else value


def money_columns(name: str, money: Mapping[str, str] | None) -> dict[str, Any]:
    """A number that a spreadsheet can add up, and its currency beside."""
    if money is None:
        return {}
    return {name: Decimal(money["amount"]), f"{name}_currency": money["currency"]}
