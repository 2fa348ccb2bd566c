"""A ticket is solved or closed: whom which survey asks about it, and when."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.kept_filters import Errand
from guanxi_shared.record_statements import decoded
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.survey_sending import rules
from guanxi_tickets.survey_sending.fitting import errand_for, fits, solved_since
from guanxi_tickets.survey_sending.resources import INVITATIONS
from guanxi_tickets.surveys.resources import SURVEYS, TABLE
from guanxi_tickets.surveys.service import load_survey
from guanxi_tickets.tickets.resources import TICKETS

ACTOR: Final = Actor(id=None, kind="service", channel="survey")
ON: Final = """
SELECT * FROM surveys s WHERE s.organisation_id = $1 AND s.send_on IN ('solved', 'closed') AND s.is_active
  AND s.deleted_at IS NULL ORDER BY s.id
"""
PLANNED: Final = """
SELECT 1 FROM survey_invitations
WHERE organisation_id = $1 AND survey_id = $2 AND ticket_id = $3 AND round = $4 AND occasion <> 'hand'
"""
LATEST_COMMIT: Final = timedelta(minutes=5)
SEEN: Final = "UPDATE tickets SET survey_due_at = NULL WHERE organisation_id = $1 AND id = $2"
SCHEDULED: Final = """
SELECT id FROM surveys WHERE organisation_id = $1 AND next_run_at <= now() ORDER BY next_run_at, id
"""


async def plan_for(database: Database, organisation: UUID, ticket_id: UUID) -> bool:
    """Whether there was still something to plan. All surveys of the ticket in one transaction, under its
    lock, with the mark gone by which it was found."""
    errand = await errand_for(database, organisation)
    async with database.transaction(organisation) as connection:
        try:
            ticket = await records.load_record(connection, TICKETS, ticket_id, scope=EVERYTHING)
        except NotFound:  # deleted meanwhile, or merged away
            await connection.execute(SEEN, organisation, ticket_id)
            return False
        now, due = datetime.now(UTC), ticket.row["survey_due_at"]
        if due is None or due > now:
            return False
        if ticket.row["requester_id"] is not None:
            for row in await connection.fetch(ON, organisation):
                survey = decoded(TABLE, dict(row))
                at = rules.send_at(survey, ticket.row, now)
                if at is not None and await _is_meant(errand, connection, survey, ticket.row):
                    await _plan(connection, survey, ticket.row, at)
        await connection.execute(SEEN, organisation, ticket_id)
        return True


async def plan_schedules(database: Database, organisation: UUID) -> None:
    async with database.transaction(organisation) as connection:
        due = [row["id"] for row in await connection.fetch(SCHEDULED, organisation)]
    for survey_id in due:
        await _run(await errand_for(database, organisation), survey_id)


async def _run(errand: Errand, survey_id: UUID) -> None:
    """One round of a schedule, with the beginning of the next, in one transaction."""
    async with errand.db.transaction(errand.organisation) as connection:
        survey, now = await load_survey(connection, survey_id), datetime.now(UTC)
        row = survey.row
        if row["next_run_at"] is None or row["next_run_at"] > now:
            return
        # What was solved by transactions that ended later than this looked is found by the next.
        since = row["ran_until"] - LATEST_COMMIT
        for ticket in await solved_since(errand, connection, row, since, now):
            if rules.is_sampled(survey_id, ticket["id"], row["sample_percent"]):
                await _plan(connection, row, ticket, now)
        then = {"next_run_at": now + timedelta(days=row["every_days"]), "ran_until": now}
        await records.update_record(connection, SURVEYS, survey, then, actor=ACTOR)


async def _is_meant(
    errand: Errand, connection: Connection, survey: Mapping[str, Any], ticket: Mapping[str, Any]
) -> bool:
    if not rules.is_sampled(survey["id"], ticket["id"], survey["sample_percent"]):
        return False
    return not survey["filter_groups"] or await fits(errand, connection, survey, ticket["id"])


async def _plan(
    connection: Connection, survey: Mapping[str, Any], ticket: Mapping[str, Any], at: datetime
) -> None:
    """Once for each time that the ticket was solved."""
    organisation, number = survey["organisation_id"], ticket["reopened_count"]
    asked = (organisation, survey["id"], ticket["id"], number)
    if await connection.fetchval(PLANNED, *asked) is not None:
        return
    columns = {
        "organisation_id": organisation, "id": new_id(), "survey_id": survey["id"],
        "edition": survey["edition"], "occasion": survey["send_on"], "status": "planned",
        "ticket_id": ticket["id"], "contact_id": ticket["requester_id"], "round": number,
        "send_at": at, "partial": {}, "owner_id": ticket["owner_id"], "team_id": ticket["team_id"],
    }  # fmt: skip
    await records.insert_record(connection, INVITATIONS, columns, actor=ACTOR, verb="planned")
