"""What a line comes to, and an order of lines. Pure.

    amount of a line = round(quantity x unit price x (100 - discount) / 100)    or as it is given
    tax of a line    = round(amount x tax rate / 100)                           or as it is given
    cost of a line   = round(quantity x unit cost)                              or as it is given

each rounded once to the currency's smallest unit, half away from zero. Then, exactly:

    subtotal = sum of amounts      tax = sum of taxes      total = subtotal + tax + shipping
    margin   = subtotal - sum of costs, where every cost is known; null otherwise, and then `costed`
               says how much of the subtotal the known costs are of

Lines are dicts as the API shows them: one form for the event, the document and the table.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

from guanxi_pipeline.errors import MixedCurrencies, TooMuch
from guanxi_pipeline.sum_rules import HUNDRED, WIDE, line_amount, one_currency, rounded
from guanxi_shared.errors import Invalid

Line = dict[str, Any]
MOST = Decimal(10) ** 15  # of a line, in whole units: sums of 500 stay exact everywhere
MONEYS = ("unit_price", "amount", "tax", "unit_cost", "cost")
NOTHING = Decimal(0)


def currency_of(sent: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> str | None:
    """The one currency of everything that is said; MixedCurrencies names what differs. None when
    nothing is."""
    said = [m["currency"] for line in lines for name in MONEYS if (m := line.get(name))]
    found = one_currency(said, field="lines")
    for field in ("shipping", "currency"):
        value = sent.get(field)
        other = value["currency"] if isinstance(value, Mapping) else value
        if other is not None and found is not None and other != found:
            raise MixedCurrencies(
                f"{field} is in {other}, the lines are in {found}.",
                errors={field: "Use one currency for the whole order."},
            )
        found = found or other
    return found


def lines_as_shown(lines: Sequence[Mapping[str, Any]], currency: str) -> list[Line]:
    """Lines with their ids as they are kept: what follows from rates is reckoned, the rest taken."""
    with localcontext(WIDE):
        return [_line(line, currency, index) for index, line in enumerate(lines)]


def _line(line: Mapping[str, Any], currency: str, index: int) -> Line:
    quantity, discount = exact(line.get("quantity", 1)), exact(line.get("discount") or 0)
    price = amount_of(line.get("unit_price"))
    if price is not None:
        amount = line_amount(quantity, price, discount, currency)
    else:  # the schema demands one of the two
        amount = Decimal(line["amount"]["amount"])
    tax_rate = line.get("tax_rate")
    tax = amount_of(line.get("tax")) or NOTHING
    if tax_rate is not None:
        tax = rounded(amount * exact(tax_rate) / HUNDRED, currency)
    cost = amount_of(line.get("cost"))
    if (unit_cost := amount_of(line.get("unit_cost"))) is not None:
        cost = rounded(quantity * unit_cost, currency)
    for name, value in (("unit_price", amount), ("tax", tax), ("cost", cost)):
        if value is not None and value >= MOST:
            raise Invalid(
                f"lines.{index} comes to more than {MOST:f}.",
                errors={f"lines.{index}.{name}": "Too much for one line."},
            )
    refunded = amount_of(line.get("refunded")) or NOTHING
    if refunded > amount + tax:
        raise TooMuch(
            f"{refunded:f} of lines.{index} were paid back already.",
            errors={f"lines.{index}": f"It comes to {refunded:f} at least."},
        )
    return {
        "id": str(line["id"]), "product_id": _text(line.get("product_id")), "sku": line.get("sku"),
        "name": line.get("name"), "category": line.get("category"), "quantity": float(quantity),
        "unit_price": None if price is None else money(price, currency),
        "discount": float(discount), "amount": money(amount, currency),
        "tax_rate": None if tax_rate is None else float(tax_rate), "tax": money(tax, currency),
        "cost": None if cost is None else money(cost, currency),
        "fulfilled": line.get("fulfilled", 0.0), "returned": line.get("returned", 0.0),
        "refunded": money(refunded, currency),
    }  # fmt: skip


def totals_of(lines: Iterable[Line], shipping: Decimal, currency: str) -> dict[str, Any]:
    """The sums of an order as its columns hold them."""
    listed = list(lines)
    zero = rounded(NOTHING, currency)
    subtotal = sum((_of(line, "amount") for line in listed), zero)
    tax = sum((_of(line, "tax") for line in listed), zero)
    known = [line for line in listed if line["cost"] is not None]
    cost = sum((_of(line, "cost") for line in known), zero) if known else None
    is_known = cost is not None and len(known) == len(listed)
    return {
        "subtotal_amount": subtotal, "tax_amount": tax, "shipping_amount": rounded(shipping, currency),
        "total_amount": subtotal + tax + rounded(shipping, currency),
        "cost_amount": cost, "costed_amount": sum((_of(line, "amount") for line in known), zero),
        "margin_amount": subtotal - cost if is_known and cost is not None else None,
    }  # fmt: skip


def exact(value: Any) -> Decimal:
    """A JSON number or its text, digit for digit."""
    return Decimal(str(value))


def amount_of(value: Mapping[str, str] | None) -> Decimal | None:
    return None if value is None else Decimal(value["amount"])


def _of(line: Line, name: str) -> Decimal:
    return Decimal(line[name]["amount"])


def money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"amount": f"{rounded(amount, currency):f}", "currency": currency}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
