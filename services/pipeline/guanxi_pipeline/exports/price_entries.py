"""The entries of price books for an export, some at a time, however many a book has."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.exports.price_rules import ENTRY
from guanxi_pipeline.price_books.entries import read_entries
from guanxi_shared.db import Database

MOST: Final = 1_000
Row = dict[str, Any]


async def spread_entries(
    db: Database, organisation: UUID, books: Sequence[Row]
) -> AsyncIterator[list[Row]]:
    """Each row a book with one of its entries; a book without any is a row by itself."""
    held: list[Row] = []
    for book in books:
        is_empty = True
        async for entries in read_entries(db, organisation, UUID(book["id"]), most=MOST):
            is_empty = False
            held += [{**book, ENTRY: entry} for entry in entries]
            if len(held) >= MOST:
                yield held
                held = []
        held += [book] if is_empty else []
    if held:
        yield held
