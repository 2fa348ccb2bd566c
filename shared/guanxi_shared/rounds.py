"""Duties that go round all organisations, one after the other."""

from collections.abc import Awaitable, Callable
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
    database: Database, work: Callable[[UUID], Awaitable[object]], *, what: str
) -> None:
    """`work` for each organisation. One that cannot be served now is told of in the log, holds up no
    other, and has its turn again in the next round; the first failure is raised when all had theirs."""
    failed: list[Exception] = []
    for organisation in await every_organisation(database):
        try:
            await work(organisation)
        except Exception as error:
            LOG.error(f"{what} failed", organisation_id=str(organisation), exc_info=error)
            failed.append(error)
    if failed:
        raise failed[0]


LOG = logs.logger("rounds")
