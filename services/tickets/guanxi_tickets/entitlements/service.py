"""Use cases of entitlements: granted, changed, used by hand, corrected, renewed."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Invalid, NotFound, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by
from guanxi_tickets.entitlements import claim_rules
from guanxi_tickets.entitlements.booking import Line, book
from guanxi_tickets.entitlements.claiming import entitlements_of
from guanxi_tickets.entitlements.resources import ENTITLEMENTS
from guanxi_tickets.entitlements.schemas import (
    Contra,
    EntitlementCreate,
    EntitlementUpdate,
    Renewal,
    Usage,
)
from guanxi_tickets.errors import BookingReversed, RenewedAlready
from guanxi_tickets.references.service import find_account
from guanxi_tickets.tickets.service import load_ticket

THERE = (
    "SELECT 1 FROM {table} WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL FOR SHARE"
)
NAMED = {"calendar_id": "business_calendars", "sla_policy_id": "sla_policies"}
BY_ID = "SELECT id FROM entitlements WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL"
BY_KEY = "SELECT id FROM entitlements WHERE organisation_id = $1 AND external_id = $2::text AND deleted_at IS NULL LIMIT 1000"
BOOKING = """
SELECT amount, ticket_id, reverses_id FROM entitlement_bookings WHERE organisation_id = $1 AND entitlement_id = $2 AND id = $3
"""
REVERSED = "SELECT 1 FROM entitlement_bookings WHERE organisation_id = $1 AND reverses_id = $2"
NEXT_TERM = """
SELECT 1 FROM entitlements WHERE organisation_id = $1 AND renewed_from_id = $2 AND deleted_at IS NULL
"""
TIMED = frozenset({"valid_from", "valid_until", "remind_days"})
SAME_TERMS = (
    "name", "account_id", "is_account_verified", "covers_children", "product_id", "kinds", "unit", "granted",
    "time_zone", "calendar_id", "sla_policy_id", "remind_days", "note", "owner_id", "team_id",
)  # fmt: skip


async def create_entitlement(call: Call, connection: Connection, data: EntitlementCreate) -> State:
    """Without owner and team it is the caller's."""
    columns = data.model_dump(exclude={"id"})
    if data.model_fields_set.isdisjoint({"owner_id", "team_id"}):
        columns["owner_id"] = call.by.user_id
    columns["time_zone"] = data.time_zone or str(call.by.zone)
    account = await find_account(call, data.account_id)
    columns |= {"account_id": account.id, "is_account_verified": account.is_verified}
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id(), "used": Decimal(0)}
    await _demand(call, connection, columns)
    return await _insert(call, connection, columns)


async def update_entitlement(
    call: Call, connection: Connection, entitlement_id: UUID, data: EntitlementUpdate,
    version: int | None,
) -> State:  # fmt: skip
    if isinstance(connection, Deferred):
        await connection.open()  # the next term may be looked for
    loaded = await _load(call, connection, entitlement_id, version)
    changes = data.model_dump(exclude_unset=True)
    await _demand(call, connection, changes)
    whole = {**loaded.row, **changes}
    if "granted" in changes:
        if whole["granted"] is not None and whole["granted"] < whole["used"]:
            sentence = f"{whole['used'].normalize():f} were used already."
            raise Invalid(f"granted: {sentence}", errors={"granted": sentence})
        changes["remaining"] = claim_rules.remaining(whole["granted"], whole["used"])
    if not TIMED.isdisjoint(changes):
        changes |= term_of(whole) | {"reminded_at": None}
        is_renewed = await connection.fetchval(NEXT_TERM, call.organisation, entitlement_id)
        at = claim_rules.reminder_at({**whole, **changes}, datetime.now(UTC))
        changes["next_at"] = None if is_renewed else at
    return await records.update_record(connection, ENTITLEMENTS, loaded, changes, actor=call.actor)


async def delete_entitlement(
    call: Call, connection: Connection, entitlement_id: UUID, version: int | None
) -> State:
    """Tickets that were made on it keep it; its ledger stays."""
    loaded = await _load(call, connection, entitlement_id, version)
    return await records.delete_record(
        connection, ENTITLEMENTS, loaded, actor=call.actor, more={"next_at": None}
    )


async def restore_entitlement(call: Call, connection: Connection, entitlement_id: UUID) -> State:
    scope = await call.scope_of(ENTITLEMENTS)
    loaded = await records.load_record(
        connection, ENTITLEMENTS, entitlement_id, scope=scope, deleted=True
    )
    entitlements_of(call.house).forget(call.organisation)
    is_renewed = await connection.fetchval(NEXT_TERM, call.organisation, entitlement_id)
    next_at = None if is_renewed else claim_rules.reminder_at(loaded.row, datetime.now(UTC))
    return await records.restore_record(
        connection, ENTITLEMENTS, loaded, actor=call.actor, more={"next_at": next_at}
    )


async def use_entitlement(
    call: Call, connection: Connection, entitlement_id: UUID, data: Usage, version: int | None
) -> State:
    """By hand, for a ticket that the caller sees or for none."""
    if data.ticket_id is not None:
        try:
            await load_ticket(call, connection, data.ticket_id, to_write=False)
        except NotFound as error:
            raise UnknownReference(
                "ticket_id names no ticket.", errors={"ticket_id": "There is no such ticket."}
            ) from error
    loaded = await _load(call, connection, entitlement_id, version)
    line = Line(data.amount, "booked", data.ticket_id, data.note)
    state, _ = await book(connection, loaded, line, actor=call.actor)
    return state


async def reverse_booking(
    call: Call, connection: Connection, place: tuple[UUID, UUID], data: Contra, version: int | None
) -> State:
    """`place`: the entitlement and the booking, which has a contra entry then."""
    entitlement_id, booking_id = place
    loaded = await _load(call, connection, entitlement_id, version)
    found = await connection.fetchrow(BOOKING, call.organisation, entitlement_id, booking_id)
    if found is None:
        raise NotFound(f"There is no booking with the id {str(booking_id)!r}.")
    is_reversed = await connection.fetchval(REVERSED, call.organisation, booking_id)
    if is_reversed or found["reverses_id"] is not None or found["amount"] < 0:
        raise BookingReversed("Only what was used is taken back, and once.")
    line = Line(-found["amount"], "corrected", found["ticket_id"], data.note, booking_id)
    state, _ = await book(connection, loaded, line, actor=call.actor)
    return state


async def renew_entitlement(
    call: Call, connection: Connection, entitlement_id: UUID, data: Renewal, version: int | None
) -> State:
    """The next term, which is linked to this one; this one's end is not told any more."""
    loaded = await _load(call, connection, entitlement_id, version)
    if await connection.fetchval(NEXT_TERM, call.organisation, entitlement_id):
        raise RenewedAlready(f"{loaded.row['name']} was renewed already.")
    begins = data.valid_from or loaded.row["valid_until"] + timedelta(days=1)
    sent = data.model_dump(exclude_none=True)
    columns = {
        **{name: loaded.row[name] for name in SAME_TERMS}, **sent, "valid_from": begins,
        "organisation_id": call.organisation, "id": new_id(), "used": Decimal(0), "is_active": True,
        "renewed_from_id": entitlement_id,
    }  # fmt: skip
    await records.update_record(
        connection, ENTITLEMENTS, loaded, {"next_at": None}, actor=call.actor, verb="renewed",
        more={"next_id": columns["id"]},
    )  # fmt: skip
    return await _insert(call, connection, columns)


async def find_entitlements(
    call: Call, connection: Connection, field: str, value: str
) -> list[UUID]:
    """The entitlements that a batch's `match` means."""
    if field not in ("id", "external_id"):
        raise UnknownReference(
            f"Entitlements cannot be matched by {field!r}.",
            errors={"match": "Match by id or external_id."},
        )
    sql = BY_ID if field == "id" else BY_KEY
    return [row["id"] for row in await connection.fetch(sql, call.organisation, value)]


async def _insert(call: Call, connection: Connection, columns: dict[str, Any]) -> State:
    columns |= term_of(columns) | {"reminded_at": None}
    columns["kinds"] = sorted(set(columns["kinds"]))
    columns["remaining"] = columns["granted"]
    columns["next_at"] = claim_rules.reminder_at(columns, datetime.now(UTC))
    entitlements_of(call.house).forget(call.organisation)
    return await records.insert_record(connection, ENTITLEMENTS, columns, actor=call.actor)


def term_of(whole: Mapping[str, Any]) -> dict[str, datetime]:
    begins: date = whole["valid_from"]
    ends: date = whole["valid_until"]
    if ends < begins:
        sentence = "Its last day is not before its first."
        raise Invalid(f"valid_until: {sentence}", errors={"valid_until": sentence})
    return claim_rules.term(begins, ends, whole["time_zone"])


async def _load(
    call: Call, connection: Connection, entitlement_id: UUID, version: int | None
) -> Loaded:
    scope = await call.scope_of(ENTITLEMENTS)
    loaded = await records.load_record(connection, ENTITLEMENTS, entitlement_id, scope=scope)
    await check_version(connection, ENTITLEMENTS, loaded, version)
    return loaded


async def _demand(call: Call, connection: Connection, columns: dict[str, Any]) -> None:
    """What it names is there."""
    await owned_by(call, connection, ENTITLEMENTS, columns)
    for field, table in NAMED.items():
        if columns.get(field) is None:
            continue
        asked = (call.organisation, columns[field])
        if await connection.fetchval(THERE.format(table=table), *asked) is None:
            raise UnknownReference(
                f"{field} names nothing known here.", errors={field: "There is no such record."}
            )
