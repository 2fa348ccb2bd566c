"""Somebody is asked by hand: about a ticket, or a person as such."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, Invalid
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.references import find_copied
from guanxi_tickets.letters.writing import write_survey_letter
from guanxi_tickets.references.service import PEOPLE
from guanxi_tickets.survey_sending.resources import INVITATIONS
from guanxi_tickets.survey_sending.schemas import InvitationCreate
from guanxi_tickets.survey_sending.sending import about_survey, sent, was_asked
from guanxi_tickets.surveys.service import load_survey
from guanxi_tickets.tickets.resources import TICKETS


class AskedLately(Conflict):
    code, title = "asked_lately", "The person was asked by a survey not long ago"


class SurveyOff(Conflict):
    code, title = "survey_off", "The survey is not active"


async def invite(
    call: Call, connection: Connection, survey_id: UUID, data: InvitationCreate
) -> State:
    """Sent at once. It is the ticket's assignee's, and without a ticket the caller's own."""
    survey, now = await load_survey(connection, survey_id), datetime.now(UTC)
    if not survey.row["is_active"]:
        raise SurveyOff("Activate the survey first.")
    ticket = await _ticket(call, connection, data.ticket_id)
    contact_id = await _person(call, data, ticket)
    quiet = survey.row["quiet_days"]
    if await was_asked(connection, call.organisation, contact_id, days=quiet, now=now):
        raise AskedLately(f"They were asked within the last {quiet} days.")
    about = await about_survey(connection, call.organisation, survey_id, data.ticket_id, contact_id)
    columns = {
        **sent(about, now), "organisation_id": call.organisation, "id": data.id or new_id(),
        "survey_id": survey_id, "occasion": "hand", "ticket_id": data.ticket_id,
        "contact_id": contact_id, "round": about["reopened_count"] or 0, "send_at": now,
        "language": data.language, "partial": {}, "created_by": call.by.user_id,
        "owner_id": ticket["owner_id"] if ticket else call.by.user_id,
        "team_id": ticket["team_id"] if ticket else None, "created_at": now, "updated_at": now,
    }  # fmt: skip
    state = await records.insert_record(
        connection, INVITATIONS, columns, actor=call.actor, verb="sent"
    )
    if data.by_mail:
        await write_survey_letter(connection, call.organisation, columns["id"], data.ticket_id)
    return state


async def _ticket(
    call: Call, connection: Connection, ticket_id: UUID | None
) -> Mapping[str, Any] | None:
    if ticket_id is None:
        return None
    call.by.demand("tickets:read")
    scope = await call.scope(TICKETS.name)
    loaded = await records.load_record(connection, TICKETS, ticket_id, scope=scope, to_write=False)
    return loaded.row


async def _person(call: Call, data: InvitationCreate, ticket: Mapping[str, Any] | None) -> UUID:
    if data.contact_id is not None:
        found = await find_copied(call, PEOPLE, [data.contact_id], field="contact_id")
        return found[data.contact_id].id
    requester: UUID | None = ticket["requester_id"] if ticket else None
    if requester is None:
        raise Invalid(
            "The ticket has no requester who could be asked.",
            errors={"ticket_id": "Name a contact_id, or a ticket that has a requester."},
        )
    return requester
