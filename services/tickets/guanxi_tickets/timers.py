"""Timers that fall due in any organisation: what one tick does with those of a kind.

Each record keeps when it is to be looked at next, in an index over all of them; a tick asks for those
that are due and looks at no other.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from guanxi_shared import logs
from guanxi_shared.db import Database
from guanxi_shared.running_jobs import PASSING

PUT_OFF: Final = timedelta(minutes=5)
AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Timed:
    """`due` gives organisation and id of at most `$1`; `later` puts one (`$1`, `$2`) off by `$3`;
    `look_at` says whether there was still something to look at."""

    noun: str
    due: str
    later: str
    look_at: Callable[[Database, UUID, UUID], Awaitable[bool]]


async def look_at_due(database: Database, timed: Timed) -> None:
    """All that are due; those that another worker looked at meanwhile are not looked at again."""
    while True:
        async with database.transaction(None) as connection:
            due = await connection.fetch(timed.due, AT_ONCE)
        looked = [await _looked(database, timed, row["organisation_id"], row["id"]) for row in due]
        if not any(looked):
            return


async def _looked(database: Database, timed: Timed, organisation: UUID, id: UUID) -> bool:
    """One that cannot be looked at is told of in the log, and its turn comes again later: it holds up no
    other."""
    try:
        return await timed.look_at(database, organisation, id)
    except PASSING:
        raise
    except Exception as error:
        LOG.error(f"{timed.noun} put off", id=str(id), exc_info=error)
        async with database.transaction(organisation) as connection:
            await connection.execute(timed.later, organisation, id, PUT_OFF)
        return True


LOG = logs.logger("timers")
