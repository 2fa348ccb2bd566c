"""What an invoice is of, when it is due, and where it stands with what came in. Pure.

paid        = sum of the payments that are there
outstanding = amount - paid      0 when it is void
status      = paid when nothing is outstanding, open until then; void stays void
paid_on     = the last day on which something came in, once it is paid
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.errors import InvoicePaid, InvoiceStatus, MixedCurrencies, TooMuch
from guanxi_pipeline.sum_rules import WIDE, rounded
from guanxi_shared.errors import Invalid

NOTHING: Final = Decimal(0)
TERMS_DAYS: Final = 30
SAID: Final = frozenset({"amount", "payment_terms_days"})  # kept in another form
DEFAULTS: Final[Mapping[str, Any]] = {
    "contact_id": None, "order_id": None, "void_reason": None, "reference": None, "notes": None,
    "external_id": None, "owner_id": None, "team_id": None, "deleted_at": None,
}  # fmt: skip
# Of an order, and what its invoice says unless it is told otherwise.
OF_ORDER: Final = ("contact_id", "owner_id", "team_id")


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as far as it counts."""

    id: UUID
    amount: Decimal
    received_on: date


def sum_of(payments: Iterable[Paid]) -> Decimal:
    with localcontext(WIDE):
        return sum((each.amount for each in payments), NOTHING)


def invoice_from(sent: Mapping[str, Any], *, today: date) -> dict[str, Any]:
    """The columns of a new invoice but its number, whose it is, and its times."""
    issued_on, currency = sent.get("issued_on") or today, sent["amount"]["currency"]
    due_on = due_on_of(issued_on, sent.get("due_on"), sent.get("payment_terms_days"))
    amount = Decimal(sent["amount"]["amount"])
    kept = {name: value for name, value in sent.items() if name not in SAID}
    said = {"issued_on": issued_on, "due_on": due_on, "currency": currency, "amount": amount}
    return {**DEFAULTS, **kept, **said, **standing(amount, currency, ())}


def standing(amount: Decimal, currency: str, payments: Collection[Paid]) -> dict[str, Any]:
    """The columns of an invoice that is not void which follow from its payments, of which there was room
    for each."""
    paid = rounded(sum_of(payments), currency)
    is_paid = paid == amount
    with localcontext(WIDE):
        left = amount - paid
    return {
        "paid": paid, "outstanding": left, "status": "paid" if is_paid else "open",
        "paid_on": max(each.received_on for each in payments) if is_paid else None,
    }  # fmt: skip


def voided(currency: str, reason: str) -> dict[str, Any]:
    return {"status": "void", "void_reason": reason, "outstanding": rounded(NOTHING, currency)}


def demand_room(
    invoice: Mapping[str, Any], payments: Iterable[Paid], money: Mapping[str, str], *, field: str
) -> None:
    """A payment is on what is owed still, in its currency, and no more than that."""
    currency = invoice["currency"]
    demand_open(invoice, field="invoice_id")
    if money["currency"] != currency:
        raise MixedCurrencies(f"The invoice is in {currency}.", errors={field: f"Send {currency}."})
    with localcontext(WIDE):
        left = invoice["amount"] - sum_of(payments)
    if Decimal(money["amount"]) > left:
        raise TooMuch(
            f"{left:f} {currency} of {invoice['number']} are outstanding, not {money['amount']}.",
            errors={field: f"At most {left:f} {currency}."},
        )


def demand_open(invoice: Mapping[str, Any], *, field: str) -> None:
    if invoice["status"] == "void":
        raise InvoiceStatus(
            f"{invoice['number']} is void; nothing is owed on it.",
            errors={field: "The invoice is void."},
            status_now="void",
        )


def demand_unpaid(invoice: Mapping[str, Any], action: str) -> None:
    """What was paid stays owed for something: its payments go first."""
    if invoice["paid"]:
        raise InvoicePaid(
            f"{invoice['paid']:f} {invoice['currency']} were paid on {invoice['number']}; "
            f"delete its payments before you {action} it.",
            errors={"paid": f"{invoice['paid']:f} {invoice['currency']}."},
        )


def due_on_of(issued_on: date, due_on: date | None, terms_days: int | None) -> date:
    """As it is said, else so many days after it was issued; Invalid names what contradicts."""
    if due_on is not None and terms_days is not None:
        raise Invalid(
            "due_on and payment_terms_days say the same thing; send one of them.",
            errors={"payment_terms_days": "Leave it out, or due_on."},
        )
    if due_on is None:
        due_on = issued_on + timedelta(days=TERMS_DAYS if terms_days is None else terms_days)
    demand_since(due_on, issued_on)
    return due_on


def demand_since(due_on: date, issued_on: date) -> None:
    if due_on < issued_on:
        raise Invalid(
            f"It was issued on {issued_on.isoformat()} and cannot be due before.",
            errors={"due_on": f"Send a day from {issued_on.isoformat()} on."},
        )


def demand_whole(sent: Mapping[str, Any]) -> None:
    """Without an order it has to be said whose invoice it is, and of how much."""
    missing = [name for name in ("account_id", "amount") if sent.get(name) is None]
    if missing:
        raise Invalid(
            "An invoice is of an account and an amount, or of an order.",
            errors=dict.fromkeys(missing, "Send it, or an order_id."),
        )


def from_order(
    sent: Mapping[str, Any], order: Mapping[str, Any], invoiced: Decimal
) -> dict[str, Any]:
    """What an invoice takes from the order it is for, of which so much was invoiced: account, currency
    and, unless they are said, amount, contact, owner and team. No more than what is left of it."""
    currency, account_id = order["currency"], order["account_id"]
    asked = sent.get("account_id")
    if account_id is None and asked is None:
        raise Invalid(
            f"Nobody's account is named on {order['number']}.",
            errors={"account_id": "Say whose invoice it is."},
        )
    if account_id is not None and asked not in (None, account_id):
        raise Invalid(
            f"{order['number']} is another account's.",
            errors={"account_id": "Leave it out, or send the order's."},
        )
    with localcontext(WIDE):
        left = order["total_amount"] - invoiced
    money = sent.get("amount") or {"amount": f"{left:f}", "currency": currency}
    if money["currency"] != currency:
        raise MixedCurrencies(
            f"{order['number']} is in {currency}.", errors={"amount": f"Send {currency}."}
        )
    demand_left(order, invoiced, Decimal(money["amount"]))
    found = {name: order[name] for name in OF_ORDER} | dict(sent) | {"amount": money}
    if account_id is not None:
        found |= {"account_id": account_id, "is_account_verified": order["is_account_verified"]}
    return found


def demand_left(order: Mapping[str, Any], invoiced: Decimal, amount: Decimal) -> None:
    """All invoices of an order, void ones aside, come to its total at most."""
    with localcontext(WIDE):
        left = order["total_amount"] - invoiced
    if left <= 0 or amount > left:
        said = f"{max(left, NOTHING):f} {order['currency']}"
        raise TooMuch(
            f"{said} of {order['number']} are not invoiced yet.",
            errors={"amount": f"At most {said}."},
        )
