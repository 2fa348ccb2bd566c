"""Use cases of payments. Each moves its invoice in the same transaction, under the invoice's lock, which is
always taken before the payment's own: two at once never pay more than is owed."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.errors import InvoiceStatus
from guanxi_pipeline.invoices import rules
from guanxi_pipeline.invoices.resources import INVOICES
from guanxi_pipeline.invoices.rules import Paid
from guanxi_pipeline.invoices.service import load_invoice
from guanxi_pipeline.orders.status_rules import demand_past
from guanxi_pipeline.payments.resources import PAYMENTS
from guanxi_pipeline.payments.schemas import PaymentCreate, PaymentUpdate
from guanxi_shared import records
from guanxi_shared.batch import finding
from guanxi_shared.calls import Actor, Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import NotFound, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

INVOICE_OF: Final = "SELECT invoice_id FROM payments WHERE organisation_id = $1 AND id = $2"
LIVE: Final = """
SELECT id, amount, received_on FROM payments
WHERE organisation_id = $1 AND invoice_id = $2 AND deleted_at IS NULL ORDER BY id
"""
OF_INVOICE: Final = ("account_id", "owner_id", "team_id", "currency")
DEFAULTS: Final[dict[str, Any]] = {
    "method": "bank_transfer", "reference": None, "notes": None, "external_id": None, "deleted_at": None,
}  # fmt: skip

find_payments = finding(
    PAYMENTS, {"id": "id = $2::text::uuid", "external_id": "external_id = $2::text"}
)


async def create_payment(call: Call, connection: Connection, data: PaymentCreate) -> State:
    if isinstance(connection, Deferred):
        await connection.open()
    sent = {"id": new_id(), **data.model_dump(exclude_unset=True, exclude_none=True)}
    invoice = await _payable(call, connection, data.invoice_id)
    present = await _payments_of(connection, invoice)
    others = [each for each in present if each.id != sent["id"]]  # its create may be sent again
    rules.demand_room(invoice.row, others, sent["amount"], field="amount")
    today = call.clock.today
    day = sent.get("received_on") or today
    demand_past(day, today, field="received_on")
    amount = Decimal(sent["amount"]["amount"])
    row = {
        **DEFAULTS, **sent, **{name: invoice.row[name] for name in OF_INVOICE}, "amount": amount,
        "received_on": day, "organisation_id": call.organisation,
    }  # fmt: skip
    state = await records.insert_record(connection, PAYMENTS, row, actor=call.actor)
    await _settle(connection, invoice, [*others, Paid(row["id"], amount, day)], call.actor)
    return state


async def update_payment(
    call: Call, connection: Connection, payment_id: UUID, data: PaymentUpdate, version: int | None
) -> State:
    """A merge patch under If-Match; another day may be another on which the invoice was paid."""
    if isinstance(connection, Deferred):
        await connection.open()
    invoice, loaded = await _held(call, connection, payment_id)
    await check_version(connection, PAYMENTS, loaded, version)
    sent = data.model_dump(exclude_unset=True)
    if "received_on" in sent:
        demand_past(sent["received_on"], call.clock.today, field="received_on")
    state = await records.update_record(connection, PAYMENTS, loaded, sent, actor=call.actor)
    await _settle(connection, invoice, await _payments_of(connection, invoice), call.actor)
    return state


async def delete_payment(
    call: Call, connection: Connection, payment_id: UUID, version: int | None
) -> State:
    """It never came, or was taken back: the invoice is owed so much again."""
    invoice, loaded = await _held(call, connection, payment_id)
    await check_version(connection, PAYMENTS, loaded, version)
    state = await records.delete_record(connection, PAYMENTS, loaded, actor=call.actor)
    await _settle(connection, invoice, await _payments_of(connection, invoice), call.actor)
    return state


async def restore_payment(call: Call, connection: Connection, payment_id: UUID) -> State:
    """It counts again, if there is room for it still."""
    invoice, loaded = await _held(call, connection, payment_id, deleted=True)
    others, row = await _payments_of(connection, invoice), loaded.row
    money = {"amount": f"{row['amount']:f}", "currency": row["currency"]}
    rules.demand_room(invoice.row, others, money, field="amount")
    state = await records.restore_record(connection, PAYMENTS, loaded, actor=call.actor)
    again = Paid(row["id"], row["amount"], row["received_on"])
    await _settle(connection, invoice, [*others, again], call.actor)
    return state


async def _payable(call: Call, connection: Connection, invoice_id: UUID) -> Loaded:
    try:
        return await load_invoice(call, connection, invoice_id)
    except NotFound as error:
        raise UnknownReference(
            f"There is no invoice {str(invoice_id)!r}.",
            errors={"invoice_id": "There is no such invoice."},
        ) from error


async def _held(
    call: Call, connection: Connection, payment_id: UUID, *, deleted: bool = False
) -> tuple[Loaded, Loaded]:
    """A payment and before it its invoice, under their locks. Of which one it is never changes."""
    invoice_id = await connection.fetchval(INVOICE_OF, call.organisation, payment_id)
    invoice = None if invoice_id is None else await _held_invoice(connection, invoice_id)
    scope = await call.scope(PAYMENTS.name)
    loaded = await records.load_record(
        connection, PAYMENTS, payment_id, scope=scope, deleted=deleted
    )
    if invoice is None:
        raise InvoiceStatus(
            "Its invoice was deleted; bring that back first.",
            errors={"invoice_id": "The invoice was deleted."},
        )
    return invoice, loaded


async def _held_invoice(connection: Connection, invoice_id: UUID) -> Loaded | None:
    """Whoever may change a payment may have its invoice follow. None of one that was deleted."""
    try:
        return await records.load_record(connection, INVOICES, invoice_id, scope=EVERYTHING)
    except NotFound:
        return None


async def _payments_of(connection: Connection, invoice: Loaded) -> list[Paid]:
    rows = await connection.fetch(LIVE, invoice.row["organisation_id"], invoice.id)
    return [Paid(row["id"], row["amount"], row["received_on"]) for row in rows]


async def _settle(
    connection: Connection, invoice: Loaded, payments: Collection[Paid], actor: Actor
) -> None:
    """Told as `paid` when it becomes so."""
    row = invoice.row
    changes = rules.standing(row["amount"], row["currency"], payments)
    is_settled = changes["status"] == "paid" and row["status"] != "paid"
    await records.update_record(
        connection,
        INVOICES,
        invoice,
        changes,
        actor=actor,
        verb="paid" if is_settled else "updated",
    )
