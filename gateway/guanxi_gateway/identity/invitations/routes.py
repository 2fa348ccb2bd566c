"""Invitations over HTTP. Sending one takes the right to make users."""

import orjson
from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.actors import actor_of, device_of
from guanxi_gateway.identity.directory import announce
from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.invitations import service
from guanxi_gateway.identity.invitations.schemas import (
    InvitationAccept,
    InvitationCreate,
    InvitationMade,
)
from guanxi_gateway.identity.once import with_secret
from guanxi_gateway.identity.resources import INVITATIONS
from guanxi_gateway.identity.sessions.schemas import Tokens
from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import Call, begin, house
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import Loaded, State

router = APIRouter(tags=["invitations"])
PATH = "/v1/invitations"
ONE = PATH + "/{invitation_id}"


@router.get(PATH, **documents.lists(INVITATIONS))
async def list_invitations(request: Request) -> Response:
    return await reads.list_records(await begin(request, "users:create"), INVITATIONS)


@router.post(
    PATH,
    **{
        **documents.creates(INVITATIONS, InvitationCreate, then=("delete",)),
        "response_model": InvitationMade,
    },
)
async def create_invitation(request: Request) -> Response:
    call = await begin(request, "users:create")
    here = identity(call.house)
    made: list[str] = []

    async def work(call: Call, connection: Connection, data: InvitationCreate) -> State:
        row, token = await service.create_invitation(connection, data, by=call.by, actor=call.actor)
        made.append(service.link_of(here, token))
        return row

    stored = await writes.create(call, INVITATIONS, InvitationCreate, work, path=PATH)
    response = with_secret(stored, "link", made[0] if made else None)
    if made:
        email = orjson.loads(bytes(stored.body))["email"]
        response.background = BackgroundTask(
            service.send_invitation, call.house, call.by, email, made[0]
        )
    return response


@router.delete(
    ONE, **documents.acts(INVITATIONS, "delete", "Take an invitation back", takes_key=False)
)
async def delete_invitation(request: Request) -> Response:
    call = await begin(request, "users:create")
    invitation_id = id_in_path(request.path_params["invitation_id"])
    version = writes.wanted_version(call)

    async def work(connection: Connection) -> State:
        invitation = await service.load_invitation(connection, call.organisation, invitation_id)
        loaded = Loaded({**invitation, "organisation_id": call.organisation}, {})
        await writes.check_version(connection, INVITATIONS, loaded, version)
        return await service.delete_invitation(
            connection, call.organisation, invitation_id, actor=call.actor
        )

    return await writes.act(call, work)


@router.post(
    "/v1/auth/invitations/accept",
    status_code=201,
    operation_id="accept_invitation",
    summary="Become a user by the token of an invitation; no other credential is needed",
    responses=documents.problems(409, 413, 422),
    openapi_extra={"security": []},
)
async def accept_invitation(data: InvitationAccept, request: Request) -> Tokens:
    here = house(request)
    organisation_id, answer = await service.accept_invitation(
        here, data, device_of(request), actor=actor_of(request, None)
    )
    await announce(here, organisation_id)
    return Tokens.model_validate(answer)
