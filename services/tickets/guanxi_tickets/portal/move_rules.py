"""Where a customer may move their ticket: to its end, or out of it, as the organisation's states allow. Pure."""

from collections.abc import Mapping
from typing import Any

from guanxi_tickets.errors import MoveNotAllowed
from guanxi_tickets.ticket_settings.rules import ENDING, TicketState, Ways


def to_close(ways: Ways, row: Mapping[str, Any]) -> TicketState | None:
    """Where it goes when its customer closes it, None where it stands there already: in a state that is
    closed, or solved where the organisation has no other end. MoveNotAllowed where no way leads there."""
    has_closed = ways.first_of("closed") is not None
    wanted = ("closed",) if has_closed else ("solved",)
    if row["status_kind"] in wanted:
        return None
    return _reached(ways, row, wanted, "It cannot be closed from where it stands; write to us.")


def to_reopen(ways: Ways, row: Mapping[str, Any]) -> TicketState | None:
    """Where it goes when its customer opens it again, None where it is open. MoveNotAllowed as above."""
    if row["status_kind"] not in ENDING:
        return None
    return _reached(ways, row, ("open", "new"), "It is over for good; please make another ticket.")


def _reached(
    ways: Ways, row: Mapping[str, Any], kinds: tuple[str, ...], sentence: str
) -> TicketState:
    here = ways.states.get(row["status"])
    for kind in kinds:
        for state in ways.states.values():
            if state.kind == kind and (here is None or state.key in here.moves_to):
                return state
    raise MoveNotAllowed(sentence, errors={"status": sentence})


def may(ways: Ways, row: Mapping[str, Any]) -> dict[str, bool]:
    """What the customer may do now, for a page to show."""
    found = {"reply": row["status_kind"] != "closed"}
    for name, to in (("close", to_close), ("reopen", to_reopen)):
        try:
            found[name] = to(ways, row) is not None
        except MoveNotAllowed:
            found[name] = False
    return found
