"""What the rows of all records with lines have in common. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from guanxi_shared.exports.tables import Names

Row = dict[str, Any]


def number_of(money: Mapping[str, str] | None) -> Decimal | None:
    """In the record's one currency, which has a column of its own."""
    return None if money is None else Decimal(money["amount"])


def line_rows(
    record: Row, lines: Sequence[Mapping[str, Any]], columns: Sequence[str],
    moneys: Mapping[str, str],
) -> list[Row]:  # fmt: skip
    """What is of the record stands in each of its rows; one without lines is one row. Of a line its
    `columns`, and its `moneys` by the columns that they stand in."""
    rows = []
    for line in lines:
        found = {name: line.get(name) for name in columns} | {"product": line.get("name")}
        found |= {column: number_of(line.get(name)) for column, name in moneys.items()}
        rows.append({**record, **found, "discount": line.get("discount") or None})
    return rows or [record]


def with_names(record: Row, names: Names, named: Sequence[str]) -> Row:
    """Beside ids, what they are called."""
    there = [name for name in named if f"{name}_id" in record]
    return record | {name: names.get(name, {}).get(record[f"{name}_id"]) for name in there}


def with_custom(value: Mapping[str, Any]) -> Row:
    return {f"custom.{key}": item for key, item in value.items()}
