"""Whose sums grow by what is new, so that nothing of the past has to be summed again. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from guanxi_analytics.facts.sale_rules import customers_of
from guanxi_analytics.facts.walking_rules import Piece

LastDays = Mapping[tuple[Any, str], date]  # customer and currency


def growing(begun: Iterable[Piece], was: Iterable[Piece], last: LastDays) -> set[UUID]:
    """Customers of whom nothing said before has ended, and who bought on later days than ever: those days are new, and
    so are their orders, as all lines of an order are of one day. What came back is a day's that counts no purchase."""
    anew = customers_of(was) | {
        row["customer_id"] for row in begun if row["kind"] == "bought" and not _is_later(row, last)
    }
    return customers_of(begun) - anew


def _is_later(row: Piece, last: LastDays) -> bool:
    day = last.get((row["customer_id"], row["currency"]))
    return day is None or row["valid_on"] > day
