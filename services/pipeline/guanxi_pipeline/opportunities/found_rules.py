"""What an opportunity is found by: its own name and its account's."""

from collections.abc import Mapping
from typing import Any

from guanxi_shared.matching import search_columns


def found_by(row: Mapping[str, Any], *, account_name: str | None) -> dict[str, Any]:
    """The search columns; keys are of its own name and external id alone, so that matching by name
    never means all the deals of an account."""
    words = search_columns([row["name"]], {"emails": [], "phones": [], **row}, words=[account_name])
    if account_name:
        both = search_columns([row["name"], account_name], {"emails": [], "phones": []})
        words |= {name: both[name] for name in ("search_text", "search_grams")}
    return words
