"""From counts to figures. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

DIGITS = 6


def of_rule(row: Mapping[str, Any]) -> dict[str, Any]:
    """Support, confidence, lift, leverage of whole counts (modelling/baskets.py has the formulas), beside the counts."""
    both, given, then, n = (row[name] for name in ("both", "of_given", "of_then", "orders"))
    told: dict[str, Any] = {name: row[name] for name in ("both", "of_given", "of_then", "orders")}
    return told | {
        "support": round(both / n, 7), "confidence": round(both / given, 7), "lift": round(both * n / (given * then), DIGITS),
        "leverage": round((both * n - given * then) / n**2, 7), "p": row.get("p"), "q": row.get("q"),
    }  # fmt: skip


def paged(rows: Sequence[Any], limit: int) -> tuple[Sequence[Any], dict[str, Any]]:
    """The rows that are shown of one more than that, and the page's own line: its cursor is the last row's place."""
    shown, has_more = rows[:limit], len(rows) > limit
    cursor = str(shown[-1]["place"]) if has_more else None
    return shown, {"next_cursor": cursor, "has_more": has_more, "total": None}
