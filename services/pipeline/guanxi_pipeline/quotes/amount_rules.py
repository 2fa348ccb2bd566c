"""What a quote amounts to: lines, discount, tax and total that agree to the smallest unit. Pure.

All amounts are whole numbers of the currency's smallest unit (ISO 4217: a hundredth of a yuan, a yen,
a thousandth of a dinar); everything between them is an exact fraction, rounded half away from zero
where a rule below says so and nowhere else.

    1. amount of a line   = round(quantity x unit price x (100 - discount) / 100)
    2. subtotal           = sum of the amounts
    3. header discount    = round(subtotal x percent / 100), or the amount that is given
    4. share of a line    = of the header discount in proportion to its amount, by largest remainder
    5. prices without tax (net):   net of a line = amount - share; for each rate
                                   tax = round(sum of nets x rate / 100)
       prices with tax (gross):    gross of a line = amount - share; for each rate
                                   tax = round(sum of grosses x rate / (100 + rate))
    6. tax of a line      = of its rate's tax in proportion to its net (gross), by largest remainder
    7. gross = net + tax, of each line, each rate and the whole

So tax is worked out once a rate, on the sum (as EN 16931, BR-CO-17 has it), and lines add up to it.
Largest remainder (Hamilton's method): everybody gets the whole units of their exact share, and what is
left goes, a unit each, to the largest fractions; of equal ones the earlier line's first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from guanxi_pipeline.errors import DiscountTooLarge
from guanxi_pipeline.orders.line_rules import MOST
from guanxi_shared.errors import Invalid
from guanxi_shared.money import MOST_DIGITS, scale_of

HUNDRED = Fraction(100)
PERCENT_DIGITS = 4


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """In smallest units; `share` is what the header discount takes from the line."""

    amount: int
    share: int
    net: int
    tax: int

    @property
    def gross(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class RateTotal:
    """All lines of one rate."""

    rate: Fraction
    net: int
    tax: int

    @property
    def gross(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Amounts:
    lines: tuple[LineAmounts, ...]
    subtotal: int
    discount: int
    rates: tuple[RateTotal, ...]

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def total(self) -> int:
        return self.net + self.tax


def half_up(value: Fraction) -> int:
    """The nearest whole number, halves away from zero."""
    size = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return size if value >= 0 else -size


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """`total` units in proportion to `weights` (none negative), by largest remainder: the shares sum to
    `total` exactly, each within one unit of its exact share. Without any weight nobody gets anything."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    left = total - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in by_remainder[:left]:
        shares[index] += 1
    return shares


def amounts_of(
    lines: Sequence[Mapping[str, Any]],
    *,
    currency: str,
    mode: str,
    discount: Mapping[str, Any] | None,
) -> Amounts:
    """`lines` have quantity, unit_price (money), discount and tax_rate in percent; `mode` is net or
    gross; `discount` holds a percent or an amount (money), or is None. Raises DiscountTooLarge."""
    unit = 10 ** scale_of(currency)
    amounts = [_amount(line, unit) for line in lines]
    subtotal = sum(amounts)
    taken = _header(discount, subtotal, unit)
    shares = spread(taken, amounts)
    left = [amount - share for amount, share in zip(amounts, shares, strict=True)]
    rates = [exact(line.get("tax_rate") or 0) for line in lines]
    taxes, totals = _taxes(left, rates, mode)
    nets = left if mode == "net" else [gross - tax for gross, tax in zip(left, taxes, strict=True)]
    _demand_size(amounts, left, taxes, unit)
    return Amounts(
        tuple(map(LineAmounts, amounts, shares, nets, taxes)), subtotal, taken, tuple(totals)
    )


def exact(number: Any) -> Fraction:
    """A number as it is written: 0.1 is a tenth."""
    return Fraction(Decimal(str(number)))


def _amount(line: Mapping[str, Any], unit: int) -> int:
    price = Fraction(Decimal(line["unit_price"]["amount"])) * unit
    kept = (HUNDRED - exact(line.get("discount") or 0)) / HUNDRED
    return half_up(exact(line["quantity"]) * price * kept)


def _header(discount: Mapping[str, Any] | None, subtotal: int, unit: int) -> int:
    if not discount:
        return 0
    if discount.get("percent") is not None:
        return half_up(subtotal * exact(discount["percent"]) / HUNDRED)
    taken = half_up(Fraction(Decimal(discount["amount"]["amount"])) * unit)
    if taken > subtotal:
        raise DiscountTooLarge(
            "The discount is larger than the lines together.",
            errors={"discount": "Send less than the sum of the lines."},
        )
    return taken


def _taxes(
    left: Sequence[int], rates: Sequence[Fraction], mode: str
) -> tuple[list[int], list[RateTotal]]:
    taxes, totals = [0] * len(left), []
    for rate in sorted(set(rates)):
        own = [i for i, each in enumerate(rates) if each == rate]
        base = sum(left[i] for i in own)
        tax = half_up(base * rate / (HUNDRED if mode == "net" else HUNDRED + rate))
        for i, part in zip(own, spread(tax, [left[i] for i in own]), strict=True):
            taxes[i] = part
        totals.append(RateTotal(rate, base if mode == "net" else base - tax, tax))
    return taxes, totals


def _demand_size(
    amounts: Iterable[int], left: Iterable[int], taxes: Iterable[int], unit: int
) -> None:
    if sum(left) + sum(taxes) >= 10**MOST_DIGITS * unit:
        raise Invalid(
            f"The total has more than {MOST_DIGITS} digits.",
            errors={"lines": "The sum is too large."},
        )
    for number, amount in enumerate(amounts):
        demand_orderable(Decimal(amount) / unit, field=f"lines.{number}")


def demand_orderable(amount: Decimal, *, field: str) -> None:
    """What is accepted becomes an order, whose lines hold so much and no more."""
    if amount >= MOST:
        raise Invalid(
            f"{field} comes to more than {MOST:f}.", errors={field: "Too much for one line."}
        )


def discount_of(line: Mapping[str, Any], header: Fraction) -> Fraction:
    """What a line gives away altogether, in percent: against the price of the book or list where that
    is known and higher, its own discount and the part `header` (0 to 1) of the header discount."""
    price = Fraction(Decimal(line["unit_price"]["amount"]))
    base = line.get("base_price")
    most = max(price, Fraction(Decimal(base["amount"]))) if base else price
    if not most:
        return Fraction(0)
    kept = price * (HUNDRED - exact(line.get("discount") or 0)) / HUNDRED * (1 - header)
    return HUNDRED * (1 - kept / most)


def header_part(discount: Mapping[str, Any] | None, subtotal: Decimal) -> Fraction:
    """The part (0 to 1) of `subtotal` that a header discount takes. A percentage counts as it is said,
    like that of a line: rounding to the smallest unit carries nobody over a limit."""
    if not discount or not subtotal:
        return Fraction(0)
    if discount.get("percent") is not None:
        return exact(discount["percent"]) / HUNDRED
    return Fraction(Decimal(discount["amount"]["amount"])) / Fraction(subtotal)


def largest_discount(lines: Sequence[Mapping[str, Any]], header: Fraction) -> Decimal:
    """The largest of `discount_of`, in percent, rounded up to four digits: just over a limit is over."""
    largest = max((discount_of(line, header) for line in lines), default=Fraction(0))
    unit = 10**PERCENT_DIGITS
    return Decimal(-(-largest.numerator * unit // largest.denominator)).scaleb(-PERCENT_DIGITS)


def shown(units: int, currency: str) -> dict[str, str]:
    """Smallest units as money."""
    return {"amount": f"{decimal_of(units, currency):f}", "currency": currency}


def decimal_of(units: int, currency: str) -> Decimal:
    return Decimal(f"{units}E-{scale_of(currency)}")
