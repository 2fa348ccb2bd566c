"""What is left of an entitlement, whatever is booked and given back; when it can be claimed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.entitlements import claim_rules
from guanxi_tickets.errors import EntitlementUsedUp

AMOUNTS = st.decimals(min_value=0, max_value=1000, places=2)
UNITS = st.sampled_from(["incidents", "hours", "visits"])
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "UTC", "Pacific/Kiritimati", "America/New_York"])  # fmt: skip


def row_of(**more: Any) -> dict[str, Any]:
    return {
        "name": "x", "unit": "incidents", "granted": Decimal(5), "used": Decimal(0), "is_active": True,
        "product_id": None, "kinds": [], "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31), "distance": 0, "id": 1, "remind_days": 30, "reminded_at": None,
        **claim_rules.term(date(2026, 1, 1), date(2026, 12, 31), "UTC"), **more,
    }  # fmt: skip


@given(AMOUNTS | st.none(), st.lists(AMOUNTS), UNITS)
def test_never_more_is_used_than_is_granted_and_the_sum_is_that_of_the_lines(
    granted: Decimal | None, amounts: list[Decimal], unit: str
) -> None:
    row, lines = row_of(granted=granted, remaining=granted, unit=unit), list[Decimal]()
    for amount in amounts:
        try:
            row |= claim_rules.booked(row, amount)
        except EntitlementUsedUp:
            assert granted is not None
            assert row["used"] + amount > granted
            continue
        lines.append(amount)
        assert granted is None or (
            row["used"] <= granted and row["remaining"] == granted - row["used"]
        )
    assert row["used"] == sum(lines)
    for amount in lines:
        row |= claim_rules.booked(row, -amount)
    assert (row["used"], row["remaining"]) == (0, granted)


@given(AMOUNTS, AMOUNTS)
def test_there_is_enough_exactly_when_one_more_can_be_booked(
    granted: Decimal, used: Decimal
) -> None:
    row = row_of(granted=max(granted, used), used=used)
    if claim_rules.has_left(row):
        claim_rules.booked(row, Decimal(1))
    else:
        with pytest.raises(EntitlementUsedUp):
            claim_rules.booked(row, Decimal(1))


@given(DAYS, st.integers(0, 400), ZONES, st.integers(-10, 24 * 60 * 410))
def test_a_term_covers_whole_days_of_its_zone(
    begins: date, days: int, zone: str, minutes: int
) -> None:
    ends = begins + timedelta(days=days)
    found = claim_rules.term(begins, ends, zone)
    now = found["starts_at"] + timedelta(minutes=minutes)
    row = row_of(valid_from=begins, valid_until=ends, **found)
    is_within = begins <= claim_rules.on_day(now, zone) <= ends
    ticket = {"product_id": None, "kind": "question"}
    assert (claim_rules.obstacle(row, ticket, now) is None) == is_within


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"is_active": False}, "put away"), ({"product_id": 1}, "product"), ({"kinds": ["complaint"]}, "complaint"),
        ({"used": Decimal(5)}, "used up"), ({"used": Decimal("4.01")}, "used up"),
        ({"unit": "hours", "used": Decimal("4.99")}, None), ({"unit": "hours", "used": Decimal(5)}, "used up"),
        ({"granted": None, "used": Decimal(99)}, None), ({}, None),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_said(more: dict[str, Any], why: str | None) -> None:
    now, ticket = datetime(2026, 6, 1, tzinfo=UTC), {"product_id": 2, "kind": "incident"}
    found = claim_rules.obstacle(row_of(**more), ticket, now)
    assert found is None if why is None else why in str(found)
    assert "hours" in str(claim_rules.obstacle(row_of(), ticket, now, is_open=False))
    assert "begins" in str(claim_rules.obstacle(row_of(), ticket, now - timedelta(days=365)))
    assert "ended" in str(claim_rules.obstacle(row_of(), ticket, now + timedelta(days=365)))


def test_the_narrowest_that_ends_first_comes_first() -> None:
    late = datetime(2027, 6, 1, tzinfo=UTC)
    rows = [
        row_of(id=1, ends_at=late), row_of(id=2), row_of(id=3, distance=1), row_of(id=4, product_id=7, distance=1),
    ]  # fmt: skip
    assert [row["id"] for row in claim_rules.in_order(rows)] == [4, 2, 1, 3]


@given(st.integers(0, 366), st.integers(-400, 400))
def test_its_end_is_told_before_it_or_not_at_all(days: int, ahead: int) -> None:
    row = row_of(remind_days=days)
    now = row["ends_at"] - timedelta(days=ahead)
    at = claim_rules.reminder_at(row, now)
    assert (at is None) == (ahead <= 0)
    assert at is None or at == row["ends_at"] - timedelta(days=days)
    assert claim_rules.reminder_at(row | {"reminded_at": now}, now) is None
