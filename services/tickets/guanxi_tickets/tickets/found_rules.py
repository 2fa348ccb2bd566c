"""What a ticket is found by: its subject and number, and the names of its account and its requester,
the name and address included that somebody typed."""

from collections.abc import Mapping
from typing import Any, Final

from guanxi_shared.matching import search_columns

MOST_OF_DESCRIPTION: Final = 500


def found_by(
    row: Mapping[str, Any], *, account_name: str | None, requester_name: str | None
) -> dict[str, Any]:
    """The search columns. Keys are of its own subject and external id alone, so that matching never
    means all the tickets of a customer; numbers, those of tickets that went into it too, are found with
    and without what leads them."""
    whole = {"emails": [], "phones": [], **row}
    keys = search_columns([row["subject"]], whole)
    numbers = [row["number"], *(row.get("merged_numbers") or ())]
    typed = [row.get("from_name"), row.get("from_email")]
    names = [row["subject"], *numbers, *map(bare, numbers), account_name, requester_name, *typed]
    words = [(row.get("description") or "")[:MOST_OF_DESCRIPTION]]
    found = search_columns(names, {"emails": [], "phones": []}, words=words)
    return keys | {name: found[name] for name in ("search_text", "search_grams")}


def bare(number: str) -> str:
    return number.rpartition("-")[2].lstrip("0")
