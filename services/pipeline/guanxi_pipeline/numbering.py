"""Numbers of what is counted (orders, quotes, invoices): one after the other within an organisation, none twice
and none left out.

The row that holds the last one is locked until the record is committed, so that a rollback gives its
number back. A number that an import brought is stepped over, or, where it moves the count on, left behind:
then nobody who is given one has to look whether it is taken.
"""

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from uuid import UUID

from guanxi_pipeline.errors import NumberTaken
from guanxi_shared.db import Connection

NEXT = """
INSERT INTO {counter} AS n (organisation_id, last) VALUES ($1, $2)
ON CONFLICT (organisation_id) DO UPDATE SET last = n.last + excluded.last RETURNING last
"""
# Whoever brings a number takes turns with whoever is given one.
TURN = """
INSERT INTO {counter} AS n (organisation_id, last) VALUES ($1, $2)
ON CONFLICT (organisation_id) DO UPDATE SET last = greatest(n.last, excluded.last)
"""
AMONG = (
    "SELECT DISTINCT number FROM {table} WHERE organisation_id = $1 AND number = ANY($2::text[])"
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """`SO-000001` and on: of the records of a table, which has the column `number`. Of more than nine
    digits none is ever reached."""

    noun: str
    table: str
    counter: str
    prefix: str
    moves_on: bool = False

    def number_of(self, count: int) -> str:
        return f"{self.prefix}-{count:06d}"

    def count_of(self, number: str) -> int | None:
        """Of a number that might be given here."""
        found = re.fullmatch(rf"{self.prefix}-(\d{{6,9}})", number, re.ASCII)
        return None if found is None else int(found[1])


ORDER_NUMBERS = Numbers("order", "orders", "order_numbers", "SO")
QUOTE_NUMBERS = Numbers("quote", "quotes", "quote_numbers", "Q", moves_on=True)
INVOICE_NUMBERS = Numbers("invoice", "invoices", "invoice_numbers", "INV", moves_on=True)


async def give_numbers(
    connection: Connection, organisation: UUID, numbers: Numbers, count: int, *,
    besides: Set[str] = frozenset(),
) -> list[str]:  # fmt: skip
    """The next numbers, in order; `besides` are brought in the same breath and not in the table yet."""
    given: list[str] = []
    while len(given) < count:
        wanted = count - len(given)
        sql = NEXT.format(counter=numbers.counter)
        last = await connection.fetchval(sql, organisation, wanted)
        found = [numbers.number_of(last - wanted + 1 + index) for index in range(wanted)]
        if numbers.moves_on:
            return found
        taken = await taken_numbers(connection, organisation, numbers, found) | besides
        given += [number for number in found if number not in taken]
    return given


async def demand_free(
    connection: Connection, organisation: UUID, numbers: Numbers, brought: Sequence[str]
) -> None:
    """NumberTaken names one that stands on another record, deleted ones included, or twice in here."""
    if own := [n for number in brought if (n := numbers.count_of(number)) is not None]:
        at_least = max(own) if numbers.moves_on else 0
        await connection.execute(TURN.format(counter=numbers.counter), organisation, at_least)
    taken = await taken_numbers(connection, organisation, numbers, brought)
    twice = {number for number, count in Counter(brought).items() if count > 1}
    if found := sorted(taken | twice):
        a_noun = f"an {numbers.noun}" if numbers.noun[0] in "aeiou" else f"a {numbers.noun}"
        raise NumberTaken(
            f"There is {a_noun} {found[0]!r} already.",
            errors={"number": f"Taken by another {numbers.noun}."},
        )


async def taken_numbers(
    connection: Connection, organisation: UUID, numbers: Numbers, wanted: Sequence[str]
) -> set[str]:
    """Those that stand on a record, deleted ones included."""
    if not wanted:
        return set()
    rows = await connection.fetch(AMONG.format(table=numbers.table), organisation, list(wanted))
    return {row["number"] for row in rows}


async def number_all(
    connection: Connection, organisation: UUID, numbers: Numbers, rows: Sequence[dict[str, object]]
) -> None:
    """Numbers for those rows that bring none, in their order; those that are brought must be free."""
    brought = [str(row["number"]) for row in rows if row["number"] is not None]
    if brought:
        await demand_free(connection, organisation, numbers, brought)
    without = [row for row in rows if row["number"] is None]
    given = await give_numbers(
        connection, organisation, numbers, len(without), besides=set(brought)
    )
    for row, number in zip(without, given, strict=True):
        row["number"] = number
