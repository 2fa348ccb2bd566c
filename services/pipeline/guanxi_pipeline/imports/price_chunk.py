"""What a chunk of rows says of price books and their entries, and what there is of these."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from guanxi_shared.imports.book import Book
from guanxi_shared.imports.prepared import Outcome

Columns = dict[str, Any]


class At(NamedTuple):
    """Of which a book has one price."""

    book_id: UUID
    product_id: UUID
    min_quantity: float


class Price(NamedTuple):
    unit_price: Decimal
    discount_limit: float | None


@dataclass(slots=True)
class News:
    """What a chunk says of one book."""

    changes: Columns = field(default_factory=dict)
    prices: dict[At, Price] = field(default_factory=dict)
    added: int = 0


@dataclass(slots=True)
class Chunk:
    book: Book
    outcome: Outcome
    present: dict[At, Price] = field(default_factory=dict)
    news: dict[UUID, News] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)  # numbers of the rows that made a book

    def of(self, book_id: UUID) -> News:
        return self.news.setdefault(book_id, News())


def stored_prices(rows: Iterable[Any]) -> dict[At, Price]:
    return {
        At(row["price_book_id"], row["product_id"], row["min_quantity"]): Price(
            row["unit_price"], row["discount_limit"]
        )
        for row in rows
    }


def as_entry(at: At, price: Price) -> Columns:
    """As a book's event tells it."""
    return {
        "product_id": str(at.product_id), "min_quantity": at.min_quantity,
        "unit_price": price.unit_price, "discount_limit": price.discount_limit,
    }  # fmt: skip
