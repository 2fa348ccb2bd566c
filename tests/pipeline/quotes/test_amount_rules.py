"""The arithmetic of quotes: whatever is offered in whatever currency, everything agrees to the unit."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_pipeline.errors import DiscountTooLarge
from guanxi_pipeline.quotes import amount_rules as rules
from guanxi_pipeline.sum_rules import line_amount
from guanxi_shared.errors import Invalid
from guanxi_shared.money import CURRENCIES, scale_of

SCALES = {scale: sorted(c for c in CURRENCIES if scale_of(c) == scale) for scale in (0, 2, 3, 4)}
RATES = (0, 1, 3, 5.5, 6, 7.7, 9, 13, 19, 20, 25, 100)


def decimals(most: int, digits: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most * 10**digits).map(lambda n: Decimal(n).scaleb(-digits))


@st.composite
def offers(draw: st.DrawFn) -> dict[str, Any]:
    currency = draw(st.sampled_from(sorted(CURRENCIES)))
    scale = scale_of(currency)
    lines = [
        {
            "quantity": float(draw(st.integers(1, 10**9)) / 10 ** draw(st.sampled_from([0, 3, 6]))),
            "unit_price": {"amount": f"{draw(decimals(100_000, scale)):f}", "currency": currency},
            "discount": float(draw(decimals(100, 2))),
            "tax_rate": draw(st.sampled_from(RATES)),
        }
        for _ in range(draw(st.integers(1, 12)))
    ]
    return {"lines": lines, "currency": currency, "mode": draw(st.sampled_from(["net", "gross"]))}


def header(draw: st.DrawFn, offer: dict[str, Any]) -> dict[str, Any] | None:
    subtotal = rules.amounts_of(**offer, discount=None).subtotal
    kind = draw(st.sampled_from(["none", "percent", "amount"]))
    if kind == "percent":
        return {"percent": float(draw(decimals(100, 4)))}
    taken = rules.shown(draw(st.integers(0, subtotal)), offer["currency"])
    return {"amount": taken} if kind == "amount" else None


def half_up(value: Fraction) -> int:
    """The library's own rounding, as an oracle."""
    with localcontext(prec=200):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_lines_discount_tax_and_total_agree_to_the_smallest_unit(data: st.DataObject) -> None:
    offer = data.draw(offers())
    discount = data.draw(st.composite(lambda draw: header(draw, offer))())
    found = rules.amounts_of(**offer, discount=discount)
    unit = 10 ** scale_of(offer["currency"])
    for line, each in zip(offer["lines"], found.lines, strict=True):
        price = Fraction(line["unit_price"]["amount"]) * unit
        kept = 1 - Fraction(str(line["discount"])) / 100
        assert each.amount == half_up(Fraction(str(line["quantity"])) * price * kept)
        assert 0 <= each.share <= each.amount
        assert min(each.net, each.tax) >= 0
        assert (each.net if offer["mode"] == "net" else each.gross) == each.amount - each.share
    assert found.subtotal == sum(each.amount for each in found.lines)
    assert found.discount == sum(each.share for each in found.lines)
    if discount and "percent" in discount:
        assert found.discount == half_up(found.subtotal * Fraction(str(discount["percent"])) / 100)
    assert found.net == sum(rate.net for rate in found.rates)
    assert found.tax == sum(rate.tax for rate in found.rates)
    assert found.total == sum(each.gross for each in found.lines) == found.net + found.tax
    after = found.subtotal - found.discount
    assert (found.net if offer["mode"] == "net" else found.total) == after
    for total in found.rates:
        own = [e for e, ln in zip(found.lines, offer["lines"], strict=True)
               if Fraction(str(ln["tax_rate"])) == total.rate]  # fmt: skip
        assert (sum(e.net for e in own), sum(e.tax for e in own)) == (total.net, total.tax)
        if offer["mode"] == "net":
            assert total.tax == half_up(total.net * total.rate / 100)
        else:
            assert total.tax == half_up(total.gross * total.rate / (100 + total.rate))
    # What is shown is money of that currency, and adds up as written.
    written = [
        Decimal(rules.shown(each.gross, offer["currency"])["amount"]) for each in found.lines
    ]
    assert sum(written) == Decimal(rules.shown(found.total, offer["currency"])["amount"])
    assert all(-int(each.as_tuple().exponent) == scale_of(offer["currency"]) for each in written)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=40), st.data())
def test_shares_sum_to_the_whole_and_lie_within_a_unit_of_their_exact_part(
    weights: list[int], data: st.DataObject
) -> None:
    total = data.draw(st.integers(0, sum(weights)))
    shares = rules.spread(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert 0 <= share <= weight
        if total:
            assert abs(share - Fraction(total * weight, sum(weights))) < 1
    # Nobody with a smaller weight gets more.
    pairs = sorted(zip(weights, shares, strict=True))
    assert all(a[1] <= b[1] for a, b in pairwise(pairs) if a[0] < b[0])


@pytest.mark.parametrize("scale", sorted(SCALES))
def test_every_scale_of_money_has_a_currency(scale: int) -> None:
    assert SCALES[scale]


def line(price: str, currency: str = "CNY", **more: Any) -> dict[str, Any]:
    money = {"amount": price, "currency": currency}
    return {"quantity": 1, "unit_price": money, "discount": 0, "tax_rate": 13} | more


@pytest.mark.parametrize(
    ("lines", "currency", "mode", "discount", "expected"),
    [
        # One fen over three equal lines: the first bears it.
        ([line("1.00")] * 3, "CNY", "net", {"amount": {"amount": "0.01", "currency": "CNY"}},
         {"shares": [1, 0, 0], "net": 299, "tax": 39, "total": 338}),
        # Tax once a rate, not once a line: 3 x 0.05 x 10 percent is 0.015, so 0.02 and not 3 x 0.01.
        ([line("0.05", tax_rate=10)] * 3, "CNY", "net", None,
         {"shares": [0, 0, 0], "net": 15, "tax": 2, "total": 17}),
        # With tax in the prices the total is what was quoted.
        ([line("113.00"), line("0.99")], "CNY", "gross", None,
         {"shares": [0, 0], "net": 10088, "tax": 1311, "total": 11399}),
        ([line("100", "JPY", tax_rate=10, quantity=1.5, discount=33)], "JPY", "net", None,
         {"shares": [0], "net": 101, "tax": 10, "total": 111}),
        ([line("1.001", "KWD", tax_rate=5), line("2.002", "KWD", tax_rate=0)], "KWD", "net", {"percent": 10},
         {"shares": [100, 200], "net": 2703, "tax": 45, "total": 2748}),
        ([line("0.0001", "CLF", tax_rate=19, quantity=3)], "CLF", "gross", None,
         {"shares": [0], "net": 3, "tax": 0, "total": 3}),
        ([], "EUR", "net", {"percent": 10}, {"shares": [], "net": 0, "tax": 0, "total": 0}),
    ],
)  # fmt: skip
def test_what_is_worked_out_by_hand(
    lines: Any, currency: str, mode: str, discount: Any, expected: dict[str, Any]
) -> None:
    found = rules.amounts_of(lines, currency=currency, mode=mode, discount=discount)
    assert {
        "shares": [each.share for each in found.lines], "net": found.net, "tax": found.tax,
        "total": found.total,
    } == expected  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(offers())
def test_a_line_amounts_to_the_same_on_a_deal_and_on_an_offer(offer: dict[str, Any]) -> None:
    currency, lines = offer["currency"], offer["lines"]
    found = rules.amounts_of(lines, currency=currency, mode="net", discount=None)
    for each, line_ in zip(found.lines, lines, strict=True):
        written = (line_["quantity"], line_["unit_price"]["amount"], line_["discount"])
        quantity, price, off = (Decimal(str(number)) for number in written)
        with localcontext(prec=200):
            deal = line_amount(quantity, price, off, currency)
        assert rules.decimal_of(each.amount, currency) == deal


def test_a_discount_larger_than_everything_is_refused() -> None:
    taken = {"amount": {"amount": "1.01", "currency": "CNY"}}
    with pytest.raises(DiscountTooLarge):
        rules.amounts_of([line("1.00")], currency="CNY", mode="net", discount=taken)


def test_a_total_that_nobody_can_write_is_refused() -> None:
    lines = [line("999999999999999999", quantity=1_000_000_000)] * 2
    with pytest.raises(Invalid):
        rules.amounts_of(lines, currency="CNY", mode="net", discount=None)


@pytest.mark.parametrize(
    ("sent", "header", "percent"),
    [
        ({"discount": 10}, 0, "10"),
        ({"discount": 10}, Fraction(1, 10), "19"),
        # A price lowered by hand is a discount, too.
        ({"base_price": {"amount": "200", "currency": "CNY"}}, 0, "50"),
        ({"base_price": {"amount": "50", "currency": "CNY"}, "discount": 5}, 0, "5"),
        ({}, Fraction(1, 3), "33.3334"),
    ],
)
def test_what_is_given_away_counts_everything(sent: Any, header: Any, percent: str) -> None:
    found = rules.largest_discount([line("100") | sent], Fraction(header))
    assert found == Decimal(percent)
