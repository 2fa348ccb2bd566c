"""Which entitlement a new ticket is made on, or why on none; what is left of one. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from guanxi_tickets.errors import EntitlementUsedUp

Row = Mapping[str, Any]
BY_TICKET: Final = "incidents"  # of this unit each ticket takes one; others are booked by hand
ONE: Final = Decimal(1)


def obstacle(row: Row, ticket: Row, now: datetime, *, is_open: bool = True) -> str | None:
    """Why a ticket cannot be made on this entitlement; None when it can. `is_open`: whether now is in the
    hours of its calendar."""
    if not row["is_active"]:
        return "is put away"
    if now < row["starts_at"]:
        return f"begins on {row['valid_from']}"
    if now >= row["ends_at"]:
        return f"ended on {row['valid_until']}"
    if row["product_id"] is not None and row["product_id"] != ticket["product_id"]:
        return "is for another product"
    if row["kinds"] and ticket["kind"] not in row["kinds"]:
        return f"is for {', '.join(row['kinds'])}"
    if not is_open:
        return "is claimed in its hours alone"
    return None if has_left(row) else "is used up"


def has_left(row: Row) -> bool:
    """Enough for one more ticket."""
    if row["granted"] is None:
        return True
    left = row["granted"] - row["used"]
    return bool(left >= ONE if row["unit"] == BY_TICKET else left > 0)


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Those for the product before those for all, the account's own before its parents', what ends first
    before what ends later."""
    return sorted(
        rows, key=lambda r: (r["product_id"] is None, r["distance"], r["ends_at"], r["id"])
    )


def booked(row: Row, amount: Decimal) -> dict[str, Decimal | None]:
    """The columns after so much was used (below nothing: given back). EntitlementUsedUp where that is more
    than there is."""
    used = row["used"] + amount
    if row["granted"] is not None and used > row["granted"]:
        left = row["granted"] - row["used"]
        raise EntitlementUsedUp(
            f"{row['name']} has {left.normalize():f} {row['unit']} left.",
            errors={"amount": f"At most {left.normalize():f}."},
        )
    return {"used": max(used, Decimal(0)), "remaining": remaining(row["granted"], used)}


def remaining(granted: Decimal | None, used: Decimal) -> Decimal | None:
    return None if granted is None else granted - used


def term(valid_from: date, valid_until: date, time_zone: str) -> dict[str, datetime]:
    """Its first and the first instant after its last day, on the wall clock of its zone."""
    zone = ZoneInfo(time_zone)
    after = valid_until + timedelta(days=1)
    return {
        "starts_at": datetime.combine(valid_from, time(), zone).astimezone(UTC),
        "ends_at": datetime.combine(after, time(), zone).astimezone(UTC),
    }


def reminder_at(row: Row, now: datetime) -> datetime | None:
    """When its end is told; None where it was told, or it is over."""
    if row["reminded_at"] is not None or row["ends_at"] <= now:
        return None
    return _instant(row["ends_at"]) - timedelta(days=int(row["remind_days"]))


def _instant(value: Any) -> datetime:
    assert isinstance(value, datetime)
    return value


def sentence(found: Sequence[tuple[Row, str]]) -> str:
    """Why a ticket is made on none of these."""
    if not found:
        return "The account has no entitlement."
    return " ".join(f"{row['name']} {why}." for row, why in found[:5])


def on_day(at: datetime, time_zone: str) -> date:
    """The day of an instant on the wall clock of a zone."""
    return at.astimezone(ZoneInfo(time_zone)).date()
