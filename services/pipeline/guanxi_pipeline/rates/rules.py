"""Sums over several currencies: per currency, or converted with the rate and its day stated. Pure.

A converted sum is the sum of the per-currency sums, each times its rate and rounded to the target's
smallest unit once. A rate that is not known is an error that names it, never 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from guanxi_pipeline.errors import RateMissing
from guanxi_pipeline.sum_rules import money, rounded

INVERSE_DIGITS = 18


def inverse(rate: Decimal) -> Decimal:
    """The rate the other way round, to 18 significant digits: what is worth a ten thousandth is kept as
    exactly as what is worth ten thousand."""
    with localcontext(prec=INVERSE_DIGITS):
        return 1 / rate


@dataclass(frozen=True, slots=True)
class Rate:
    """1 `currency` = `rate` of the target, as of `valid_on`; `is_inverse`: kept the other way round."""

    currency: str
    rate: Decimal
    valid_on: date
    is_inverse: bool = False

    def shown(self) -> dict[str, Any]:
        return {
            "currency": self.currency,
            "rate": f"{self.rate.normalize():f}",
            "rate_date": self.valid_on,
        }


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
        return rounded(amount * self.known[currency].rate, self.target)


def converted(sums: Sequence[tuple[Decimal, str]], rates: Rates) -> dict[str, Any]:
    """One sum in the target currency with everything it rests on."""
    currencies = [currency for _, currency in sums]
    rates.demand(currencies)
    total = sum((rates.convert(amount, currency) for amount, currency in sums), Decimal(0))
    used = sorted({c for c in currencies if c != rates.target})
    return {**money(total, rates.target), "rates": [rates.known[c].shown() for c in used]}


def converted_or_why_not(
    sums: Sequence[tuple[Decimal, str]], rates: Rates
) -> tuple[dict[str, Any] | None, list[str]]:
    """The converted sum, or None and the currencies without a rate, where nobody insists on it."""
    missing = rates.missing(currency for _, currency in sums)
    return (None, missing) if missing else (converted(sums, rates), [])
