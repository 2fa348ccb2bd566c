"""A low score opens a ticket: once, in one transaction with the answer that it is about."""

import math
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared import records
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Call
from guanxi_shared.custom_fields import values_that_hold
from guanxi_shared.db import Connection, Database
from guanxi_shared.errands import as_call
from guanxi_shared.errors import NotFound
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.errands import house_of
from guanxi_tickets.sla_alerts.people import PEOPLE
from guanxi_tickets.survey_answers.follow_up_rules import assigned, ticket_for
from guanxi_tickets.survey_answers.resources import ANSWERS
from guanxi_tickets.survey_sending.fitting import ZONE
from guanxi_tickets.survey_sending.planning import ACTOR
from guanxi_tickets.tickets.linking import take_turns
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.schemas import TicketCreate
from guanxi_tickets.tickets.service import create_ticket

# Who is not known here, or not any more, is not named by the new ticket.
ABOUT: Final = """
SELECT s.name, s.follow_up::text AS follow_up, e.questions::text AS questions, t.number, t.subject,
  t.product_id, t.custom::text AS custom, t.deleted_at IS NULL AND t.id IS NOT NULL AS is_there,
  (SELECT c.id FROM known_contacts c WHERE c.organisation_id = $1 AND c.id = $5 AND c.deleted_at IS NULL) AS requester_id,
  (SELECT k.id FROM known_accounts k WHERE k.organisation_id = $1 AND k.id = $6 AND k.deleted_at IS NULL) AS account_id
FROM surveys s
JOIN survey_editions e ON e.organisation_id = s.organisation_id AND e.survey_id = s.id AND e.number = $3
LEFT JOIN tickets t ON t.organisation_id = s.organisation_id AND t.id = $4
WHERE s.organisation_id = $1 AND s.id = $2
"""
NO_MORE: Final = (
    "UPDATE survey_answers SET follow_up_at = NULL WHERE organisation_id = $1 AND id = $2"
)


async def follow_up(database: Database, organisation: UUID, answer_id: UUID) -> bool:
    """Whether a ticket was still to be opened."""
    zones = await database.lookup(organisation, ZONE, organisation)
    async with house_of(database) as here:
        by = _nobody(organisation, zones[0]["time_zone"] if zones else "UTC")
        call = as_call(here, by, ACTOR.channel)
        async with database.transaction(organisation) as connection:
            return await _open(call, connection, answer_id)


async def _open(call: Call, connection: Connection, answer_id: UUID) -> bool:
    await take_turns(connection, call.organisation)  # before a row is held
    try:
        answer = await records.load_record(connection, ANSWERS, answer_id, scope=EVERYTHING)
    except NotFound:
        return False
    if answer.row["follow_up_at"] is None:
        return False
    about = await _about(call, connection, answer.row)
    if about["follow_up"] is None:  # the survey was told otherwise since
        await connection.execute(NO_MORE, call.organisation, answer_id)
        return True
    sent = ticket_for(about, answer.row) | await _assigned(call, connection, answer.row, about)
    fields = await call.custom_fields.definitions(call.organisation, TICKETS)
    # A required field that the ticket asked about has not, or has wrong by now, is left open: nobody is there to
    # be asked, and the customer waits.
    more = {"custom": values_that_hold(fields, about["custom"] or {})}
    data = TicketCreate.model_validate(sent)
    made = await create_ticket(call, connection, data, more=more)
    changes = {"follow_up_ticket_id": made["id"], "follow_up_at": None}
    await records.update_record(
        connection, ANSWERS, answer, changes, actor=ACTOR, verb="followed_up"
    )
    return True


async def _about(call: Call, connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("survey_id", "edition", "ticket_id", "contact_id", "account_id")
    found = await connection.fetchrow(ABOUT, call.organisation, *(row[name] for name in names))
    assert found is not None
    read = {
        name: orjson.loads(found[name] or "null") for name in ("follow_up", "questions", "custom")
    }
    return {**found, **read}


async def _assigned(
    call: Call, connection: Connection, row: Mapping[str, Any], about: Mapping[str, Any]
) -> dict[str, Any]:
    wanted = about["follow_up"]
    users = [id for id in (row["owner_id"], _id(wanted["assignee_id"])) if id is not None]
    teams = [id for id in (row["team_id"], _id(wanted["team_id"])) if id is not None]
    asked = (call.organisation, users, teams, row["owner_id"], row["team_id"])
    people = await connection.fetchrow(PEOPLE, *asked)
    assert people is not None
    return assigned(wanted, row, {name: list(ids or ()) for name, ids in people.items()})


def _id(value: str | None) -> UUID | None:
    return None if value is None else UUID(value)


def _nobody(organisation: UUID, time_zone: str) -> Principal:
    """Nobody in particular, who opens the ticket and does nothing else."""
    return Principal(
        kind="service", name="survey", organisation_id=organisation, user_id=None, role="survey",
        permissions=frozenset({"tickets:create", "tickets:read"}), visibility={"*": "all"},
        time_zone=time_zone, session_id=None, directory_version=0, expires_at=math.inf,
    )  # fmt: skip
