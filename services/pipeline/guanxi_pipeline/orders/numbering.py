"""Numbers of orders: one after the other within an organisation, none twice and none left out.

The row that holds the last one is locked until the order is committed, so that a rollback gives its
number back. A number that an import brought is stepped over.
"""

import re
from collections import Counter
from collections.abc import Sequence, Set
from uuid import UUID

from guanxi_pipeline.errors import NumberTaken
from guanxi_shared.db import Connection

OWN = re.compile(r"SO-(\d{6,15})")
NEXT = """
INSERT INTO order_numbers AS n (organisation_id, last) VALUES ($1, $2)
ON CONFLICT (organisation_id) DO UPDATE SET last = n.last + excluded.last RETURNING last
"""
# Whoever brings a number takes turns with whoever is given one.
TAKEN = """
WITH turn AS (INSERT INTO order_numbers AS n (organisation_id, last) VALUES ($1, 0)
  ON CONFLICT (organisation_id) DO UPDATE SET last = n.last RETURNING last)
SELECT last FROM turn
"""
AMONG = "SELECT number FROM orders WHERE organisation_id = $1 AND number = ANY($2::text[])"


def number_of(count: int) -> str:
    return f"SO-{count:06d}"


async def give_numbers(
    connection: Connection, organisation: UUID, count: int, *, besides: Set[str] = frozenset()
) -> list[str]:
    """The next numbers, in order; `besides` are brought in the same breath and not in the table yet."""
    given: list[str] = []
    while len(given) < count:
        wanted = count - len(given)
        last = await connection.fetchval(NEXT, organisation, wanted)
        numbers = [number_of(last - wanted + 1 + index) for index in range(wanted)]
        taken = await taken_numbers(connection, organisation, numbers) | besides
        given += [number for number in numbers if number not in taken]
    return given


async def demand_free(connection: Connection, organisation: UUID, numbers: Sequence[str]) -> None:
    """NumberTaken names one that stands on another order, deleted ones included, or twice in here."""
    if any(OWN.fullmatch(number) for number in numbers):
        await connection.execute(TAKEN, organisation)
    taken = await taken_numbers(connection, organisation, numbers)
    twice = {number for number, count in Counter(numbers).items() if count > 1}
    if found := sorted(taken | twice):
        raise NumberTaken(
            f"There is an order {found[0]!r} already.", errors={"number": "Taken by another order."}
        )


async def taken_numbers(
    connection: Connection, organisation: UUID, numbers: Sequence[str]
) -> set[str]:
    """Those that stand on an order, deleted ones included."""
    if not numbers:
        return set()
    rows = await connection.fetch(AMONG, organisation, list(numbers))
    return {row["number"] for row in rows}
