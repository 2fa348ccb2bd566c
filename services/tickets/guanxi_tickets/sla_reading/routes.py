"""The clocks of a ticket over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response
from guanxi_tickets.sla_reading.schemas import SlaExplained
from guanxi_tickets.sla_reading.service import explain_sla

router = APIRouter(tags=["service levels"])


@router.get(
    "/v1/tickets/{ticket_id}/sla/explain",
    **documents.operation(
        "explain_ticket_sla",
        "Every clock of a ticket with each stretch that was counted, or was not, and why",
        parameters=[documents.path_id("ticket_id")],
        response_model=SlaExplained,
        responses=documents.problems(404),
    ),
)
async def explain_ticket_sla(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    found = await explain_sla(call, id_in_path(request.path_params["ticket_id"]))
    return json_response(found)
