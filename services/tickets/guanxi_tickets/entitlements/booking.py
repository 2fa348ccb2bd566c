"""The ledger of what was used: a line and the entitlement's sum in one transaction, under its lock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.entitlements import claim_rules
from guanxi_tickets.entitlements.claim_rules import BY_TICKET, ONE
from guanxi_tickets.entitlements.resources import ENTITLEMENTS

BOOK = """
INSERT INTO entitlement_bookings (organisation_id, id, entitlement_id, ticket_id, amount, why, note, booked_by, reverses_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
TAKEN = """
SELECT coalesce(sum(amount), 0) FROM entitlement_bookings
WHERE organisation_id = $1 AND ticket_id = $2 AND entitlement_id = $3
"""
VERBS: Final = {True: "used", False: "returned"}


@dataclass(frozen=True, slots=True)
class Line:
    """A booking that is about to be made."""

    amount: Decimal
    why: str
    ticket_id: UUID | None = None
    note: str | None = None
    reverses_id: UUID | None = None


async def book(
    connection: Connection | Deferred, entitlement: Loaded, line: Line, *, actor: Actor
) -> tuple[State, UUID]:
    """The entitlement as it is then, and the line's id. EntitlementUsedUp when less is left."""
    now, id = datetime.now(UTC), new_id()
    state = await take(connection, entitlement, line, actor=actor, at=now)
    await write_line(connection, entitlement, line, id, actor=actor, at=now)
    return state, id


async def take(
    connection: Connection | Deferred, entitlement: Loaded, line: Line, *, actor: Actor, at: datetime
) -> State:  # fmt: skip
    changes = claim_rules.booked(entitlement.row, line.amount)
    told = {"amount": f"{line.amount:f}", "why": line.why, "ticket_id": line.ticket_id}
    return await records.update_record(
        connection, ENTITLEMENTS, entitlement, changes, actor=actor,
        verb=VERBS[line.amount > 0], more={"booking": told}, at=at,
    )  # fmt: skip


async def write_line(
    connection: Connection | Deferred, entitlement: Loaded, line: Line, id: UUID, *, actor: Actor,
    at: datetime,
) -> None:  # fmt: skip
    await connection.execute(
        BOOK, entitlement.row["organisation_id"], id, entitlement.id, line.ticket_id, line.amount,
        line.why, line.note, actor.id, line.reverses_id, at,
    )  # fmt: skip


async def give_back(
    connection: Connection | Deferred, ticket: Mapping[str, Any], why: str, *, actor: Actor
) -> None:
    """The incident that a ticket took, when it is deleted or merged away. Hours and visits were used."""
    held = await _held(connection, ticket)
    if held is None:
        return
    taken = await _taken(connection, ticket, held)
    if taken > 0:
        await book(connection, held, Line(-taken, why, ticket["id"]), actor=actor)


async def claim_again(
    connection: Connection | Deferred, ticket: Mapping[str, Any], why: str, *, actor: Actor
) -> dict[str, Any]:
    """The ticket is there again: it takes its incident again, if one is left. Its columns that change."""
    held = await _held(connection, ticket)
    if held is None or not ticket["is_entitled"] or await _taken(connection, ticket, held) > 0:
        return {}
    if not claim_rules.has_left(held.row):
        return {"is_entitled": False, "entitlement_id": None}
    await book(connection, held, Line(ONE, why, ticket["id"]), actor=actor)
    return {}


async def _held(connection: Connection | Deferred, ticket: Mapping[str, Any]) -> Loaded | None:
    if ticket["entitlement_id"] is None:
        return None
    held = await load_any(connection, ticket["entitlement_id"])
    return held if held.row["unit"] == BY_TICKET else None


async def load_any(connection: Connection | Deferred, entitlement_id: UUID) -> Loaded:
    """Held, whoever may see it, and deleted ones too: their ledger goes on being right."""
    try:
        return await records.load_record(connection, ENTITLEMENTS, entitlement_id, scope=EVERYTHING)
    except NotFound:
        return await records.load_record(
            connection, ENTITLEMENTS, entitlement_id, scope=EVERYTHING, deleted=True
        )


async def _taken(
    connection: Connection | Deferred, ticket: Mapping[str, Any], held: Loaded
) -> Decimal:
    found: Decimal = await connection.fetchval(
        TAKEN, held.row["organisation_id"], ticket["id"], held.id
    )
    return found
