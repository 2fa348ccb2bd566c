"""Teams over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.directory import announce, lock_directory
from guanxi_gateway.identity.resources import TEAMS
from guanxi_gateway.identity.rows import Row
from guanxi_gateway.identity.teams import service
from guanxi_gateway.identity.teams.schemas import TeamCreate, TeamUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import Loaded, State

router = APIRouter(tags=["teams"])
PATH = "/v1/teams"
ONE = PATH + "/{team_id}"
MEMBER = ONE + "/members/{user_id}"


@router.get(PATH, **documents.lists(TEAMS))
async def list_teams(request: Request) -> Response:
    return await reads.list_records(await begin(request, "teams:read"), TEAMS)


@router.get(ONE, **documents.gets(TEAMS))
async def get_team(request: Request) -> Response:
    call = await begin(request, "teams:read")
    team_id = request.path_params["team_id"]
    if (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, TEAMS, team_id, moment)
    return await reads.get_record(call, TEAMS, team_id)


@router.post(PATH, **documents.creates(TEAMS, TeamCreate))
async def create_team(request: Request) -> Response:
    call = await begin(request, "teams:create")

    async def work(call: Call, connection: Connection, data: TeamCreate) -> State:
        return await service.create_team(connection, call.organisation, data, actor=call.actor)

    response = await writes.create(call, TEAMS, TeamCreate, work, path=PATH)
    await announce(call.house, call.organisation)
    return response


@router.patch(ONE, **documents.updates(TEAMS, TeamUpdate))
async def update_team(request: Request) -> Response:
    call = await begin(request, "teams:update")
    version = writes.wanted_version(call)

    async def work(connection: Connection, data: TeamUpdate) -> State:
        before = await _load(call, connection)
        await _check(connection, before, version)
        return await service.update_team(connection, before, data, actor=call.actor)

    response = await writes.update(call, TeamUpdate, work)
    await announce(call.house, call.organisation)
    return response


@router.delete(
    ONE, **documents.acts(TEAMS, "delete", "Delete softly; restore undoes it", takes_key=False)
)
async def delete_team(request: Request) -> Response:
    call = await begin(request, "teams:delete")
    version = writes.wanted_version(call)

    async def work(connection: Connection) -> State:
        before = await _load(call, connection)
        await _check(connection, before, version)
        return await service.delete_team(connection, before, actor=call.actor)

    response = await writes.act(call, work)
    await announce(call.house, call.organisation)
    return response


@router.post(ONE + "/restore", **documents.acts(TEAMS, "restore", "Bring a deleted team back"))
async def restore_team(request: Request) -> Response:
    call = await begin(request, "teams:delete")

    async def work(connection: Connection) -> State:
        before = await _load(call, connection, deleted=True)
        return await service.restore_team(connection, before, actor=call.actor)

    response = await writes.act(call, work)
    await announce(call.house, call.organisation)
    return response


MEMBERS = [documents.path_id("team_id"), documents.path_id("user_id")]


@router.put(
    MEMBER,
    **documents.operation(
        "add_team_member",
        "Let a user belong to a team",
        parameters=MEMBERS,
        response_model=TEAMS.model,
        responses=documents.problems(404, 409, 422),
    ),
)
async def add_team_member(request: Request) -> Response:
    call = await begin(request, "teams:update")

    async def work(connection: Connection) -> State:
        before = await _load(call, connection)
        user_id = id_in_path(request.path_params["user_id"])
        return await service.add_member(connection, before, user_id, actor=call.actor)

    response = await writes.act(call, work)
    await announce(call.house, call.organisation)
    return response


@router.delete(
    MEMBER,
    **documents.operation(
        "remove_team_member",
        "Let a user leave a team",
        parameters=MEMBERS,
        response_model=TEAMS.model,
        responses=documents.problems(404, 409),
    ),
)
async def remove_team_member(request: Request) -> Response:
    call = await begin(request, "teams:update")

    async def work(connection: Connection) -> State:
        before = await _load(call, connection)
        user_id = id_in_path(request.path_params["user_id"])
        return await service.remove_member(connection, before, user_id, actor=call.actor)

    response = await writes.act(call, work)
    await announce(call.house, call.organisation)
    return response


@router.get(ONE + "/history", **documents.histories(TEAMS))
async def get_team_history(request: Request) -> Response:
    call = await begin(request, "teams:read")
    return await history.get_history(call, TEAMS, request.path_params["team_id"])


async def _load(call: Call, connection: Connection, *, deleted: bool = False) -> Row:
    team_id = id_in_path(call.request.path_params["team_id"])
    await lock_directory(connection, call.organisation)
    return await service.load_team(connection, call.organisation, team_id, deleted=deleted)


async def _check(connection: Connection, team: Row, version: int | None) -> None:
    members = (await service.state_of(connection, team))["member_ids"]
    await writes.check_version(connection, TEAMS, Loaded(team, {"member_ids": members}), version)
