"""Timers that fall due in any organisation: what one tick does with those of a kind.

Each record keeps when it is to be looked at next, in an index over all of them; a tick asks for those
that are due and looks at no other.
"""

from collections.abc import Awaitable, Callable, Sequence
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
    `look_at` says whether there was still something to look at. Those of one organisation are looked at
    together by `look_at_all`, where there is one, all or none of them; one by one where that fails."""

    noun: str
    due: str
    later: str
    look_at: Callable[[Database, UUID, UUID], Awaitable[bool]]
    look_at_all: Callable[[Database, UUID, Sequence[UUID]], Awaitable[bool]] | None = None


async def look_at_due(database: Database, timed: Timed) -> None:
    """All that are due; those that another worker looked at meanwhile are not looked at again."""
    while True:
        async with database.transaction(None) as connection:
            due = await connection.fetch(timed.due, AT_ONCE)
        by_organisation: dict[UUID, list[UUID]] = {}
        for row in due:
            by_organisation.setdefault(row["organisation_id"], []).append(row["id"])
        looked = [await _all(database, timed, *each) for each in by_organisation.items()]
        if not any(looked):
            return


async def _all(database: Database, timed: Timed, organisation: UUID, ids: Sequence[UUID]) -> bool:
    if timed.look_at_all is not None:
        try:
            return await timed.look_at_all(database, organisation, ids)
        except PASSING:
            raise
        except Exception as error:
            LOG.warning(f"{timed.noun}s are looked at one by one", exc_info=error)
    return any([await _looked(database, timed, organisation, id) for id in ids])


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
