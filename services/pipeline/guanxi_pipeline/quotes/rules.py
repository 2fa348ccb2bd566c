"""Pure decisions about quotes: lines as they are kept, and the columns that follow from them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from guanxi_pipeline.errors import MixedCurrencies
from guanxi_pipeline.quotes import amount_rules as amounts
from guanxi_pipeline.sum_rules import line_amount, money
from guanxi_shared.matching import search_columns
from guanxi_shared.money import scale_of

PRICED_BY = frozenset({"lines", "discount", "currency", "price_mode"})
FOUND_BY = frozenset({"name", "number", "account_id", "external_id"})
COPIED = ("sku", "name", "description", "unit", "tax_class")
EMPTY: Mapping[str, Any] = dict.fromkeys(
    ("product_id", "sku", "name", "description", "unit", "unit_price", "tax_class", "cost",
     "base_price", "discount_limit", "price_book_id")
)  # fmt: skip


def line_from_product(
    line: Mapping[str, Any], product: Mapping[str, Any], currency: str
) -> dict[str, Any]:
    """What is sent, and what the product says of the rest: number, name, unit, tax class and cost."""
    said = {name: product[name] for name in COPIED if line.get(name) is None}
    cost = line.get("cost")
    if cost is None and product["cost_amount"] is not None and product["cost_currency"] == currency:
        cost = {"amount": f"{product['cost_amount']:f}", "currency": currency}
    return {**line, **said, "cost": cost}


def price_in_mode(price: Decimal, rate: Any, currency: str, mode: str) -> dict[str, str]:
    """A price of a book or list, which is without tax, as the quote shows prices: with tax it is
    round(price x (100 + rate) / 100)."""
    units = Fraction(price) * 10 ** scale_of(currency)
    if mode == "gross":
        units = units * (100 + amounts.exact(rate)) / 100
    return amounts.shown(amounts.half_up(units), currency)


def demand_one_currency(lines: Sequence[Mapping[str, Any]], discount: Any, currency: str) -> None:
    """Every price is in the quote's currency; MixedCurrencies names the one that is not."""
    for number, line in enumerate(lines):
        for name in ("unit_price", "cost"):
            if line.get(name) and line[name]["currency"] != currency:
                raise MixedCurrencies(
                    f"The quote is in {currency}.",
                    errors={f"lines.{number}.{name}": f"Send it in {currency}."},
                )
    if discount and discount.get("amount") and discount["amount"]["currency"] != currency:
        raise MixedCurrencies(
            f"The quote is in {currency}.", errors={"discount.amount": f"Send it in {currency}."}
        )


def lines_to_fill(changes: Mapping[str, Any], row: Mapping[str, Any]) -> Any:
    """Those that are sent; for another account those there are, as what they give away is measured by
    its price books. None: all stays."""
    if "lines" in changes or changes.get("account_id", row["account_id"]) == row["account_id"]:
        return changes.get("lines")
    return row["lines"]


def demand_lines_anew(sent: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Prices mean something else in another currency or mode: they are sent with it."""
    for name in ("currency", "price_mode"):
        if name in sent and sent[name] != row[name] and "lines" not in sent and row["lines"]:
            raise MixedCurrencies(
                f"With another {name} the lines need other prices.",
                errors={"lines": f"Send the lines for {sent[name]}."},
            )


def priced(
    lines: Sequence[Mapping[str, Any]], *, currency: str, mode: str, discount: Any
) -> dict[str, Any]:
    """The columns that lines and discount make: lines with their amounts, totals, net and total."""
    found = amounts.amounts_of(lines, currency=currency, mode=mode, discount=discount)
    header = amounts.header_part(discount, amounts.decimal_of(found.subtotal, currency))
    kept = [
        {
            **EMPTY, **line, "position": number, "amount": amounts.shown(each.amount, currency),
            "discount_share": amounts.shown(each.share, currency), "net": amounts.shown(each.net, currency),
            "tax": amounts.shown(each.tax, currency), "gross": amounts.shown(each.gross, currency),
        }
        for number, (line, each) in enumerate(zip(lines, found.lines, strict=True), 1)
    ]  # fmt: skip
    return {
        "lines": kept,
        "product_ids": unique(line["product_id"] for line in kept),
        "totals": _totals(found, kept, currency),
        "net_amount": amounts.decimal_of(found.net, currency), "net_currency": currency,
        "total_amount": amounts.decimal_of(found.total, currency), "total_currency": currency,
        "discount_percent": amounts.largest_discount(lines, header),
    }  # fmt: skip


def unique(ids: Any) -> list[UUID]:
    return [UUID(id) for id in dict.fromkeys(str(id) for id in ids if id)]


def _totals(
    found: amounts.Amounts, lines: Sequence[Mapping[str, Any]], currency: str
) -> dict[str, Any]:
    return {
        "subtotal": amounts.shown(found.subtotal, currency),
        "discount": amounts.shown(found.discount, currency),
        "net": amounts.shown(found.net, currency),
        "tax": amounts.shown(found.tax, currency),
        "total": amounts.shown(found.total, currency),
        "taxes": [
            {
                "rate": float(each.rate), "net": amounts.shown(each.net, currency),
                "tax": amounts.shown(each.tax, currency), "gross": amounts.shown(each.gross, currency),
            }
            for each in found.rates
        ],
        "cost": _cost(lines, currency),
    }  # fmt: skip


def _cost(lines: Sequence[Mapping[str, Any]], currency: str) -> dict[str, str] | None:
    """What it costs us altogether, if that is known of every line."""
    known = [
        _cost_of(line, f"lines.{number}.cost", currency)
        for number, line in enumerate(lines)
        if line.get("cost") is not None
    ]
    return money(sum(known, Decimal(0)), currency) if known and len(known) == len(lines) else None


def _cost_of(line: Mapping[str, Any], field: str, currency: str) -> Decimal:
    quantity, cost = Decimal(str(line["quantity"])), Decimal(line["cost"]["amount"])
    whole = line_amount(quantity, cost, Decimal(0), currency)
    amounts.demand_orderable(whole, field=field)
    return whole


def is_over_limit(row: Mapping[str, Any]) -> bool:
    """Whether a line of a quote gives away more than the limit of its price book."""
    subtotal = Decimal(row["totals"]["subtotal"]["amount"])
    header = amounts.header_part(row["discount"], subtotal)
    return any(
        amounts.discount_of(line, header) > amounts.exact(line["discount_limit"])
        for line in row["lines"]
        if line.get("discount_limit") is not None
    )


def found_by(row: Mapping[str, Any], *, account_name: str | None) -> dict[str, Any]:
    """The search columns: number, name and account; matched by number and external id."""
    about = {"emails": [], "phones": [], **row}
    words = search_columns(
        [row["name"]], about, words=[account_name, row["number"]],
        more_keys={f"k:{row['number'].lower()}"},
    )  # fmt: skip
    both = search_columns([row["name"], account_name, row["number"]], {"emails": [], "phones": []})
    return words | {"search_grams": both["search_grams"]}
