"""Sums of orders for every currency's digits, and quantities that never go beyond what there is."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guanxi_pipeline.errors import OrderStatus, TooMuch
from guanxi_pipeline.orders.line_rules import exact, lines_as_shown, money, totals_of
from guanxi_pipeline.orders.return_rules import part_of, refund_of, returned_lines
from guanxi_pipeline.orders.status_rules import (
    ALLOWED,
    demand_status,
    fulfilled_lines,
    status_after,
)
from guanxi_shared.errors import Problem
from guanxi_shared.money import CURRENCIES, scale_of

CODES = st.sampled_from(sorted(CURRENCIES))
QUANTITIES = st.decimals("0.000001", "100000", places=6).filter(bool).map(float)
PERCENTS = st.decimals(0, 100, places=4).map(float)


def moneys(currency: str) -> st.SearchStrategy[dict[str, str]]:
    return st.decimals(0, 10**7, places=scale_of(currency)).map(lambda a: money(a, currency))


@st.composite
def orders(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]], Decimal]:
    currency = draw(CODES)
    lines = [
        {
            "id": uuid4(), "quantity": draw(QUANTITIES), "discount": draw(PERCENTS),
            draw(st.sampled_from(["unit_price", "amount"])): draw(moneys(currency)),
            "tax_rate": draw(st.none() | PERCENTS), "tax": draw(st.none() | moneys(currency)),
            "cost": draw(st.none() | moneys(currency)), "unit_cost": draw(st.none() | moneys(currency)),
        }
        for _ in range(draw(st.integers(0, 6)))
    ]  # fmt: skip
    shipping = Decimal(draw(moneys(currency))["amount"])
    return currency, lines_as_shown(lines, currency), shipping


@given(orders())
def test_the_total_is_exactly_what_a_reader_adds_up(
    order: tuple[str, list[dict[str, Any]], Decimal],
) -> None:
    currency, lines, shipping = order
    found = totals_of(lines, shipping, currency)
    amounts = [Decimal(line["amount"]["amount"]) for line in lines]
    taxes = [Decimal(line["tax"]["amount"]) for line in lines]
    costs = [Decimal(line["cost"]["amount"]) for line in lines if line["cost"] is not None]
    assert found["total_amount"] == sum(amounts) + sum(taxes) + shipping
    for name, value in found.items():
        if value is not None:
            assert value.as_tuple().exponent == -scale_of(currency), name
    if lines and len(costs) == len(lines):
        assert found["margin_amount"] == sum(amounts) - sum(costs)
        assert found["costed_amount"] == found["subtotal_amount"]
    else:
        assert found["margin_amount"] is None
    assert found["cost_amount"] == (sum(costs) if costs else None)


@given(CODES, st.data(), st.decimals("0.01", 1000, places=2))
def test_the_parts_of_a_line_sum_to_the_line(
    currency: str, data: st.DataObject, quantity: Decimal
) -> None:
    whole = data.draw(st.decimals(0, 10**9, places=scale_of(currency)))
    cuts = sorted(data.draw(st.lists(st.decimals(0, quantity, places=2), max_size=5)))
    steps = [*cuts, quantity]
    before, parts = Decimal(0), []
    for upto in steps:
        parts.append(part_of(whole, quantity, before, upto - before, currency))
        before = upto
    assert sum(parts) == whole
    assert all(part >= 0 for part in parts)


STEP = st.tuples(
    st.sampled_from(["fulfil", "return", "refund"]), st.integers(0, 1), st.integers(0, 30),
    st.integers(0, 5000),
)  # fmt: skip


@given(st.lists(STEP, max_size=30))
def test_no_way_through_an_order_takes_more_than_there_is(steps: list[tuple[Any, ...]]) -> None:
    """Whatever is asked in whatever order: 0 <= returned <= fulfilled <= quantity, and what is paid back
    is at most what was delivered comes to."""
    lines = lines_as_shown(
        [
            {"id": uuid4(), "quantity": 20.0, "unit_price": money(Decimal("3.33"), "CNY"), "tax_rate": 13.0},
            {"id": uuid4(), "quantity": 7.5, "amount": money(Decimal("10.01"), "CNY")},
        ],
        "CNY",
    )  # fmt: skip
    refunded = Decimal(0)
    for kind, index, tenths, cents in steps:
        id = lines[index]["id"]
        try:
            if kind == "fulfil":
                lines, _ = fulfilled_lines(lines, [{"line_id": id, "quantity": tenths / 2}])
            else:
                asked: dict[str, Any] = {"line_id": id, "quantity": tenths / 2}
                if kind == "refund":
                    asked["refund"] = money(Decimal(cents) / 100, "CNY")
                lines, parts = returned_lines(lines, [asked], "CNY")
                refunded += refund_of(parts)
        except Problem:
            continue
        for line in lines:
            assert (
                0 <= exact(line["returned"]) <= exact(line["fulfilled"]) <= exact(line["quantity"])
            )
            whole = Decimal(line["amount"]["amount"]) + Decimal(line["tax"]["amount"])
            quantity, fulfilled = exact(line["quantity"]), exact(line["fulfilled"])
            most = part_of(whole, quantity, Decimal(0), fulfilled, "CNY")
            assert 0 <= Decimal(line["refunded"]["amount"]) <= most <= whole
        assert sum(Decimal(line["refunded"]["amount"]) for line in lines) == refunded
        assert status_after("placed", lines) in (
            "placed", "partly_fulfilled", "fulfilled", "returned",
        )  # fmt: skip


def test_all_that_comes_back_is_all_that_was_paid() -> None:
    lines = lines_as_shown(
        [{"id": uuid4(), "quantity": 3.0, "unit_price": money(Decimal("33.33"), "CNY"), "tax_rate": 13.0}],
        "CNY",
    )  # fmt: skip
    lines, _ = fulfilled_lines(lines, None)
    paid = []
    for _ in range(3):
        lines, parts = returned_lines(lines, [{"line_id": lines[0]["id"], "quantity": 1}], "CNY")
        paid.append(refund_of(parts))
    assert paid == [Decimal("37.66"), Decimal("37.67"), Decimal("37.66")]
    assert status_after("fulfilled", lines) == "returned"
    with pytest.raises(TooMuch):
        returned_lines(lines, [{"line_id": lines[0]["id"], "quantity": 1}], "CNY")


@given(CODES, st.data(), st.integers(1, 12), st.decimals(0, 30, places=2))
def test_net_and_tax_that_are_paid_back_in_parts_sum_to_those_of_the_line(
    currency: str, data: st.DataObject, pieces: int, tax_rate: Decimal
) -> None:
    amount = data.draw(moneys(currency))
    line = {"id": uuid4(), "quantity": float(pieces), "amount": amount, "tax_rate": float(tax_rate)}
    lines, _ = fulfilled_lines(lines_as_shown([line], currency), None)
    net, tax = (Decimal(lines[0][name]["amount"]) for name in ("amount", "tax"))
    parts: list[dict[str, Any]] = []
    for _ in range(pieces):
        asked = {"line_id": lines[0]["id"], "quantity": 1}
        lines, more = returned_lines(lines, [asked], currency)
        parts += more
    assert (sum(part["amount"] for part in parts), sum(part["tax"] for part in parts)) == (net, tax)
    assert all(part["amount"] >= 0 and part["tax"] >= 0 for part in parts)


def test_without_a_refund_said_no_more_is_paid_back_than_was_delivered() -> None:
    lines = lines_as_shown(
        [{"id": uuid4(), "quantity": 3.0, "unit_price": money(Decimal(100), "CNY")}], "CNY"
    )
    id = lines[0]["id"]
    lines, _ = fulfilled_lines(lines, [{"line_id": id, "quantity": 2}])
    goodwill = {"line_id": id, "refund": money(Decimal(150), "CNY")}
    lines, _ = returned_lines(lines, [goodwill], "CNY")
    lines, parts = returned_lines(lines, [{"line_id": id, "quantity": 2}], "CNY")
    assert refund_of(parts) == 50


@given(st.sampled_from(sorted(ALLOWED)), st.sampled_from(
    ["draft", "placed", "confirmed", "partly_fulfilled", "fulfilled", "cancelled", "returned"]))  # fmt: skip
def test_a_verb_is_for_its_statuses_alone(verb: str, status: str) -> None:
    assume(status not in ALLOWED[verb])
    with pytest.raises(OrderStatus) as refused:
        demand_status(verb, status)
    assert status in refused.value.detail
