"""What is loaded is there as if the service had written it: rows, search rows, indexes, activities."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.bench.dealings import EACH, load_dealings
from tests.bench.loading import WORD_INDEXES, load_accounts, load_contacts, ownerless
from tests.bench.staging import SETTINGS
from tests.bench.test_arithmetic import organisation_of
from tests.prepared import Clone

COUNT = 200
SAME = """
SELECT count(*) FROM {0} AS t JOIN {0}_search AS s USING (organisation_id, id)
WHERE t.owner_id IS NOT DISTINCT FROM s.owner_id AND t.as_shown IS NOT NULL AND s.match_keys <> '{{}}'
"""
TABLES = [name for table in ("accounts", "activities") for name in (table, f"{table}_search")]


@pytest.fixture
async def connection(own_database: Clone) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(own_database.admin_url, server_settings=SETTINGS)
    yield connection
    await connection.close()


async def test_both_kinds_are_loaded_whole_and_no_index_is_missing_afterwards(
    own_database: Clone, connection: asyncpg.Connection
) -> None:
    organisation, url = organisation_of(mates=4), own_database.admin_url
    before = set(await connection.fetch(WORD_INDEXES, TABLES))
    await load_contacts(url, organisation, COUNT)
    await load_accounts(url, organisation, COUNT)
    for table in ("contacts", "accounts"):
        assert await connection.fetchval(SAME.format(table)) == COUNT
    assert len(await ownerless(url, most=COUNT)) == COUNT // 10
    assert set(await connection.fetch(WORD_INDEXES, TABLES)) == before
    assert len(before) >= 4


async def test_activities_are_loaded_once(
    own_database: Clone, connection: asyncpg.Connection
) -> None:
    organisation, url = organisation_of(mates=4), own_database.admin_url
    await load_accounts(url, organisation, COUNT)
    told = [await connection.fetchval("SELECT id FROM accounts LIMIT 1")]
    for _ in range(2):
        await load_dealings(url, organisation, told)
    for table in ("activities", "activities_search"):
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == EACH
