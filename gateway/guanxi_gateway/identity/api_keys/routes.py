"""API keys over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.api_keys import service
from guanxi_gateway.identity.api_keys.schemas import ApiKeyCreate, ApiKeyMade
from guanxi_gateway.identity.once import with_secret
from guanxi_gateway.identity.presence import demand_no_parameters, gets_present
from guanxi_gateway.identity.resources import API_KEYS
from guanxi_gateway.identity.revocations import revoked_here
from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import Loaded, State

router = APIRouter(tags=["api-keys"])
PATH = "/v1/api-keys"
ONE = PATH + "/{api_key_id}"


@router.get(PATH, **{**documents.lists(API_KEYS), "operation_id": "list_api_keys"})
async def list_api_keys(request: Request) -> Response:
    return await reads.list_records(await begin(request, "api-keys:read"), API_KEYS)


@router.get(ONE, **gets_present(API_KEYS))
async def get_api_key(request: Request) -> Response:
    call = await begin(request, "api-keys:read")
    demand_no_parameters(call)
    return await reads.get_record(call, API_KEYS, request.path_params["api_key_id"])


@router.post(
    PATH,
    **{
        **documents.creates(API_KEYS, ApiKeyCreate, then=("get", "revoke")),
        "response_model": ApiKeyMade,
    },
)
async def create_api_key(request: Request) -> Response:
    call = await begin(request, "api-keys:create")
    made: list[str] = []

    async def work(call: Call, connection: Connection, data: ApiKeyCreate) -> State:
        row, text = await service.create_api_key(connection, data, by=call.by, actor=call.actor)
        made.append(text)
        return row

    response = await writes.create(call, API_KEYS, ApiKeyCreate, work, path=PATH)
    return with_secret(response, "key", made[0] if made else None)


@router.delete(ONE, **documents.acts(API_KEYS, "revoke", "End a key at once", takes_key=False))
async def revoke_api_key(request: Request) -> Response:
    call = await begin(request, "api-keys:delete")
    key_id = id_in_path(request.path_params["api_key_id"])
    scope, version = await call.scope(API_KEYS.name), writes.wanted_version(call)

    async def work(connection: Connection) -> State:
        key = await service.load_api_key(connection, call.organisation, key_id, scope=scope)
        loaded = Loaded({**key, "organisation_id": call.organisation}, {})
        await writes.check_version(connection, API_KEYS, loaded, version)
        return await service.revoke_api_key(connection, call.organisation, key, actor=call.actor)

    response = await writes.act(call, work)
    revoked_here([service.session_of(call.organisation, key_id)])
    return response
