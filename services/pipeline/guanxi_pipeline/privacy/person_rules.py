"""Who is whom: pure decisions about the records of one person."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

REACHED_BY: Final = ("e:", "p:")  # kinds of match keys: an address, a number
NAMED: Final = "n:"


def is_same_person(keys: Collection[str], other: Collection[str]) -> bool:
    """By match keys: the same name, and an address or a number of both. Either alone is not enough:
    colleagues share a switchboard, strangers a name."""
    common = set(keys) & set(other)
    is_reached = any(key.startswith(REACHED_BY) for key in common)
    return is_reached and any(key.startswith(NAMED) for key in common)


def reaching(keys: Iterable[str]) -> list[str]:
    return sorted({key for key in keys if key.startswith(REACHED_BY)})


def of_a_person(state: Mapping[str, Any]) -> dict[str, Any]:
    """A lead's state without a name that is its company's: a company is nobody's to erase."""
    is_company = state.get("name") == state.get("company")
    return {**state, "name": None} if is_company else dict(state)


def whole_texts(states: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """What a deal takes over from its lead as it is: texts of others that say the same, and no more,
    are theirs, however short."""
    found = (str(state.get(name) or "") for state in states for name in ("name", "next_step"))
    return frozenset(text.strip().casefold() for text in found if text.strip())
