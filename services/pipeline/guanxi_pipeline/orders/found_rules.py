"""What an order is found by: its numbers, its account's name, what was ordered, and what was noted."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from guanxi_shared import text

# A change of one of these changes the words.
FOUND_BY: Final = frozenset(
    {"number", "external_id", "account_id", "source", "description", "tags", "lines"}
)
MOST_OF_DESCRIPTION: Final = 500


def found_by(row: Mapping[str, Any], *, account_name: str | None) -> dict[str, Any]:
    """The search columns of an order with its `lines`; its number counts with and without what leads it.
    There are no keys: an order is matched by columns of its own."""
    names = [
        row["number"], bare(row["number"]), row["external_id"], account_name, *bought(row["lines"]),
        row["source"], *row["tags"],
    ]  # fmt: skip
    about = (row["description"] or "")[:MOST_OF_DESCRIPTION]
    return {
        "search_text": text.search_text(*names, about), "search_grams": text.search_grams(*names),
        "search_digits": "", "match_keys": [],
    }  # fmt: skip


def bought(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Article numbers and names, each once."""
    words = (line.get(name) for line in lines for name in ("sku", "name"))
    return list(dict.fromkeys(word for word in words if word))


def bare(number: str) -> str:
    """Behind the last hyphen, without leading zeros: 42 of SO-000042."""
    return number.rpartition("-")[2].lstrip("0")
