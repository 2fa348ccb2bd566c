"""Applications of third parties over HTTP."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.clients import service
from guanxi_gateway.identity.clients.schemas import (
    OAuthClientCreate,
    OAuthClientMade,
    OAuthClientUpdate,
)
from guanxi_gateway.identity.once import with_secret
from guanxi_gateway.identity.presence import demand_no_parameters, gets_present
from guanxi_gateway.identity.resources import CLIENTS
from guanxi_gateway.identity.revocations import revoked_here
from guanxi_gateway.identity.rows import Row
from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import Loaded, State

router = APIRouter(tags=["oauth-clients"])
PATH = "/v1/oauth-clients"
ONE = PATH + "/{oauth_client_id}"


@router.get(PATH, **{**documents.lists(CLIENTS), "operation_id": "list_oauth_clients"})
async def list_oauth_clients(request: Request) -> Response:
    return await reads.list_records(await begin(request, "oauth-clients:read"), CLIENTS)


@router.get(ONE, **gets_present(CLIENTS))
async def get_oauth_client(request: Request) -> Response:
    call = await begin(request, "oauth-clients:read")
    demand_no_parameters(call)
    return await reads.get_record(call, CLIENTS, request.path_params["oauth_client_id"])


@router.post(
    PATH, **{**documents.creates(CLIENTS, OAuthClientCreate), "response_model": OAuthClientMade}
)
async def create_oauth_client(request: Request) -> Response:
    call = await begin(request, "oauth-clients:create")
    made: list[str | None] = []

    async def work(call: Call, connection: Connection, data: OAuthClientCreate) -> State:
        row, secret = await service.create_client(connection, data, by=call.by, actor=call.actor)
        made.append(secret)
        return row

    response = await writes.create(call, CLIENTS, OAuthClientCreate, work, path=PATH)
    return with_secret(response, "client_secret", made[0] if made else None)


@router.patch(ONE, **documents.updates(CLIENTS, OAuthClientUpdate))
async def update_oauth_client(request: Request) -> Response:
    call = await begin(request, "oauth-clients:update")
    version = writes.wanted_version(call)

    async def work(connection: Connection, data: OAuthClientUpdate) -> State:
        before = await _load(call, connection)
        await _check(call, connection, before, version)
        return await service.update_client(connection, before, data, by=call.by, actor=call.actor)

    return await writes.update(call, OAuthClientUpdate, work)


@router.delete(
    ONE,
    **documents.acts(
        CLIENTS, "delete", "Remove an application and end its sessions", takes_key=False
    ),
)
async def delete_oauth_client(request: Request) -> Response:
    call = await begin(request, "oauth-clients:delete")
    ended: list[UUID] = []
    version = writes.wanted_version(call)

    async def work(connection: Connection) -> State:
        before = await _load(call, connection)
        await _check(call, connection, before, version)
        row, sessions = await service.delete_client(
            connection, before, by=call.by, actor=call.actor
        )
        ended.extend(sessions)
        return row

    response = await writes.act(call, work)
    revoked_here(ended)
    return response


async def _load(call: Call, connection: Connection) -> Row:
    client_id = id_in_path(call.request.path_params["oauth_client_id"])
    return await service.load_client(connection, call.organisation, client_id)


async def _check(call: Call, connection: Connection, client: Row, version: int | None) -> None:
    loaded = Loaded({**client, "organisation_id": call.organisation}, {})
    await writes.check_version(connection, CLIENTS, loaded, version)
