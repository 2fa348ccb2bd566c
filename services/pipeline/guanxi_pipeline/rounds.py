"""Duties that go round all organisations, one after the other."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from guanxi_shared import logs
from guanxi_shared.db import Database


async def every_organisation(database: Database) -> list[UUID]:
    """Those whose directory has arrived here, read without being bound to any of them
    (`organisations()` shows their ids and nothing else)."""
    async with database.transaction(None) as connection:
        rows = await connection.fetch("SELECT id FROM organisations() AS id ORDER BY id")
    return [row["id"] for row in rows]


async def go_round(
    database: Database, work: Callable[[Database, UUID], Awaitable[Any]], *, what: str
) -> None:
    """`work` for each organisation. One that cannot be served now is told of in the log, holds up no
    other, and has its turn again in the next round."""
    for organisation in await every_organisation(database):
        try:
            await work(database, organisation)
        except Exception as error:
            _log.error(f"{what} failed", organisation_id=str(organisation), exc_info=error)


_log = logs.logger("rounds")
