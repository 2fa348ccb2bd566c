"""Sums of lines: quantity times price less discount, rounded once a line, in one currency.

    amount of a line = round(quantity x unit price x (100 - discount) / 100)

rounded half away from zero to the currency's smallest unit; a sum adds rounded lines, so that what a
reader adds up by hand is what stands below.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from guanxi_pipeline.errors import MixedCurrencies
from guanxi_shared.errors import Invalid
from guanxi_shared.money import scale_of

HUNDRED = Decimal(100)
# What a line is that says nothing: one of something, without a price yet.
PLAIN_LINE: Mapping[str, Any] = {
    "product_id": None, "name": None, "quantity": 1.0, "unit_price": None, "discount": 0,
}  # fmt: skip
MOST = Decimal(10) ** 18  # of `guanxi_shared.money`
# Wide enough for a billion pieces at eighteen digits each, reckoned to the last.
WIDE = Context(prec=100)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the currency's smallest unit (ISO 4217), half away from zero."""
    with localcontext(WIDE):
        return amount.quantize(Decimal(1).scaleb(-scale_of(currency)), rounding=ROUND_HALF_UP)


def four_digits(ratio: Decimal) -> float:
    """Behind the point, however many are before it."""
    with localcontext(WIDE):
        return float(round(ratio, 4))


def line_amount(
    quantity: Decimal, unit_price: Decimal, discount: Decimal, currency: str
) -> Decimal:
    """`discount` in percent, 0 to 100."""
    with localcontext(WIDE):
        exact = quantity * unit_price * (HUNDRED - discount) / HUNDRED
    return rounded(exact, currency)


def holdable(amount: Decimal, *, field: str) -> Decimal:
    """What money holds; Invalid names `field` for more."""
    if abs(amount) >= MOST:
        raise Invalid(
            f"{field} comes to more than {MOST:.0e}.", errors={field: "This is too much."}
        )
    return amount


def one_currency(currencies: Iterable[str], *, field: str) -> str | None:
    """The currency that all have, None for none; MixedCurrencies names `field`."""
    found = sorted(set(currencies))
    if len(found) > 1:
        raise MixedCurrencies(
            f"{field} names {' and '.join(found)}; use one currency, or records of their own.",
            errors={field: "Use one currency."},
        )
    return found[0] if found else None


def money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"amount": f"{rounded(amount, currency):f}", "currency": currency}


def priced_lines(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lines as they are kept: each with its amount; those without a price amount to nothing yet."""
    one_currency((p["currency"] for line in lines if (p := line.get("unit_price"))), field="lines")
    return [_priced({**PLAIN_LINE, **line}, f"lines.{n}") for n, line in enumerate(lines)]


def _priced(line: Mapping[str, Any], where: str) -> dict[str, Any]:
    price = line["unit_price"]
    found = None
    if price is not None:
        amount = line_amount(
            Decimal(str(line["quantity"])), Decimal(price["amount"]),
            Decimal(str(line["discount"] or 0)), price["currency"],
        )  # fmt: skip
        found = money(holdable(amount, field=where), price["currency"])
    return {**line, "amount": found}


def sum_of_lines(lines: Sequence[Mapping[str, Any]]) -> tuple[Decimal, str] | None:
    """The sum of priced lines and its currency; None when nothing has a price."""
    amounts = [line["amount"] for line in lines if line.get("amount")]
    currency = one_currency((amount["currency"] for amount in amounts), field="lines")
    if currency is None:
        return None
    total = sum((Decimal(amount["amount"]) for amount in amounts), Decimal(0))
    return holdable(total, field="lines"), currency
