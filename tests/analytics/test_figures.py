"""From sums to what a measure shows."""

from decimal import Decimal
from typing import Any

import pytest

from guanxi_analytics.queries.figure_rules import change_of, shown
from guanxi_analytics.queries.measures import MEASURES


@pytest.mark.parametrize(
    ("name", "sums", "currency", "amount"),
    [
        ("average_order", {"bought": Decimal("2650400"), "orders": 3}, "JPY", "883467"),
        ("average_order", {"bought": Decimal("10.00"), "orders": 3}, "CNY", "3.33"),
        ("average_order", {"bought": Decimal("1.000"), "orders": 3}, "KWD", "0.333"),
        ("revenue", {"amount": Decimal("870400")}, "INR", "870400.00"),
        ("revenue", {"amount": Decimal("0.125")}, "CNY", "0.125"),  # a sum is not rounded
        ("revenue", None, "BRL", "0.00"),
        ("revenue", None, "JPY", "0"),
    ],
)
def test_money_has_the_digits_of_its_currency(
    name: str, sums: dict[str, Any] | None, currency: str, amount: str
) -> None:
    assert shown(MEASURES[name], sums, currency) == {"amount": amount, "currency": currency}


def test_so_has_a_difference() -> None:
    now, before = ({"amount": each, "currency": "CNY"} for each in ("5.00", "2"))
    found = change_of(MEASURES["revenue"], now, before)
    assert found == {"difference": {"amount": "3.00", "currency": "CNY"}, "percent": 150.0}
