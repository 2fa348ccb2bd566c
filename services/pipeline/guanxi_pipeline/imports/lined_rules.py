"""Rows of a file as one record with lines: its money, and what rows say differently. Pure."""

from collections.abc import Mapping
from typing import Any


def in_one_currency(document: Mapping[str, Any], usual: Mapping[str, str]) -> dict[str, Any]:
    """Cells as the API's money (they are pairs of number and currency): in the record's currency where
    the row names one, else in that of the cell, of its column, or the usual one (`usual[""]`). What is no
    list of lines stays, for the model to refuse."""
    named = document.get("currency")

    def money(name: str, value: Any) -> Any:
        if not isinstance(value, tuple):
            return value
        number, written = value
        currency = written or named or usual.get(name) or usual[""]
        return {"amount": format(number, "f"), "currency": str(currency).strip().upper()}

    found = {name: money(name, value) for name, value in document.items()}
    if named:
        found["currency"] = str(named).strip().upper()
    if isinstance(lines := found.get("lines"), list):
        found["lines"] = [
            {name: money(name, value) for name, value in line.items()}
            if isinstance(line, Mapping)
            else line
            for line in lines
        ]
    return found


def differing(first: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What two rows of one record both say, and not alike; a row that says nothing agrees."""
    return [name for name, value in other.items() if name in first and first[name] != value]
