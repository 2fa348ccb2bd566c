"""Records that were there before the keys: the migration gives them theirs."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import asyncpg
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from guanxi_contacts.accounts.rules import found_by
from guanxi_contacts.people.rules import found_by as person_found_by
from guanxi_shared.identifiers import new_id
from tests.prepared import Clone

MIGRATION: Any = import_module("guanxi_contacts.migrations.versions.0006_merges")
NAMES = ["北京未来科技有限公司", "Acme Inc", "张三", "!!!"]
JOINED = "JOIN accounts_search USING (organisation_id, id)"
EMAILS = '[{"address": "info@weilai.example"}, {"address": "a@qq.com"}]'


async def as_owner(clone: Clone, work: Callable[[], None]) -> None:
    url = clone.urls["contacts"].owner.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url)

    def migrate(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            work()

    async with engine.begin() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


async def test_old_records_of_all_organisations_get_their_keys(own_database: Clone) -> None:
    connection = await asyncpg.connect(own_database.urls["contacts"].owner)
    organisations = [new_id(), new_id()]
    for organisation in organisations:
        await connection.execute(
            "SELECT set_config('app.organisation_id', $1, false)", str(organisation)
        )
        for name in NAMES:
            await connection.execute(
                "WITH made AS (INSERT INTO accounts (organisation_id, id, name, website, emails)"
                " VALUES ($1, $2, $3, 'https://www.w.example/x', $4::text::jsonb) RETURNING *)"
                " INSERT INTO accounts_search (organisation_id, id, match_keys)"
                " SELECT organisation_id, id, '{n:kept}' FROM made",
                organisation, new_id(), name, EMAILS,
            )  # fmt: skip
            await connection.execute(
                "WITH made AS (INSERT INTO contacts (organisation_id, id, name) VALUES ($1, $2, $3)"
                " RETURNING *) INSERT INTO contacts_search (organisation_id, id)"
                " SELECT organisation_id, id FROM made",
                organisation, new_id(), name,
            )  # fmt: skip
    MIGRATION.AT_ONCE = 3
    for table in ("accounts", "contacts"):
        await as_owner(own_database, lambda table=table: MIGRATION._add_keys(table))
    for organisation in organisations:
        await connection.execute(
            "SELECT set_config('app.organisation_id', $1, false)", str(organisation)
        )
        for row in await connection.fetch(f"SELECT name, match_keys FROM accounts {JOINED}"):
            wanted = found_by({
                "name": row["name"], "website": "https://www.w.example/x", "phones": [],
                "emails": [{"address": "info@weilai.example"}, {"address": "a@qq.com"}],
            })["match_keys"]  # fmt: skip
            new = {key for key in wanted if key[:2] in MIGRATION.OWN_KINDS}
            assert set(row["match_keys"]) == new | {"n:kept"}
        for row in await connection.fetch(
            f"SELECT name, match_keys FROM contacts {JOINED.replace('accounts', 'contacts')}"
        ):
            wanted = person_found_by({"name": row["name"], "phones": [], "emails": []})[
                "match_keys"
            ]
            assert set(row["match_keys"]) == {k for k in wanted if not k.startswith("n:")}
    await connection.execute("SELECT set_config('app.organisation_id', '', false)")
    assert await connection.fetch("SELECT 1 FROM accounts") == []  # the policies hold again
    await connection.close()
