"""Values of records as cells of a table, under the names that an import reads."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import orjson

MOST_REACHES: Final = 3  # columns of phones, and of addresses of mail


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


def numbered(head: str, number: int, tail: str = "") -> str:
    return (head if number == 1 else f"{head}_{number}") + (f"_{tail}" if tail else "")


def reach_columns(head: str) -> tuple[str, ...]:
    """Of phones (`phone`) or addresses of mail (`email`), as many as `reaches` fills."""
    pairs = [(numbered(head, n), numbered(head, n, "kind")) for n in range(1, MOST_REACHES + 1)]
    return (*(name for pair in pairs for name in pair), f"more_{head}s")


def reaches(field: str, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`phones` or `emails`, the primary first; what there is no column for stands in the last one."""
    head, key = ("phone", "number") if field == "phones" else ("email", "address")
    ordered = sorted(entries, key=lambda each: not each["is_primary"])
    found: dict[str, Any] = {}
    for number, each in enumerate(ordered[:MOST_REACHES], start=1):
        found[numbered(head, number)] = each[key]
        found[numbered(head, number, "kind")] = each["kind"]
    found[f"more_{head}s"] = [each[key] for each in ordered[MOST_REACHES:]]
    return found
