"""Where an article may go from where it stands, and when it is to be looked at again. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from guanxi_tickets.errors import ArticleMoveNotAllowed

# What is done, from which states, and where that leads.
MOVES: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "submit": (frozenset({"draft"}), "in_review"),
    "send_back": (frozenset({"in_review"}), "draft"),
    "publish": (frozenset({"draft", "in_review"}), "published"),
    "archive": (frozenset({"published"}), "archived"),
    "reopen": (frozenset({"archived"}), "draft"),
}
TEXTS: Final = ("title", "summary", "body")


def moved(state: str, move: str) -> str:
    """The state that a move leads to; ArticleMoveNotAllowed names those that are possible."""
    sources, to = MOVES[move]
    if state not in sources:
        possible = sorted(name for name, (allowed, _) in MOVES.items() if state in allowed)
        raise ArticleMoveNotAllowed(
            f"An article that is {state} cannot be told to {move.replace('_', ' ')}.",
            errors={"state": f"It is {state}; possible: {', '.join(possible)}."},
        )
    return to


def published(row: Mapping[str, Any], text: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of an article that is published with a text, as its next edition."""
    return {
        **{name: text[name] for name in TEXTS},
        "state": "published", "edition": row["edition"] + 1, "published_at": now,
        **reviewed(row["review_every_days"], now),
    }  # fmt: skip


def reviewed(every_days: int | None, now: datetime) -> dict[str, Any]:
    """Looked at now; due again after so many days, or never."""
    due = None if every_days is None else now + timedelta(days=every_days)
    return {"reviewed_at": now, "review_at": due, "review_told_at": None}


def review_moved(row: Mapping[str, Any], every_days: int | None) -> dict[str, Any]:
    """Another interval counts from the last look; before there was one, nothing is due."""
    if row["reviewed_at"] is None:
        return {}
    found = reviewed(every_days, row["reviewed_at"])
    return {name: found[name] for name in ("review_at", "review_told_at")}
