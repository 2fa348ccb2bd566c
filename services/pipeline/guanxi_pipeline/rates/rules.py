"""Exchange rates and sums over several currencies: per currency, or converted with the rate and its day
stated. Pure.

    converted = round(amount x rate)      half away from zero, to the target's smallest unit, once

A rate is kept for a pair in one direction and serves both; a pair that is not kept goes through the
organisation's own currency, with both rates stated. A converted sum is the sum of the per-currency sums,
each converted once. A rate that is not known is an error that names it, never 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from guanxi_pipeline.errors import RateMissing
from guanxi_pipeline.sum_rules import WIDE, money, rounded

# What is stated is what is reckoned with: an amount of fifteen digits converts exactly to its cent.
STATED = Context(prec=15, rounding=ROUND_HALF_EVEN)
OLD_AFTER_DAYS = 7


@dataclass(frozen=True, slots=True)
class Rate:
    """1 `currency` = `rate` of the target, as of `valid_on`; `is_inverse`: kept the other way round;
    `parts`: the two rates that it is the product of, where neither way is kept."""

    currency: str
    rate: Decimal
    valid_on: date
    is_inverse: bool = False
    parts: "tuple[tuple[str, Rate], ...]" = ()

    def shown(self) -> dict[str, Any]:
        """With `via`, each part's target and rate, where it goes through a third currency."""
        found = {
            "currency": self.currency,
            "rate": f"{self.rate.normalize():f}",
            "rate_date": self.valid_on,
        }
        if self.parts:
            found["via"] = [part.shown() | {"to": target} for target, part in self.parts]
        return found


def inverse(rate: Decimal) -> Decimal:
    """1 / rate to fifteen significant digits."""
    return STATED.divide(Decimal(1), rate)


def rate_from(currency: str, rate: Decimal, valid_on: date, *, is_inverse: bool = False) -> Rate:
    """As it is kept, or turned round."""
    return Rate(currency, inverse(rate) if is_inverse else rate, valid_on, is_inverse)


def crossed(first: Rate, through: str, second: Rate, target: str) -> Rate:
    """`first` into `through`, then `second` from there into the target: as old as the older of them."""
    return Rate(
        first.currency,
        STATED.multiply(first.rate, second.rate),
        min(first.valid_on, second.valid_on),
        parts=((through, first), (target, second)),
    )


def with_crossed(
    known: Mapping[str, Rate], into_base: Mapping[str, Rate], base: str, target: str
) -> dict[str, Rate]:
    """What is known of the target, and for every other currency the way through `base`."""
    found = dict(known)
    if base == target or (last := known.get(base)) is None:
        return found
    for currency, first in into_base.items():
        if currency not in found and currency != target:
            found[currency] = crossed(first, base, last, target)
    return found


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates into one currency that hold on a day."""

    target: str
    on: date
    known: Mapping[str, Rate]

    def missing(self, currencies: Iterable[str]) -> list[str]:
        return sorted({c for c in currencies if c != self.target and c not in self.known})

    def demand(self, currencies: Iterable[str]) -> None:
        """RateMissing names the first pair that has no rate on the day."""
        if missing := self.missing(currencies):
            pairs = ", ".join(f"{currency} to {self.target}" for currency in missing)
            raise RateMissing(
                f"There is no exchange rate from {pairs} on or before {self.on}.",
                errors={"currency": f"Enter the rate: POST /v1/exchange-rates ({pairs})."},
                missing=[
                    {"from": c, "to": self.target, "on": self.on.isoformat()} for c in missing
                ],
            )

    def convert(self, amount: Decimal, currency: str) -> Decimal:
        if currency == self.target:
            return amount
        self.demand([currency])
        return rounded(WIDE.multiply(amount, self.known[currency].rate), self.target)

    def used(self, currencies: Iterable[str]) -> list[dict[str, Any]]:
        """The rates that a conversion of these rests on, as they are shown."""
        return [self.known[c].shown() for c in sorted(set(currencies)) if c != self.target]


def converted(sums: Sequence[tuple[Decimal, str]], rates: Rates) -> dict[str, Any]:
    """One sum in the target currency with everything it rests on."""
    currencies = [currency for _, currency in sums]
    rates.demand(currencies)
    total = sum((rates.convert(amount, currency) for amount, currency in sums), Decimal(0))
    return {**money(total, rates.target), "rates": rates.used(currencies)}


def converted_or_why_not(
    sums: Sequence[tuple[Decimal, str]], rates: Rates
) -> tuple[dict[str, Any] | None, list[str]]:
    """The converted sum, or None and the currencies without a rate, where nobody insists on it."""
    missing = rates.missing(currency for _, currency in sums)
    return (None, missing) if missing else (converted(sums, rates), [])


def age_of(rate: Rate, on: date) -> dict[str, Any]:
    """How old a rate was on the day it was asked for. An old one is said to be, not refused: whoever
    keeps a monthly rate means it."""
    days = (on - rate.valid_on).days
    return {"age_days": days, "is_old": days > OLD_AFTER_DAYS}
