"""Duties that go round all organisations: their ids, read without being bound to any of them."""

from uuid import UUID

from guanxi_shared.db import Database


async def every_organisation(database: Database) -> list[UUID]:
    """Those whose directory has arrived here (`organisations()` shows their ids and nothing else)."""
    async with database.transaction(None) as connection:
        rows = await connection.fetch("SELECT id FROM organisations() AS id ORDER BY id")
    return [row["id"] for row in rows]
