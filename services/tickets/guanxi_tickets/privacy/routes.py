"""The right to be forgotten of those who are no contact, over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import writes
from guanxi_shared.calls import begin
from guanxi_shared.documents import operation, problems
from guanxi_shared.errors import Invalid
from guanxi_shared.records import state_bytes
from guanxi_tickets.portal.visitors import facts_of
from guanxi_tickets.privacy import service
from guanxi_tickets.privacy.schemas import RequesterErasure, RequesterErasureRead
from guanxi_tickets.requesters.rules import typed_from
from guanxi_tickets.tickets.resources import TICKETS

router = APIRouter(tags=["privacy"])


@router.post(
    "/v1/tickets/erase-requester",
    **operation(
        "erase_requester",
        "Erase for good whoever typed an address or a number and is no contact; there is no way back",
        body=RequesterErasure,
        response_model=RequesterErasureRead,
        responses=problems(404, 413, 415, 422),
    ),
)
async def erase_requester(request: Request) -> Response:
    call = await begin(request, TICKETS.permission("erase"))
    data = writes.parse(RequesterErasure, await call.body())
    if (data.email is None) == (data.phone is None):
        sentence = "Send either an address or a number."
        raise Invalid(sentence, errors={"email": sentence})
    facts = await facts_of(call.house, call.organisation)
    sent = {n: v for n, v in (("email", data.email), ("phone", data.phone)) if v is not None}
    typed = typed_from(sent, region=facts.region)
    erased = await service.erase_requester(
        call, typed.email, typed.phone, reason=data.reason, reference=data.request_reference
    )
    return Response(state_bytes(erased), media_type="application/json")
