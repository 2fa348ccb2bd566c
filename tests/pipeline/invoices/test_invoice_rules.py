"""What follows from payments, and what is left of an order: many cases, no database."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.errors import InvoicePaid, InvoiceStatus, MixedCurrencies, TooMuch
from guanxi_pipeline.invoices import rules
from guanxi_pipeline.invoices.rules import Paid
from guanxi_shared.errors import Invalid
from guanxi_shared.identifiers import new_id
from guanxi_shared.money import scale_of

TODAY = date(2026, 11, 2)
CURRENCIES = st.sampled_from(["CNY", "USD", "JPY", "KWD"])
UNITS = st.integers(min_value=1, max_value=10**17)
DAYS = st.dates(date(2020, 1, 1), TODAY)


def invoice(amount: str = "100.00", **more: Any) -> dict[str, Any]:
    return {
        "number": "INV-000001", "status": "open", "currency": "CNY", "amount": Decimal(amount),
        "paid": Decimal(0),
    } | more  # fmt: skip


def money(amount: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


@given(CURRENCIES, UNITS, st.lists(st.tuples(UNITS, DAYS), max_size=8))
def test_payments_are_taken_as_long_as_there_is_room_and_the_invoice_follows(
    currency: str, owed: int, tried: list[tuple[int, date]]
) -> None:
    scale = -scale_of(currency)
    amount = Decimal(owed).scaleb(scale)
    row = invoice(currency=currency) | {"amount": amount}
    taken: list[Paid] = []
    for units, day in tried:
        part = Decimal(units).scaleb(scale)
        left = amount - sum((each.amount for each in taken), Decimal(0))
        if part > left:
            with pytest.raises(TooMuch, match=f"{left:f} {currency}"):
                rules.demand_room(row, taken, money(f"{part:f}", currency), field="amount")
            continue
        rules.demand_room(row, taken, money(f"{part:f}", currency), field="amount")
        taken.append(Paid(new_id(), part, day))
        found = rules.standing(amount, currency, taken)
        paid = sum((each.amount for each in taken), Decimal(0))
        assert (found["paid"], found["outstanding"]) == (paid, amount - paid)
        assert found["outstanding"] >= 0
        assert (found["status"] == "paid") == (found["outstanding"] == 0)
        assert found["paid_on"] == (
            max(each.received_on for each in taken) if found["status"] == "paid" else None
        )
        assert found["paid"].as_tuple().exponent == scale


@given(UNITS, st.lists(UNITS, max_size=6))
def test_invoices_of_an_order_never_come_to_more_than_the_order(
    total: int, asked: list[int]
) -> None:
    order: dict[str, Any] = {
        "number": "SO-000001", "account_id": new_id(), "is_account_verified": True, "currency": "CNY",
        "total_amount": Decimal(total).scaleb(-2), "contact_id": None, "owner_id": None, "team_id": None,
    }  # fmt: skip
    so_far = Decimal(0)
    for units in asked:
        amount = Decimal(units).scaleb(-2)
        sent = {"amount": money(f"{amount:f}")}
        if so_far + amount > order["total_amount"]:
            with pytest.raises(TooMuch):
                rules.from_order(sent, order, so_far)
            continue
        assert rules.from_order(sent, order, so_far)["amount"] == sent["amount"]
        so_far += amount
    if so_far == order["total_amount"]:
        with pytest.raises(TooMuch):
            rules.from_order({}, order, so_far)
    else:
        rest = rules.from_order({}, order, so_far)
        assert Decimal(rest["amount"]["amount"]) == order["total_amount"] - so_far


@pytest.mark.parametrize(
    ("due_on", "terms", "expected"),
    [
        (None, None, date(2026, 12, 2)), (None, 0, TODAY), (None, 14, date(2026, 11, 16)),
        (TODAY, None, TODAY), (date(2027, 1, 1), None, date(2027, 1, 1)),
    ],
)  # fmt: skip
def test_it_is_due_when_it_is_said_or_by_its_terms(
    due_on: date | None, terms: int | None, expected: date
) -> None:
    assert rules.due_on_of(TODAY, due_on, terms) == expected


@pytest.mark.parametrize(
    ("due_on", "terms", "field"),
    [(TODAY - timedelta(days=1), None, "due_on"), (TODAY, 0, "payment_terms_days")],
)
def test_days_that_contradict_are_named(due_on: date, terms: int | None, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.due_on_of(TODAY, due_on, terms)
    assert list(refused.value.errors) == [field]


def test_a_payment_is_in_the_invoices_currency_and_not_on_a_void_one() -> None:
    with pytest.raises(MixedCurrencies) as mixed:
        rules.demand_room(invoice(), (), money("1.00", "USD"), field="amount")
    assert mixed.value.errors == {"amount": "Send CNY."}
    with pytest.raises(InvoiceStatus) as void:
        rules.demand_room(invoice(status="void"), (), money("1.00"), field="amount")
    assert list(void.value.errors) == ["invoice_id"]
    with pytest.raises(InvoicePaid, match="delete its payments before you void it"):
        rules.demand_unpaid(invoice(paid=Decimal("0.01")), "void")
    rules.demand_unpaid(invoice(), "void")


@pytest.mark.parametrize(
    ("sent", "order", "field"),
    [
        ({}, {"account_id": None}, "account_id"),
        ({"account_id": new_id()}, {}, "account_id"),
        ({"amount": money("1.00", "USD")}, {}, "amount"),
    ],
)
def test_an_invoice_agrees_with_its_order(
    sent: dict[str, Any], order: dict[str, Any], field: str
) -> None:
    whole = {
        "number": "SO-000001", "account_id": new_id(), "is_account_verified": True, "currency": "CNY",
        "total_amount": Decimal("9.00"), "contact_id": None, "owner_id": None, "team_id": None,
    }  # fmt: skip
    with pytest.raises(Invalid) as refused:
        rules.from_order(sent, whole | order, Decimal(0))
    assert list(refused.value.errors) == [field]
