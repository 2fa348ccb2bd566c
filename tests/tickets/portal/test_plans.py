"""What a link opens, and whose contact is looked for, is found by indexes among many tickets."""

from typing import Any
from uuid import UUID

from guanxi_shared.db import Database
from guanxi_tickets.portal.reading import LIST
from guanxi_tickets.portal.visiting import OF_REQUESTER
from guanxi_tickets.requesters.seeking import DUE_OF
from tests.factories import Organisation

MANY = """
INSERT INTO tickets (organisation_id, id, number, subject, priority, priority_rank, status, status_kind, requester_id,
  from_email)
SELECT $1, gen_random_uuid(), 'X' || n, 'x', 'low', 4, 'new', 'new', gen_random_uuid(), 'a' || n || '@example.com'
FROM generate_series(1, 5000) AS n
"""


async def plan(connection: Any, sql: str, *asked: Any) -> str:
    rows = await connection.fetch(f"EXPLAIN {sql}", *asked)
    return "\n".join(row[0] for row in rows)


async def test_neither_looks_at_every_ticket(
    organisation: Organisation, service_database: Database
) -> None:
    nobody, org = UUID(int=1), organisation.id
    listed = LIST.format(own=OF_REQUESTER, first="$10", second="$11").replace(
        "WITH own", "WITH unused AS (SELECT $1::text), own", 1
    )
    due = DUE_OF.replace("FROM tickets", "FROM (SELECT $1::text) AS unused, tickets", 1)
    async with service_database.transaction(org) as connection:
        await connection.execute(MANY, org)
        await connection.execute("ANALYZE tickets")
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
