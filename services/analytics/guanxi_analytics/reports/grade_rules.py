"""Grades of rows by their share of the whole: A within the first 80 % of it, B within 95 %, C beyond. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

A: Final = Decimal("0.8")
B: Final = Decimal("0.95")


def number(value: Any) -> Decimal | None:
    """A measure's value without its currency."""
    if value is None:
        return None
    return Decimal(str(value["amount"] if isinstance(value, Mapping) else value))


def graded(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with `grade` at each row, by its first measure within its currency; whoever brought nothing is C.
    A row begins A when the greater ones together have less than 80 % of the total. Who has no value (a margin of unknown
    costs) has no grade; the rest is graded among themselves, if all of them are there."""
    name = answer["measures"][0]["name"]
    wholes = _wholes(answer, name)
    before: dict[Any, Decimal] = {}
    ordered = sorted(
        answer["rows"], key=lambda row: number(row["values"][name]) or Decimal(0), reverse=True
    )
    for row in ordered:
        value, whole = number(row["values"][name]), wholes.get(row["currency"])
        row["grade"] = _grade(value, before.get(row["currency"], Decimal(0)), whole)
        before[row["currency"]] = before.get(row["currency"], Decimal(0)) + (value or Decimal(0))
    return answer


def _wholes(answer: Mapping[str, Any], name: str) -> dict[Any, Decimal | None]:
    """By currency: the total, or where a part of it is unknown the sum of what is known; None where rows were left out."""
    wholes = {row["currency"]: number(row["values"][name]) for row in answer["totals"]}
    is_all = len(answer["rows"]) == answer["row_count"]
    for currency in [each for each, whole in wholes.items() if whole is None and is_all]:
        own = [number(row["values"][name]) for row in answer["rows"] if row["currency"] == currency]
        wholes[currency] = sum((value for value in own if value is not None), Decimal(0))
    return wholes


def _grade(value: Decimal | None, before: Decimal, whole: Decimal | None) -> str | None:
    if value is None or whole is None:
        return None
    if value <= 0 or whole <= 0 or before >= B * whole:
        return "C"
    return "A" if before < A * whole else "B"
