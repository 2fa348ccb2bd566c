"""A claim finds its ticket by the index of what waits, whatever Postgres knows of the queue."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from guanxi_tickets.assignments.claiming import NEXT, NEXT_FREE
from tests.factories import Clients, Organisation
from tests.tickets.past import owning
from tests.tickets.portal.test_plans import BIND, plan, undone
from tests.tickets.queueing import queue

MANY = """
INSERT INTO tickets (organisation_id, id, number, subject, priority, priority_rank, status, status_kind)
SELECT $1, gen_random_uuid(), 'X' || n, 'x', 'low', 4, 'new', 'new' FROM generate_series(1, 3000) AS n
"""
FILLED = """
UPDATE tickets SET queue_id = $2, team_id = $3, queued_at = created_at
WHERE organisation_id = $1 AND number LIKE 'X%'
"""


async def rows_known(connection: asyncpg.Connection) -> float:
    known: float = await connection.fetchval(
        "SELECT reltuples FROM pg_class WHERE oid = 'tickets'::regclass"
    )
    return known


@pytest.mark.parametrize("known", ["nothing", "an empty queue", "all"])
async def test_a_claim_out_of_a_queue_that_was_just_filled_sorts_nothing(
    client: Clients, company: Organisation, database: Any, known: str
) -> None:
    """Only a table's owner analyses it: then the service's role asks."""
    bills = await queue(client(company.admin), company)
    async with owning(database.admin_url) as connection, undone(connection):
        await connection.execute("DELETE FROM pg_statistic WHERE starelid = 'tickets'::regclass")
        await connection.execute(MANY, company.id)
        if known == "an empty queue":
            await connection.execute("ANALYZE tickets")
            assert await rows_known(connection) >= 3000
        queue_id = UUID(bills["id"])
        await connection.execute(FILLED, company.id, queue_id, company.teams["a"])
        if known == "all":
            await connection.execute("ANALYZE tickets")
            assert await rows_known(connection) >= 3000
        await connection.execute("SET LOCAL ROLE tickets")
        await connection.execute(BIND, str(company.id))
        plans = [await plan(connection, sql, company.id, queue_id, 1) for sql in (NEXT_FREE, NEXT)]
    for text in plans:
        assert "Index Scan using ix_tickets_waiting" in text, text
        assert "Sort" not in text, text
