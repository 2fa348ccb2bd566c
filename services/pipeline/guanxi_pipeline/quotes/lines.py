"""Lines of a quote filled up: from products, price books and tax classes, in two statements for all."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi_pipeline.price_books.pricing import Found, find_prices, no_price
from guanxi_pipeline.quotes import rules
from guanxi_pipeline.tax_classes.service import rates_on
from guanxi_shared.calls import Call
from guanxi_shared.errors import Invalid, UnknownReference

SET_BY_SERVER = (
    "position", "base_price", "discount_limit", "price_book_id", "amount", "discount_share", "net",
    "tax", "gross",
)  # fmt: skip
Line = dict[str, Any]


async def filled_lines(
    call: Call, sent: Sequence[Mapping[str, Any]], *, currency: str, mode: str,
    account_id: UUID | None,
) -> list[Line]:  # fmt: skip
    """The lines as they are kept, but for their amounts. Raises what is wrong under `lines.N`."""
    prices: Sequence[Found] = ()
    if asked := of_products(sent):
        prices = await find_prices(
            call, asked, currency=currency, on=call.clock.today, account_id=account_id
        )
    lines = with_products(sent, prices, currency)
    rates = await rates_on(call, codes_of(lines), call.clock.today)
    return with_prices(lines, prices, rates, currency=currency, mode=mode)


def of_products(sent: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those whose prices are to be found, in their order."""
    return [line for line in sent if line.get("product_id")]


def with_products(
    sent: Sequence[Mapping[str, Any]], prices: Sequence[Found], currency: str
) -> list[Line]:
    """What is sent, and what products say of the rest; `prices` are those of `of_products(sent)`."""
    lines = [{k: v for k, v in line.items() if k not in SET_BY_SERVER} for line in sent]
    for number, price in _by_line(lines, prices).items():
        if price.reason in ("unknown_product", "inactive_product"):
            raise no_price(number, price, currency)
        lines[number] = rules.line_from_product(lines[number], price.product, currency)
    return lines


def with_prices(
    lines: Sequence[Line], prices: Sequence[Found], rates: Mapping[str, Decimal], *, currency: str,
    mode: str,
) -> list[Line]:  # fmt: skip
    """As they are kept, but for their amounts; `rates` are those of today for `codes_of(lines)`."""
    found = _by_line(lines, prices)
    taxed = _taxed(lines, rates)
    return [_priced(n, line, found.get(n), currency, mode) for n, line in enumerate(taxed)]


def codes_of(lines: Sequence[Line]) -> list[str]:
    """The tax classes whose rates are not sent."""
    return [line["tax_class"] for line in lines if _asks_for_rate(line)]


def _by_line(lines: Sequence[Line], prices: Sequence[Found]) -> dict[int, Found]:
    numbers = [number for number, line in enumerate(lines) if line.get("product_id")]
    return dict(zip(numbers, prices, strict=True))


def _taxed(lines: Sequence[Line], rates: Mapping[str, Decimal]) -> list[Line]:
    for number, line in enumerate(lines):
        if _asks_for_rate(line) and line["tax_class"] not in rates:
            raise UnknownReference(
                f"The tax class {line['tax_class']!r} of line {number} has no rate today.",
                errors={f"lines.{number}.tax_class": "Choose a class, or send tax_rate."},
            )
    return [
        {**line, "tax_rate": _rate(line, float(rates.get(line.get("tax_class") or "", 0)))}
        for line in lines
    ]


def _asks_for_rate(line: Mapping[str, Any]) -> bool:
    return line.get("tax_rate") is None and line.get("tax_class") is not None


def _rate(line: Mapping[str, Any], known: float) -> float:
    sent = line.get("tax_rate")
    return known if sent is None else sent


def _priced(number: int, line: Line, found: Found | None, currency: str, mode: str) -> Line:
    if found is None:
        _demand_spelt_out(number, line)
        return line
    if found.price is None:
        if line.get("unit_price") is None:
            raise no_price(number, found, currency)
        return line
    base = rules.price_in_mode(found.price, line["tax_rate"], currency, mode)
    limit, book = found.product["discount_limit"], found.product["book_id"]
    return {
        **line, "unit_price": line.get("unit_price") or base, "base_price": base,
        "discount_limit": None if limit is None else float(limit),
        "price_book_id": None if book is None else str(book),
    }  # fmt: skip


def _demand_spelt_out(number: int, line: Mapping[str, Any]) -> None:
    """Without a product a line says itself what it is and what it costs."""
    for name in ("name", "unit_price"):
        if line.get(name) is None:
            raise Invalid(
                f"Line {number} has no product and no {name}.",
                errors={f"lines.{number}.{name}": "Send it, or a product_id."},
            )
