"""From sums to what measures show. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guanxi_analytics.queries.measures import Measure
from guanxi_shared.money import scale_of

DIGITS = 4
LEAST = 10  # answers of a figure


def shown(measure: Measure, sums: Mapping[str, Any] | None, currency: str | None) -> Any:
    """A measure's value. Money as `{"amount", "currency"}`; null where there is nothing to divide by, or a
    cost that nobody knows. Counts of nothing are 0, so is money where its currency is known."""
    if sums is None:
        return _nothing(measure, currency)
    value = VALUES[measure.how](measure, [sums[name] for name in measure.of])
    if value is None or not measure.is_money:
        return _plain(value)
    return money_of(value, currency, is_exact=measure.how != "quotient")


def money_of(value: Decimal | int, currency: str | None, *, is_exact: bool) -> dict[str, Any]:
    """With the digits of its currency. A sum that has more keeps them: it is never rounded; a quotient is."""
    digits = 2 if currency is None else scale_of(currency)
    rounded = round(Decimal(value), digits)
    return {
        "amount": f"{rounded if rounded == value or not is_exact else value:f}",
        "currency": currency,
    }


def _nothing(measure: Measure, currency: str | None) -> Any:
    if measure.how != "sum":
        return None
    return money_of(0, currency, is_exact=True) if measure.is_money else 0


def _sum(measure: Measure, sums: list[Any]) -> Any:
    return sums[0]


def _margin(measure: Measure, sums: list[Any]) -> Any:
    amount, cost, is_costed = sums
    return amount - cost if is_costed else None


def _quotient(measure: Measure, sums: list[Any]) -> Any:
    """The first by the second."""
    above, below = sums
    if not below or above is None:
        return None
    if measure.is_money:
        return Decimal(above) / Decimal(below)
    return float(above) / float(below) * measure.times


def _of_money(measure: Measure, sums: list[Any]) -> Any:
    """The second of the first, in percent."""
    return float(sums[1]) / float(sums[0]) * 100.0 if sums[0] else None


def _of_ten(measure: Measure, sums: list[Any]) -> Any:
    """The first by the second, of ten at least: of fewer nothing is told."""
    return _quotient(measure, sums) if sums[1] >= LEAST else None


def _share(measure: Measure, sums: list[Any]) -> Any:
    """The first of both, in percent."""
    whole = sums[0] + sums[1]
    return sums[0] / whole * 100.0 if whole else None


VALUES = {
    "sum": _sum, "margin": _margin, "quotient": _quotient, "of_money": _of_money, "of_ten": _of_ten, "share": _share,
}  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    return round(value, DIGITS) if isinstance(value, float) else value


def change_of(measure: Measure, now: Any, before: Any) -> dict[str, Any] | None:
    """What changed: the difference, and in percent of what was before, null of zero or less."""
    if now is None or before is None:
        return None
    new, old = (Decimal(str(v["amount"] if measure.is_money else v)) for v in (now, before))
    percent = float(round((new - old) / old * 100, 2)) if old > 0 else None
    difference: Any = new - old
    if measure.is_money:
        difference = money_of(difference, now["currency"], is_exact=True)
    else:
        difference = _plain(difference)
    return {"difference": difference, "percent": percent}
