"""Roles over HTTP; addressed by name, as users and tokens name them."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.directory import announce, lock_directory
from guanxi_gateway.identity.resources import ROLES
from guanxi_gateway.identity.roles import service
from guanxi_gateway.identity.roles.schemas import RoleCreate, RoleList, RoleRead, RoleUpdate
from guanxi_shared import documents, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.records import State

router = APIRouter(tags=["roles"])
PATH = "/v1/roles"
ONE = PATH + "/{role_name}"
NAME = {
    "name": "role_name", "in": "path", "required": True,
    "schema": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"},
}  # fmt: skip


@router.get(
    PATH,
    operation_id="list_roles",
    summary="The built-in roles and the organisation's own",
    responses=documents.problems(),
)
async def list_roles(request: Request) -> RoleList:
    call = await begin(request, "roles:read")
    return RoleList.model_validate(
        {"data": await service.list_roles(call.house, call.organisation)}
    )


@router.get(
    ONE,
    operation_id="get_role",
    summary="One role",
    responses=documents.problems(404),
)
async def get_role(request: Request, role_name: str) -> RoleRead:
    call = await begin(request, "roles:read")
    found = await service.get_role(call.house, call.organisation, role_name)
    return RoleRead.model_validate(found)


@router.post(
    PATH,
    **{**documents.creates(ROLES, RoleCreate, named_by="name"), "response_model": RoleRead},
)
async def create_role(request: Request) -> Response:
    call = await begin(request, "roles:create")

    async def work(call: Call, connection: Connection, data: RoleCreate) -> State:
        return await service.create_role(connection, data, by=call.by, actor=call.actor)

    response = await writes.create(call, ROLES, RoleCreate, work, path=PATH, named_by="name")
    await announce(call.house, call.organisation)
    return response


@router.patch(ONE, **{**documents.updates(ROLES, RoleUpdate), "openapi_extra": {
    "parameters": [NAME, documents.IF_MATCH], **documents.body_of(RoleUpdate)}})  # fmt: skip
async def update_role(request: Request) -> Response:
    call = await begin(request, "roles:update")
    version = writes.wanted_version(call)

    async def work(connection: Connection, data: RoleUpdate) -> State:
        before = await _load(call, connection)
        service.demand_version(before, version)
        return await service.update_role(connection, before, data, by=call.by, actor=call.actor)

    response = await writes.update(call, RoleUpdate, work)
    await announce(call.house, call.organisation)
    return response


@router.delete(
    ONE,
    **documents.operation(
        "delete_role",
        "Delete a role that nobody has",
        parameters=[NAME],
        response_model=RoleRead,
        responses=documents.problems(404, 409),
    ),
)
async def delete_role(request: Request) -> Response:
    call = await begin(request, "roles:delete")

    async def work(connection: Connection) -> State:
        before = await _load(call, connection)
        return await service.delete_role(connection, before, by=call.by, actor=call.actor)

    response = await writes.act(call, work)
    await announce(call.house, call.organisation)
    return response


async def _load(call: Call, connection: Connection) -> dict[str, Any]:
    await lock_directory(connection, call.organisation)
    name = call.request.path_params["role_name"]
    return await service.load_role(connection, call.organisation, name)
