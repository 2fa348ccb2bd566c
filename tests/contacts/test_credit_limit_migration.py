"""Records that were there before accounts had a credit limit show that they have none."""

import json
from uuid import uuid4

import asyncpg

from guanxi_shared.identifiers import new_id
from tests.contacts.standing.test_standing_migration import migrate
from tests.prepared import Clone

ACCOUNT = """
INSERT INTO accounts (organisation_id, id, name, as_shown) VALUES ($1, $2, 'Acme', $3)
"""
SHOWN = "SELECT as_shown FROM accounts WHERE organisation_id = $1"
FORCED = "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'accounts'::regclass"


async def test_what_accounts_show_has_the_new_part_and_loses_it_again(own_database: Clone) -> None:
    organisation = uuid4()
    await migrate(own_database, "downgrade", "0110")
    connection = await asyncpg.connect(own_database.admin_url)
    try:
        await connection.execute("SET search_path = contacts")
        await connection.execute(ACCOUNT, organisation, new_id(), '{"name": "Acme"}')
        for verb, version, part in (("upgrade", "head", {"credit_limit": None}), ("downgrade", "0110", {})):  # fmt: skip
            await migrate(own_database, verb, version)
            shown = json.loads(await connection.fetchval(SHOWN, organisation))
            assert shown == {"name": "Acme", **part}
            assert await connection.fetchval(FORCED) is True
    finally:
        await connection.close()
