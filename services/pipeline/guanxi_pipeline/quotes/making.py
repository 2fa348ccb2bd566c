"""New quotes by the many, in a few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi_pipeline.numbering import QUOTE_NUMBERS, number_all
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.rules import found_by
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.many_records import insert_many


@dataclass(frozen=True, slots=True)
class NewQuote:
    """All columns but the number, if none is brought; by which name of its account it is found."""

    row: dict[str, Any]
    account_name: str | None


async def write_quotes(
    connection: Connection, organisation: UUID, quotes: Sequence[NewQuote], *, actor: Actor
) -> None:
    """Numbers are taken first, so that what fails gives them back."""
    if not quotes:
        return
    await number_all(connection, organisation, QUOTE_NUMBERS, [quote.row for quote in quotes])
    for quote in quotes:
        quote.row["name"] = quote.row["name"] or quote.account_name or quote.row["number"]
    rows = (quote.row | found_by(quote.row, account_name=quote.account_name) for quote in quotes)
    await insert_many(connection, QUOTES, rows, actor=actor)
