"""Links of the portal over HTTP, for agents."""

from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_tickets.portal import links
from guanxi_tickets.portal.schemas import (
    LinksRevoked,
    PortalLinkCreate,
    PortalLinkMade,
    PortalLinkRead,
    PortalLinks,
)

router = APIRouter(tags=["portal"])
PATH = "/v1/tickets/{ticket_id}/portal-link"
TICKET = documents.path_id("ticket_id")


@router.post(
    PATH,
    **documents.operation(
        "make_portal_link",
        "A link by which the requester follows their tickets, shown this once",
        parameters=[TICKET],
        body=PortalLinkCreate,
        response_model=PortalLinkMade,
        status_code=201,
        responses={201: {"description": "Made"}, **documents.problems(404, 409, 413, 415, 422)},
    ),
)
async def make_portal_link(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    ticket_id = _ticket(request)
    data = writes.parse(PortalLinkCreate, await call.body())
    async with call.db.transaction(call.organisation) as connection:
        made = await links.make_portal_link(call, connection, ticket_id, data)
    return _json(made, 201)


@router.delete(
    PATH,
    **documents.operation(
        "revoke_portal_links",
        "Take back every link to the ticket, and those of its requester",
        parameters=[TICKET],
        response_model=LinksRevoked,
        responses=documents.problems(404),
    ),
)
async def revoke_portal_links(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    async with call.db.transaction(call.organisation) as connection:
        revoked = await links.revoke_links(call, connection, _ticket(request))
    return _json({"revoked": revoked}, 200)


@router.get(
    PATH + "s",
    **documents.operation(
        "list_portal_links",
        "Links that open the ticket, or did: made for it or for its requester, the newest first",
        parameters=[TICKET],
        response_model=PortalLinks,
        responses=documents.problems(404),
    ),
)
async def list_portal_links(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    async with call.db.transaction(call.organisation) as connection:
        found = await links.list_links(call, connection, _ticket(request))
    return _json({"data": found}, 200)


@router.delete(
    PATH + "s/{link_id}",
    **documents.operation(
        "revoke_portal_link",
        "Take one of them back",
        parameters=[TICKET, documents.path_id("link_id")],
        response_model=PortalLinkRead,
        responses=documents.problems(404),
    ),
)
async def revoke_portal_link(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    link_id = id_in_path(request.path_params["link_id"])
    async with call.db.transaction(call.organisation) as connection:
        found = await links.revoke_link(call, connection, _ticket(request), link_id)
    return _json(found, 200)


def _ticket(request: Request) -> UUID:
    return id_in_path(request.path_params["ticket_id"])


def _json(value: object, status: int) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return Response(body, status, {"cache-control": "no-store"}, media_type="application/json")
