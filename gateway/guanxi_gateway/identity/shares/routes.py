"""Shares over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.directory import announce, lock_directory
from guanxi_gateway.identity.resources import SHARES
from guanxi_gateway.identity.rows import Row
from guanxi_gateway.identity.shares import service
from guanxi_gateway.identity.shares.schemas import ShareCreate, ShareUpdate
from guanxi_gateway.identity.shares.service import FindRecord
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import Loaded, State

PATH = "/v1/shares"
ONE = PATH + "/{share_id}"


def shares_router(find_record: FindRecord) -> APIRouter:
    """`find_record` asks the service that owns a record, in the caller's name."""
    router = APIRouter(tags=["shares"])

    @router.get(PATH, **documents.lists(SHARES))
    async def list_shares(request: Request) -> Response:
        return await reads.list_records(await begin(request, "shares:read"), SHARES)

    @router.get(ONE, **documents.gets(SHARES))
    async def get_share(request: Request) -> Response:
        call = await begin(request, "shares:read")
        share_id = request.path_params["share_id"]
        if (moment := history.as_of_instant(call)) is not None:
            return await history.get_as_of(call, SHARES, share_id, moment)
        return await reads.get_record(call, SHARES, share_id)

    @router.post(PATH, **documents.creates(SHARES, ShareCreate, refused=(404,)))
    async def create_share(request: Request) -> Response:
        call = await begin(request, "shares:create")
        # Starlette keeps a body read this way, so that `writes.create` can read it again.
        data = writes.parse(ShareCreate, await request.body())
        await service.demand_shareable(call, find_record, data.resource, data.record_id)

        async def work(call: Call, connection: Connection, data: ShareCreate) -> State:
            return await service.create_share(connection, data, by=call.by, actor=call.actor)

        response = await writes.create(call, SHARES, ShareCreate, work, path=PATH)
        await announce(call.house, call.organisation)
        return response

    @router.patch(ONE, **documents.updates(SHARES, ShareUpdate))
    async def update_share(request: Request) -> Response:
        call = await begin(request, "shares:create")
        version = writes.wanted_version(call)
        data = writes.parse(ShareUpdate, await request.body())  # read again below, as above
        share_id = id_in_path(request.path_params["share_id"])
        await service.demand_widenable(call, find_record, share_id, data)

        async def work(connection: Connection, data: ShareUpdate) -> State:
            before = await _load(call, connection)
            await writes.check_version(connection, SHARES, Loaded(before, {}), version)
            return await service.update_share(connection, before, data, actor=call.actor)

        response = await writes.update(call, ShareUpdate, work)
        await announce(call.house, call.organisation)
        return response

    @router.delete(ONE, **documents.acts(SHARES, "delete", "Take a share back", takes_key=False))
    async def delete_share(request: Request) -> Response:
        call = await begin(request, "shares:create")
        version = writes.wanted_version(call)

        async def work(connection: Connection) -> State:
            before = await _load(call, connection)
            await writes.check_version(connection, SHARES, Loaded(before, {}), version)
            return await service.delete_share(connection, before, actor=call.actor)

        response = await writes.act(call, work)
        await announce(call.house, call.organisation)
        return response

    return router


async def _load(call: Call, connection: Connection) -> Row:
    """Shares of one's own, or of those whose records one sees."""
    share_id = id_in_path(call.request.path_params["share_id"])
    scope = await call.scope(SHARES.name)
    await lock_directory(connection, call.organisation)
    return await service.load_share(connection, call.organisation, share_id, scope=scope)
