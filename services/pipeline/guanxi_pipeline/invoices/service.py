"""Use cases of invoices: of an account, or of an order and never of more than it comes to.

Whoever holds several rows takes them in one order: the count of numbers, orders, invoices, payments.
"""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.invoices import rules
from guanxi_pipeline.invoices.resources import INVOICES
from guanxi_pipeline.invoices.schemas import (
    InvoiceCreate,
    InvoiceOfOrder,
    InvoiceUpdate,
    VoidInvoice,
)
from guanxi_pipeline.numbering import INVOICE_NUMBERS, number_all
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.orders.status_rules import demand_status
from guanxi_pipeline.payments.following import OF_INVOICE, follow_invoices
from guanxi_pipeline.references.service import find_references
from guanxi_shared import records
from guanxi_shared.batch import finding
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import NotFound, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by

ORDER_OF: Final = "SELECT order_id FROM invoices WHERE organisation_id = $1 AND id = $2"
# The invoice itself aside: its own create may be sent again.
INVOICED: Final = """
SELECT coalesce(sum(amount), 0) FROM invoices
WHERE organisation_id = $1 AND order_id = $2 AND id <> $3 AND status <> 'void' AND deleted_at IS NULL
"""
WHOSE: Final = frozenset({"owner_id", "team_id"})

find_invoices = finding(
    INVOICES,
    {
        "id": "id = $2::text::uuid",
        "number": "number = $2::text",
        "external_id": "external_id = $2::text",
    },
)


async def create_invoice(call: Call, connection: Connection, data: InvoiceCreate) -> State:
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    if data.order_id is None:
        rules.demand_whole(sent)
        return await _create(call, connection, {"owner_id": call.by.user_id, **sent})
    try:
        return await _create(call, connection, sent)
    except NotFound as error:
        raise UnknownReference(
            f"There is no order {str(data.order_id)!r}.",
            errors={"order_id": "There is no such order."},
        ) from error


async def invoice_order(
    call: Call, connection: Connection, order_id: UUID, data: InvoiceOfOrder
) -> State:
    """For what is not invoiced yet, or a part of it; NotFound for an order that the caller does not see."""
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    return await _create(call, connection, {**sent, "order_id": order_id})


async def _create(call: Call, connection: Connection, sent: dict[str, Any]) -> State:
    sent = {"id": new_id(), **sent, **await _references(call, sent)}
    await owned_by(call, connection, INVOICES, sent)
    numbered = {"number": sent.get("number")}
    await number_all(connection, call.organisation, INVOICE_NUMBERS, [numbered])
    if (order_id := sent.get("order_id")) is not None:
        order = await _order(call, connection, order_id)
        demand_status("take an invoice", order.row["status"])
        invoiced = await _invoiced(connection, call.organisation, order_id, sent["id"])
        sent = rules.from_order(sent, order.row, invoiced)
    row = rules.invoice_from(sent, today=call.clock.today) | numbered
    row["organisation_id"] = call.organisation
    return await records.insert_record(connection, INVOICES, row, actor=call.actor)


async def _references(call: Call, sent: dict[str, Any]) -> dict[str, Any]:
    """Whom it names exists for the caller, merged ones as their survivors."""
    found: dict[str, Any] = {}
    if (account_id := sent.get("account_id")) is not None:
        accounts = await find_references(call, "accounts", [account_id], field="account_id")
        meant = accounts[account_id]
        found |= {"account_id": meant.id, "is_account_verified": meant.is_verified}
    if (contact_id := sent.get("contact_id")) is not None:
        people = await find_references(call, "contacts", [contact_id], field="contact_id")
        found["contact_id"] = people[contact_id].id
    return found


async def _order(call: Call, connection: Connection, order_id: UUID) -> Loaded:
    """Under its lock: two invoices of one order take turns."""
    scope = await call.scope(ORDERS.name)
    return await records.load_record(connection, ORDERS, order_id, scope=scope, to_write=False)


async def _invoiced(
    connection: Connection, organisation: UUID, order_id: UUID, besides: UUID
) -> Decimal:
    found: Decimal = await connection.fetchval(INVOICED, organisation, order_id, besides)
    return found


async def load_invoice(
    call: Call, connection: Connection, invoice_id: UUID, *, deleted: bool = False
) -> Loaded:
    scope = await call.scope(INVOICES.name)
    return await records.load_record(connection, INVOICES, invoice_id, scope=scope, deleted=deleted)


async def update_invoice(
    call: Call, connection: Connection, invoice_id: UUID, data: InvoiceUpdate, version: int | None
) -> State:
    """A merge patch under If-Match; its payments become whose it becomes."""
    sent = data.model_dump(exclude_unset=True)
    is_handed_over = bool(WHOSE & sent.keys())
    if is_handed_over and isinstance(connection, Deferred):
        await connection.open()  # payments are rows of their own
    loaded = await load_invoice(call, connection, invoice_id)
    await check_version(connection, INVOICES, loaded, version)
    if "due_on" in sent:
        rules.demand_since(sent["due_on"], loaded.row["issued_on"])
    await owned_by(call, connection, INVOICES, sent)
    state = await records.update_record(connection, INVOICES, loaded, sent, actor=call.actor)
    if is_handed_over:
        await follow_invoices(
            connection, call.organisation, OF_INVOICE, invoice_id, actor=call.actor
        )
    return state


async def void_invoice(
    call: Call, connection: Connection, invoice_id: UUID, data: VoidInvoice, version: int | None
) -> State:
    """Nothing is owed on it any more, and its order may be invoiced anew. For good."""
    loaded = await load_invoice(call, connection, invoice_id)
    await check_version(connection, INVOICES, loaded, version)
    rules.demand_open(loaded.row, field="status")
    rules.demand_unpaid(loaded.row, "void")
    return await records.update_record(
        connection, INVOICES, loaded, rules.voided(loaded.row["currency"], data.reason),
        actor=call.actor, verb="voided",
    )  # fmt: skip


async def delete_invoice(
    call: Call, connection: Connection, invoice_id: UUID, version: int | None
) -> State:
    loaded = await load_invoice(call, connection, invoice_id)
    await check_version(connection, INVOICES, loaded, version)
    rules.demand_unpaid(loaded.row, "delete")
    return await records.delete_record(connection, INVOICES, loaded, actor=call.actor)


async def restore_invoice(call: Call, connection: Connection, invoice_id: UUID) -> State:
    """Only as long as its order was not invoiced otherwise meanwhile."""
    order = await _hold_order(connection, call.organisation, invoice_id)
    loaded = await load_invoice(call, connection, invoice_id, deleted=True)
    if order is not None and loaded.row["status"] != "void":
        invoiced = await _invoiced(connection, call.organisation, order.id, invoice_id)
        rules.demand_left(order.row, invoiced, loaded.row["amount"])
    return await records.restore_record(connection, INVOICES, loaded, actor=call.actor)


async def _hold_order(
    connection: Connection, organisation: UUID, invoice_id: UUID
) -> Loaded | None:
    """Which one never changes, so that it can be read before anything is locked. None without one, and of
    one that was deleted, which nobody can invoice."""
    order_id = await connection.fetchval(ORDER_OF, organisation, invoice_id)
    if order_id is None:
        return None
    try:
        return await records.load_record(connection, ORDERS, order_id, scope=EVERYTHING)
    except NotFound:
        return None
