"""What accounts went through before changes were kept is taken from the log."""

import asyncio
import os
import subprocess
import sys
from uuid import UUID, uuid4

import asyncpg

from guanxi_shared.identifiers import new_id
from tests.prepared import Clone

ACCOUNT = "INSERT INTO accounts (organisation_id, id, name, grade) VALUES ($1, $2, 'Acme', 'C')"
EVENT = """
INSERT INTO events (organisation_id, id, type, subject_type, subject_id, version, actor_id, actor_kind,
    channel, changed, before, after, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6::bigint, $1, 'user', $7, $8, $9, $10, '2026-11-01T08:00:00Z'::timestamptz + $6::bigint * interval '1 day')
"""
KEPT = """
SELECT account_id, version, dimension, from_value, to_value, source, actor_id, at::date::text AS day
FROM standing_changes WHERE organisation_id = $1 ORDER BY version, dimension
"""


async def migrate(database: Clone, *verb: str, service: str = "contacts") -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "guanxi_shared.migrations", f"guanxi_{service}", *verb],
        env=os.environ | database.environment(service) | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def written_before(connection: asyncpg.Connection, organisation: UUID, account: UUID) -> None:
    await connection.execute(ACCOUNT, organisation, account)
    steps = [
        ("created", "account", 1, "api", [], None, '{"grade": "A"}'),
        ("updated", "account", 2, "import", ["grade"], '{"grade": "A"}', '{"grade": "B"}'),
        ("updated", "account", 3, "api", ["name"], '{"name": "x"}', '{"grade": "B"}'),
        ("merged", "account", 4, "api", ["grade", "name"], '{"grade": "B"}', '{"grade": "C"}'),
        ("updated", "contact", 5, "api", ["grade"], '{"grade": "C"}', '{"grade": "D"}'),
    ]  # fmt: skip
    for verb, noun, version, channel, changed, before, after in steps:
        await connection.execute(
            EVENT, organisation, new_id(), f"contacts.{noun}.{verb}", noun, account, version, channel,
            changed, before, after,
        )  # fmt: skip


async def test_moves_before_the_migration_are_kept_with_who_and_when(own_database: Clone) -> None:
    organisation, other, account = uuid4(), uuid4(), new_id()
    await migrate(own_database, "downgrade", "0006")
    connection = await asyncpg.connect(own_database.admin_url)
    try:
        await connection.execute("SET search_path = contacts")
        for each in (organisation, other):
            await written_before(connection, each, account)
        await migrate(own_database, "upgrade", "head")
        for each in (organisation, other):
            assert [tuple(row) for row in await connection.fetch(KEPT, each)] == [
                (account, 2, "grade", "A", "B", "import", each, "2026-11-03"),
                (account, 4, "grade", "B", "C", "system", each, "2026-11-05"),
            ]
        await connection.execute(
            EVENT, organisation, new_id(), "contacts.account.updated", "account", account, 6, "api",
            ["grade"], '{"grade": "C"}', '{"grade": "D"}',
        )  # fmt: skip
        newest = [tuple(row) for row in await connection.fetch(KEPT, organisation)][-1]
        assert newest[1:6] == (6, "grade", "C", "D", "by_hand")
        forced = "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'events'::regclass"
        assert await connection.fetchval(forced) is True
    finally:
        await connection.close()
