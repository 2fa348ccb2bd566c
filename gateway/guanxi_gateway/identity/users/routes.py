"""Users over HTTP."""

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.directory import announce, lock_directory
from guanxi_gateway.identity.resources import USERS
from guanxi_gateway.identity.revocations import readmitted_here, revoked_here
from guanxi_gateway.identity.rows import Row
from guanxi_gateway.identity.second_factor.service import remove_factor
from guanxi_gateway.identity.users import service
from guanxi_gateway.identity.users.rights import demand_another, demand_grantable
from guanxi_gateway.identity.users.schemas import UserCreate, UserUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import Loaded, State

router = APIRouter(tags=["users"])
PATH = "/v1/users"
ONE = PATH + "/{user_id}"


@router.get(PATH, **documents.lists(USERS))
async def list_users(request: Request) -> Response:
    return await reads.list_records(await begin(request, "users:read"), USERS)


@router.get(ONE, **documents.gets(USERS))
async def get_user(request: Request) -> Response:
    call = await begin(request, "users:read")
    user_id = request.path_params["user_id"]
    if (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, USERS, user_id, moment)
    return await reads.get_record(call, USERS, user_id)


@router.post(PATH, **documents.creates(USERS, UserCreate))
async def create_user(request: Request) -> Response:
    call = await begin(request, "users:create")

    async def work(call: Call, connection: Connection, data: UserCreate) -> State:
        return await service.create_user(connection, data, by=call.by, actor=call.actor)

    response = await writes.create(call, USERS, UserCreate, work, path=PATH)
    await announce(call.house, call.organisation)
    return response


@router.patch(ONE, **documents.updates(USERS, UserUpdate))
async def update_user(request: Request) -> Response:
    call = await begin(request, "users:update")
    version = writes.wanted_version(call)

    async def work(connection: Connection, data: UserUpdate) -> State:
        before = await _load(call, connection)
        await _check(connection, before, version)
        changed = await service.update_user(connection, before, data, by=call.by, actor=call.actor)
        done.append(changed)
        return changed.state

    done: list[service.Changed] = []
    response = await writes.update(call, UserUpdate, work)
    await _afterwards(call, done)
    return response


@router.delete(
    ONE, **documents.acts(USERS, "delete", "Deactivate and hide a user", takes_key=False)
)
async def delete_user(request: Request) -> Response:
    call = await begin(request, "users:delete")
    version = writes.wanted_version(call)

    async def work(connection: Connection) -> State:
        before = await _load(call, connection)
        await _check(connection, before, version)
        changed = await service.delete_user(connection, before, by=call.by, actor=call.actor)
        done.append(changed)
        return changed.state

    done: list[service.Changed] = []
    response = await writes.act(call, work)
    await _afterwards(call, done)
    return response


@router.post(ONE + "/restore", **documents.acts(USERS, "restore", "Bring a deleted user back"))
async def restore_user(request: Request) -> Response:
    call = await begin(request, "users:delete")

    async def work(connection: Connection) -> State:
        before = await _load(call, connection, deleted=True)
        changed = await service.restore_user(connection, before, by=call.by, actor=call.actor)
        done.append(changed)
        return changed.state

    done: list[service.Changed] = []
    response = await writes.act(call, work)
    await _afterwards(call, done)
    return response


@router.post(
    ONE + "/second-factor/remove",
    **documents.acts(USERS, "remove_second_factor_of", "Let a user who lost their device in again"),
)
async def remove_second_factor_of_user(request: Request) -> Response:
    call = await begin(request, "users:update")

    async def work(connection: Connection) -> State:
        before = await _load(call, connection)
        demand_another(call.by, before["id"], instead="POST /v1/me/totp/remove")
        await demand_grantable(connection, call.by, before["role"])
        await remove_factor(connection, call.organisation, before["id"], actor=call.actor)
        return await service.state_of(connection, await _load(call, connection))

    response = await writes.act(call, work)
    await announce(call.house, call.organisation)
    return response


@router.get(ONE + "/history", **documents.histories(USERS))
async def get_user_history(request: Request) -> Response:
    call = await begin(request, "users:read")
    return await history.get_history(call, USERS, request.path_params["user_id"])


async def _load(call: Call, connection: Connection, *, deleted: bool = False) -> Row:
    user_id = id_in_path(call.request.path_params["user_id"])
    await lock_directory(connection, call.organisation)
    return await service.load_user(connection, call.organisation, user_id, deleted=deleted)


async def _afterwards(call: Call, done: Sequence[service.Changed]) -> None:
    for changed in done:
        revoked_here(changed.ended)
        readmitted_here(changed.readmitted)
    await announce(call.house, call.organisation)


async def _check(connection: Connection, user: Row, version: int | None) -> None:
    teams = (await service.state_of(connection, user))["team_ids"]
    await writes.check_version(connection, USERS, Loaded(user, {"team_ids": teams}), version)
