"""Conversions that were interrupted, taken up by the worker in the name of those who asked."""

from functools import partial
from uuid import UUID

from guanxi_pipeline.conversions import kept
from guanxi_pipeline.conversions.kept import Kept
from guanxi_pipeline.conversions.running import run_conversion
from guanxi_pipeline.errands import house_of
from guanxi_shared import delegation, logs
from guanxi_shared.calls import House
from guanxi_shared.db import Database
from guanxi_shared.errands import as_call
from guanxi_shared.errors import Problem
from guanxi_shared.rounds import go_round
from guanxi_shared.running_jobs import PASSING
from guanxi_shared.schedules import schedule


@schedule("* * * * *", name="finish-conversions")
async def finish_conversions(database: Database) -> None:
    async with house_of(database) as here:
        await go_round(database, partial(finish_organisation, here), what="finishing conversions")


async def finish_organisation(here: House, organisation: UUID) -> None:
    async with here.db.transaction(organisation) as connection:
        due = [row["id"] for row in await connection.fetch(kept.DUE, organisation)]
    for conversion_id in due:
        found = await kept.take_up(here.db, organisation, conversion_id)
        if found is None:
            continue
        try:
            await finish(here, found)
        except (Problem, *PASSING) as error:  # one that waits must not hold up the others
            LOG.warning("conversion waits", conversion=str(conversion_id), reason=str(error))


async def finish(here: House, found: Kept) -> None:
    """One that was taken up, with the rights that were kept: whoever comes by needs none of their own,
    and lends it none."""
    call = as_call(here, delegation.from_params(found["rights"]), "conversion")
    await run_conversion(call, found, token=None)


LOG = logs.logger("conversions")
