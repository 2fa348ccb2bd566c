"""Letters about a ticket over HTTP: what went out, what waits, what did not go and why."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, reads
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response
from guanxi_tickets.tickets.resources import TICKETS

router = APIRouter(tags=["tickets"])
LETTERS: Final = """
SELECT id::text, kind, status, reason, attempts, invitation_id::text, link_id::text, created_at, due_at, sent_at
FROM ticket_letters WHERE organisation_id = $2 AND ticket_id = $3 ORDER BY id DESC LIMIT 200
"""


class LetterRead(BaseModel):
    """`reason`, of one that did not go: mail is switched off, nobody has an address, what it tells of is over, too
    many receipts within the hour, the address was refused, or it was given up after ten attempts."""

    id: UUID
    kind: Literal["survey", "portal", "receipt"]
    status: Literal["waiting", "sent", "dropped", "failed"]
    reason: Literal["mail_off", "no_address", "over", "too_many", "refused", "gave_up"] | None
    attempts: int
    invitation_id: UUID | None
    link_id: UUID | None
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None


class Letters(BaseModel):
    data: list[LetterRead]


@router.get(
    "/v1/tickets/{ticket_id}/letters",
    **documents.operation(
        "list_ticket_letters",
        "What went out by mail about a ticket, the newest first; neither addresses nor links",
        parameters=[documents.path_id("ticket_id")],
        response_model=Letters,
        responses=documents.problems(404),
    ),
)
async def list_ticket_letters(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    await reads.find_record(call, TICKETS, ticket_id)
    rows = await call.db.fetch(call.organisation, LETTERS, call.organisation, ticket_id)
    return json_response({"data": [dict(row) for row in rows]})
