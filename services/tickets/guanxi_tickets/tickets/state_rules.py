"""Moves between states: which are allowed, what they change and how they are told. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from guanxi_tickets.errors import MoveNotAllowed
from guanxi_tickets.ticket_settings.rules import ENDING, TicketState, Ways


def standing(state: TicketState, now: datetime) -> dict[str, Any]:
    """A ticket that begins in this state."""
    return {
        "status": state.key, "status_kind": state.kind, "status_changed_at": now,
        "solved_at": now if state.kind in ENDING else None,
        "closed_at": now if state.kind == "closed" else None, "reopened_count": 0,
    }  # fmt: skip


def demand_move(ways: Ways, row: Mapping[str, Any], to: TicketState) -> None:
    """MoveNotAllowed says where it may go. Out of a state that is there no more, anywhere."""
    here = ways.states.get(row["status"])
    if here is None or to.key in here.moves_to:
        return
    allowed = [key for key in ways.states if key in here.moves_to]
    sentence = f"From {here.key} it may go to: {', '.join(allowed)}." if allowed else "It stays."
    raise MoveNotAllowed(
        f"A ticket that is {here.key} cannot become {to.key}.", errors={"status": sentence}
    )


def changes_of(row: Mapping[str, Any], to: TicketState, now: datetime) -> dict[str, Any]:
    """What is solved keeps its moment when it is closed; what is reopened is counted."""
    changes = {"status": to.key, "status_kind": to.kind, "status_changed_at": now}
    if to.kind not in ENDING:
        reopened = row["reopened_count"] + (1 if row["status_kind"] in ENDING else 0)
        return changes | {"solved_at": None, "closed_at": None, "reopened_count": reopened}
    solved_at = row["solved_at"] or now
    return changes | {"solved_at": solved_at, "closed_at": now if to.kind == "closed" else None}


def verb_of(before: str, after: str) -> str:
    """How a move between two kinds of states is told."""
    if after in ENDING:
        return after if after != before else "moved"
    return "reopened" if before in ENDING else "moved"


def after_requester_wrote(ways: Ways, row: Mapping[str, Any]) -> TicketState | None:
    """Where a ticket goes when its customer writes: what waited for them, or was solved, is open again.
    None where it stays, because it was not waiting or may not go there."""
    if row["status_kind"] not in ("pending", "solved"):
        return None
    to, here = ways.first_of("open"), ways.states.get(row["status"])
    is_allowed = to is not None and (here is None or to.key in here.moves_to)
    return to if is_allowed else None
