"""What a link opens, and whose contact is looked for, is found by indexes among many tickets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from guanxi_tickets.portal.reading import LIST
from guanxi_tickets.portal.visiting import OF_REQUESTER
from guanxi_tickets.requesters.seeking import DUE_OF
from tests.factories import Organisation
from tests.tickets.past import owning

BIND = "SELECT set_config('app.organisation_id', $1, true)"

MANY = """
INSERT INTO tickets (organisation_id, id, number, subject, priority, priority_rank, status, status_kind, requester_id,
  from_email)
SELECT $1, gen_random_uuid(), 'X' || n, 'x', 'low', 4, 'new', 'new', gen_random_uuid(), 'a' || n || '@example.com'
FROM generate_series(1, 5000) AS n
"""


async def plan(connection: Any, sql: str, *asked: Any) -> str:
    rows = await connection.fetch(f"EXPLAIN {sql}", *asked)
    return "\n".join(row[0] for row in rows)


@asynccontextmanager
async def undone(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Nothing of what is done in here stays."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def test_neither_looks_at_every_ticket(organisation: Organisation, database: Any) -> None:
    """Only a table's owner analyses it (anyone else is refused in silence): then the service's role asks."""
    nobody, org = UUID(int=1), organisation.id
    listed = LIST.format(own=OF_REQUESTER, first="$10", second="$11").replace(
        "WITH own", "WITH unused AS (SELECT $1::text), own", 1
    )
    due = DUE_OF.replace("FROM tickets", "FROM (SELECT $1::text) AS unused, tickets", 1)
    async with owning(database.admin_url) as connection, undone(connection):
        await connection.execute(MANY, org)
        await connection.execute("ANALYZE tickets")
        analysed = await connection.fetchval(
            "SELECT reltuples FROM pg_class WHERE oid = 'tickets'::regclass"
        )
        assert analysed >= 5000
        await connection.execute("SET LOCAL ROLE tickets")
        await connection.execute(BIND, str(org))
        asked = (nobody, [nobody], "a@example.com", True, [], [], [], nobody, 51)
        plans = [
            await plan(connection, listed, "", org, *asked),
            await plan(connection, due, "", org),
        ]
    for text in plans:
        assert "Seq Scan on tickets" not in text, text
    assert "ix_tickets_organisation_id_requester_id" in plans[0], plans[0]
    assert "ix_tickets_organisation_id_from_email" in plans[0], plans[0]
    assert "ix_tickets_seek_requester_at" in plans[1], plans[1]
