"""What the worker does about surveys: finds what is due by an index, and does each once, whatever dies.

A tick asks for what is due and looks at nothing else: tickets that were solved, planned invitations whose
time has come, low scores that open a ticket. Each is done, and its mark taken away, in one transaction.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from guanxi_shared import logs
from guanxi_shared.db import Database
from guanxi_shared.rounds import go_round
from guanxi_shared.running_jobs import PASSING
from guanxi_shared.schedules import schedule
from guanxi_tickets.survey_answers.following_up import follow_up
from guanxi_tickets.survey_sending.planning import plan_for, plan_schedules
from guanxi_tickets.survey_sending.sending import send_planned

DUE: Final = "SELECT organisation_id, what, id FROM due_surveys($1)"
# Where what failed is marked, to come again later.
MARKS: Final = {
    "ticket": ("tickets", "survey_due_at"),
    "invitation": ("survey_invitations", "send_at"),
    "answer": ("survey_answers", "follow_up_at"),
}
LATER: Final = "UPDATE {} SET {} = now() + $3 WHERE organisation_id = $1 AND id = $2"
WORKS: Final[Mapping[str, Callable[[Database, UUID, UUID], Awaitable[bool]]]] = {
    "ticket": plan_for, "invitation": send_planned, "answer": follow_up
}  # fmt: skip
PUT_OFF: Final = timedelta(minutes=5)
AT_ONCE: Final = 200


@schedule("* * * * * */5", name="work-surveys")
async def work_surveys(database: Database) -> None:
    while True:
        async with database.transaction(None) as connection:
            due = await connection.fetch(DUE, AT_ONCE)
        done = [await _done(database, *row.values()) for row in due]
        if not any(done):
            return


@schedule("*/10 * * * *", name="run-survey-schedules")
async def run_survey_schedules(database: Database) -> None:
    await go_round(database, partial(plan_schedules, database), what="surveys by schedule")


async def _done(database: Database, organisation: UUID, what: str, id: UUID) -> bool:
    """One that fails is told of in the log and holds up no other."""
    try:
        return await WORKS[what](database, organisation, id)
    except PASSING:
        raise
    except Exception as error:
        LOG.error("survey put off", what=what, id=str(id), exc_info=error)
        async with database.transaction(organisation) as connection:
            await connection.execute(LATER.format(*MARKS[what]), organisation, id, PUT_OFF)
        return True


LOG = logs.logger("surveys")
