"""The arithmetic of a distributor's stock, and what a row of months says. Pure.

closing = opening + bought - sold + adjusted        within a month
opening = closing of the month before               unless it is restated, with a reason

average sold = sold of the last three months / how many of them were reported
cover        = closing / (sold of those months / their days)     days, to one digit
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from guanxi_pipeline.errors import StockDifference
from guanxi_pipeline.purchases.period_rules import percent, step
from guanxi_shared.errors import Invalid

QUANTITIES = ("opening", "bought", "sold", "adjusted", "closing")
LAST_MONTHS = 3
Row = Mapping[str, Any]


def quantity(value: Any) -> Decimal:
    """A JSON number, digit for digit."""
    return Decimal(str(value))


def shown(value: Decimal) -> str:
    return f"{value.normalize():f}"


def key_of(row: Row) -> str:
    """What tells the products of a distributor apart: the product's id, else its sku."""
    if row.get("product_id") is None and not row.get("sku"):
        raise Invalid("Say of which product.", errors={"product_id": "Send a product_id or a sku."})
    return str(row["product_id"]) if row.get("product_id") is not None else f"sku:{row['sku']}"


def counted(row: Row) -> dict[str, Decimal]:
    """The month's quantities; a closing that is given must be what they come to, and not below zero."""
    own = {name: quantity(row.get(name) or 0) for name in QUANTITIES}
    expected = own["opening"] + own["bought"] - own["sold"] + own["adjusted"]
    given = expected if row.get("closing") is None else own["closing"]
    if given != expected:
        raise _difference("closing", expected, given, "opening + bought - sold + adjusted")
    if expected < 0:
        raise Invalid(
            f"{shown(-expected)} more went out than there was.",
            errors={"closing": f"It would be {shown(expected)}."},
        )
    if own["adjusted"] and not row.get("adjustment_reason"):
        raise Invalid(
            "Say why the stock was adjusted.", errors={"adjustment_reason": "Send a reason."}
        )
    return own | {"closing": expected}


def demand_opening(row: Row, before: Row | None) -> None:
    """It opens as the month before closed, unless that was restated, with a reason."""
    if row.get("restates_opening"):
        if not row.get("restatement_reason"):
            raise Invalid(
                "Say why the opening differs from what was reported.",
                errors={"restatement_reason": "Send a reason."},
            )
        return
    if before is not None and row["opening"] != before["closing"]:
        month = before["month"].isoformat()[:7]
        raise _difference("opening", before["closing"], row["opening"], f"the closing of {month}")


def demand_following(row: Row, after: Row | None) -> None:
    """A month that was reported already goes on from here."""
    if after is None or after["restates_opening"] or after["opening"] == row["closing"]:
        return
    month = after["month"].isoformat()[:7]
    raise _difference("closing", after["opening"], row["closing"], f"the opening of {month}")


def _difference(field: str, expected: Decimal, given: Decimal, whence: str) -> StockDifference:
    difference = given - expected
    return StockDifference(
        f"{field} is {shown(given)}, but {whence} gives {shown(expected)}: a difference of "
        f"{shown(difference)}.",
        errors={field: f"Expected {shown(expected)}, the difference is {shown(difference)}."},
        expected=float(expected), given=float(given), difference=float(difference),
    )  # fmt: skip


def summed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """A row a month: the stores of accounts that were merged add up."""
    months: dict[date, dict[str, Any]] = {}
    for row in rows:
        own = months.setdefault(
            row["month"], {"month": row["month"], **dict.fromkeys(QUANTITIES, Decimal(0))}
        )
        for name in QUANTITIES:
            own[name] += row[name]
    return [months[month] for month in sorted(months)]


def trend_of(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Months in their order, each with its change on the one before, what was sold lately, and for how
    many days the stock lasts at that pace."""
    months = {row["month"]: row for row in rows}
    found = []
    for month, row in sorted(months.items()):
        before = months.get(step(month, "month", -1))
        change = None if before is None else row["closing"] - before["closing"]
        found.append(
            {
                "month": month, **{name: float(row[name]) for name in QUANTITIES},
                "change": None if change is None else float(change),
                "change_percent": None if before is None else percent(row["closing"], before["closing"]),
                **_pace(month, months),
            }
        )  # fmt: skip
    return found


def _pace(month: date, months: Mapping[date, Row]) -> dict[str, Any]:
    last = [step(month, "month", -back) for back in range(LAST_MONTHS)]
    reported = [each for each in last if each in months]
    sold = sum((months[each]["sold"] for each in reported), Decimal(0))
    days = sum((step(each, "month") - each for each in reported), timedelta()).days
    cover = months[month]["closing"] * days / sold if sold else None
    return {
        "average_sold": float(_to_digits(sold / len(reported), 2)),
        "months_counted": len(reported),
        "cover_days": None if cover is None else float(_to_digits(cover, 1)),
        "cover_reason": None if sold else "Nothing was sold in these months.",
    }


def _to_digits(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
