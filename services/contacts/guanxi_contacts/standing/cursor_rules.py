"""Paging through a standing's history: newest version first, then by dimension."""

from collections.abc import Mapping
from typing import Any

from guanxi_contacts.standing.rules import DIMENSIONS
from guanxi_shared.errors import Malformed

Place = tuple[int, str]
START: Place = (2**62, "")
DEFAULT_LIMIT, MAX_LIMIT = 50, 200


def paging_from(options: Mapping[str, str]) -> tuple[int, Place]:
    """`limit` and where the page starts; Malformed naming what cannot be read."""
    for name in sorted(set(options) - {"limit", "cursor"}):
        raise Malformed(
            f"Standing does not take {name!r}.",
            errors={name: "Unknown parameter."},
            code="unknown_parameter",
        )
    return _limit(options.get("limit", str(DEFAULT_LIMIT))), _place(options.get("cursor", ""))


def _limit(text: str) -> int:
    if (
        not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LIMIT)))
        or not 1 <= int(text) <= MAX_LIMIT
    ):
        raise Malformed(
            f"limit must be from 1 to {MAX_LIMIT}.", errors={"limit": f"Send 1 to {MAX_LIMIT}."}
        )
    return int(text)


def cursor_of(entry: Mapping[str, Any]) -> str:
    return f"{entry['version']}-{entry['dimension']}"


def _place(cursor: str) -> Place:
    if not cursor:
        return START
    version, _, dimension = cursor.partition("-")
    if (
        not (version.isascii() and version.isdigit())
        or len(version) > 18
        or dimension not in DIMENSIONS
    ):
        raise Malformed(
            "The cursor does not belong to this history.",
            errors={"cursor": "Use the next_cursor of the page before."},
            code="bad_cursor",
        )
    return int(version), dimension
