"""Invoices of a year and a half to customers who buy on account, and what they paid: most in time, some late, some not yet."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Final

from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.rhythm import NEWEST_DAY
from guanxi_gateway.cli.demo.seeds import demo_id, digits, stream, weighted
from guanxi_shared.money import scale_of

DAYS_BACK: Final = 548
ON_ACCOUNT_SHARE: Final = 0.65  # of customers; the others pay in advance
TERMS: Final = {14: 2.0, 30: 5.0, 45: 2.0, 60: 1.0}  # days, a customer's own
REFERENCED_SHARE: Final = 0.6
# How customers pay: weight, days after the due one (mean, spread), and how often not at all.
HABITS: Final = {(-6.0, 4.0, 0.005): 68.0, (12.0, 9.0, 0.03): 16.0, (80.0, 35.0, 0.1): 16.0}
IN_TWO_SHARE: Final = 0.08
SECOND_AFTER: Final = (10, 35)  # days
METHODS: Final = {"bank_transfer": 85.0, "wallet": 8.0, "cheque": 4.0, "card": 3.0}


def make_invoices(seed: int, orders: Sequence[Record], today: date) -> list[Record]:
    """One of each order of those who buy on account, as `POST /v1/invoices` takes it, the oldest first."""
    dice = stream(seed, "invoice")
    accounts = sorted({order["account_id"] for order in orders})
    terms = {id: weighted(dice, TERMS) for id in accounts if dice.random() < ON_ACCOUNT_SHARE}
    found = [
        _invoice(dice, order, terms[order["account_id"]], today)
        for order in orders
        if order["account_id"] in terms
        and order["status"] != "cancelled"
        and date.fromisoformat(order["ordered_on"]) >= today - timedelta(days=DAYS_BACK)
    ]
    return [{"id": str(demo_id(seed, "invoice", n)), **each} for n, each in enumerate(found)]


def _invoice(dice: Random, order: Record, days: int, today: date) -> Record:
    ordered_on = date.fromisoformat(order["ordered_on"])
    issued_on = min(ordered_on + timedelta(days=dice.randint(0, 3)), _newest(today))
    reference = digits(dice, "PO-######")
    invoice = {
        "order_id": order["id"], "account_id": order["account_id"], "amount": total_of(order),
        "issued_on": str(issued_on), "due_on": str(issued_on + timedelta(days=days)),
    }  # fmt: skip
    return invoice | ({"reference": reference} if dice.random() < REFERENCED_SHARE else {})


def total_of(order: Record) -> Record:
    """What an order comes to with tax, each line rounded once, as pipeline reckons it."""
    currency = order["currency"]
    unit = Decimal(1).scaleb(-scale_of(currency))
    total = Decimal(0)
    for line in order["lines"]:
        price = Decimal(line["unit_price"]["amount"]) * line["quantity"]
        net = (price * (100 - line["discount"]) / 100).quantize(unit, ROUND_HALF_UP)
        total += net + (net * line["tax_rate"] / 100).quantize(unit, ROUND_HALF_UP)
    return {"amount": f"{total:f}", "currency": currency}


def make_payments(seed: int, invoices: Sequence[Record], today: date) -> list[Record]:
    """What came in up to now, as `POST /v1/payments` takes it: each customer pays by a habit of theirs."""
    dice = stream(seed, "payment")
    accounts = sorted({invoice["account_id"] for invoice in invoices})
    habits = {id: weighted(dice, HABITS) for id in accounts}
    found = [
        {"invoice_id": invoice["id"], "method": weighted(dice, METHODS), **part}
        for invoice in invoices
        for part in _parts(dice, invoice, habits[invoice["account_id"]], _newest(today))
    ]
    return [{"id": str(demo_id(seed, "payment", n)), **each} for n, each in enumerate(found)]


def _parts(
    dice: Random, invoice: Record, habit: tuple[float, float, float], newest: date
) -> Iterator[Record]:
    """At once, or a half and the rest some weeks later; what would come after `newest` has not come yet."""
    mean, spread, never = habit
    issued_on, due_on = (date.fromisoformat(invoice[name]) for name in ("issued_on", "due_on"))
    late, chance, is_split = dice.gauss(mean, spread), dice.random(), dice.random() < IN_TWO_SHARE
    second = timedelta(days=dice.randint(*SECOND_AFTER))
    if chance < never:
        return
    day = _banking_day(max(due_on + timedelta(days=round(late)), issued_on))
    whole = Decimal(invoice["amount"]["amount"])
    first = (whole / 2).quantize(whole, ROUND_HALF_UP) if is_split else whole
    for amount, on in ((first, day), (whole - first, _banking_day(day + second))):
        if amount and on <= newest:
            money = {"amount": f"{amount:f}", "currency": invoice["amount"]["currency"]}
            yield {"amount": money, "received_on": str(on)}


def _banking_day(day: date) -> date:
    """The Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def _newest(today: date) -> date:
    return today - timedelta(days=NEWEST_DAY)
