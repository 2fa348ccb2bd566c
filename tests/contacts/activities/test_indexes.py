"""Row-level security must not keep the indexes of activities from being read."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from guanxi_contacts.activities.clashing import TAKEN
from guanxi_shared.identifiers import new_id
from tests.factories import Organisation
from tests.prepared import Clone

MANY = """
INSERT INTO activities (organisation_id, id, kind, subject, owner_id, account_ids, contact_ids,
  invited_ids, starts_at, ends_at, due_at)
SELECT $1, gen_random_uuid(), 'meeting', 'x', gen_random_uuid(), ARRAY[gen_random_uuid()],
  ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()], now() + (n - 15000) * interval '1 hour',
  now() + (n - 15000) * interval '1 hour' + interval '30 minutes', NULL
FROM generate_series(1, 20000) AS n
"""


@pytest.fixture
async def many(
    organisation: Organisation, own_database: Clone
) -> AsyncIterator[tuple[asyncpg.Connection, Organisation]]:
    """20,000 meetings of as many people, seen by the role that answers requests."""
    admin = await asyncpg.connect(own_database.admin_url)
    await admin.execute("SET search_path = contacts, public")
    await admin.execute(MANY, organisation.id)
    await admin.execute("ANALYZE activities")
    await admin.close()
    connection = await asyncpg.connect(own_database.urls["contacts"].request)
    await connection.execute("SET plan_cache_mode = force_custom_plan; SET jit = off; BEGIN")
    await connection.execute(
        "SELECT set_config('app.organisation_id', $1, true)", str(organisation.id)
    )
    yield connection, organisation
    await connection.close()


async def plan_of(connection: asyncpg.Connection, sql: str, *args: Any) -> str:
    rows = await connection.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {sql}", *args)
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("column", ["account_ids", "contact_ids", "invited_ids"])
async def test_a_timeline_reads_the_index_of_links(
    many: tuple[asyncpg.Connection, Organisation], column: str
) -> None:
    connection, organisation = many
    sql = f"SELECT id FROM activities WHERE organisation_id = $1 AND {column} && $2::uuid[]"
    plan = await plan_of(connection, sql, organisation.id, [uuid4()])
    assert "ix_activities_linked" in plan
    assert "Seq Scan" not in plan


async def test_a_person_s_taken_time_reads_two_indexes_and_no_table(
    many: tuple[asyncpg.Connection, Organisation],
) -> None:
    connection, organisation = many
    bounds = await connection.fetchrow("SELECT now() AS first, now() + interval '1 hour' AS last")
    assert bounds is not None
    args = (organisation.id, [new_id(), new_id()], bounds["first"], bounds["last"], new_id())
    plan = await plan_of(connection, TAKEN, *args)
    assert "Seq Scan on activities a" not in plan
    assert "ix_activities_linked" in plan, plan
