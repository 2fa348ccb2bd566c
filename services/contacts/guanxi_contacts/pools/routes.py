"""Open pools over HTTP."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.accounts.schemas import AccountRead
from guanxi_contacts.pools import claiming, moving, service
from guanxi_contacts.pools.outlook import account_pool
from guanxi_contacts.pools.pooled import POOLED, page_of_pool
from guanxi_contacts.pools.resources import POOLS
from guanxi_contacts.pools.schemas import (
    AccountPool,
    Assignment,
    Claim,
    ClaimNext,
    PoolCreate,
    PoolStats,
    PoolUpdate,
    Release,
    Taken,
)
from guanxi_contacts.pools.stats import pool_stats
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import IDEMPOTENCY_KEY, operation, path_id, problems
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path

Asked = TypeVar("Asked", bound=BaseModel)

router = APIRouter(tags=["pools"])
PATH = "/v1/pools"
ONE = PATH + "/{pool_id}"
ACCOUNT_ONE = "/v1/accounts/{account_id}"


@router.get(ONE, **documents.gets(POOLS, has_past=False))
async def get_pool(request: Request) -> Response:
    call = await begin(request, "pools:read")
    return await reads.get_record(call, POOLS, request.path_params["pool_id"])


@router.get(PATH, **documents.lists(POOLS))
async def list_pools(request: Request) -> Response:
    return await reads.list_records(await begin(request, "pools:read"), POOLS)


@router.post(PATH, **documents.creates(POOLS, PoolCreate))
async def create_pool(request: Request) -> Response:
    call = await begin(request, "pools:create")
    return await writes.create(call, POOLS, PoolCreate, service.create_pool, path=PATH)


@router.patch(ONE, **documents.updates(POOLS, PoolUpdate))
async def update_pool(request: Request) -> Response:
    call = await begin(request, "pools:create")
    pool_id, version = id_in_path(request.path_params["pool_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        PoolUpdate,
        lambda connection, data: service.update_pool(call, connection, pool_id, data, version),
    )


@router.delete(ONE, **documents.acts(POOLS, "delete", "Give a pool up", takes_key=False))
async def delete_pool(request: Request) -> Response:
    call = await begin(request, "pools:delete")
    pool_id, version = id_in_path(request.path_params["pool_id"]), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_pool(call, connection, pool_id, version)
    )


@router.get(ONE + "/history", **documents.histories(POOLS))
async def get_pool_history(request: Request) -> Response:
    call = await begin(request, "pools:read")
    return await history.get_history(call, POOLS, request.path_params["pool_id"])


@router.get(
    ONE + "/records",
    **operation(
        "list_pool_records",
        "A page of what waits in a pool, without the ways to reach anybody",
        parameters=[path_id("pool_id"), *documents.list_parameters(POOLED)],
        response_model=documents.page_model(POOLED),
        responses=problems(404, 422),
    ),
)
async def list_pool_records(request: Request) -> Response:
    call = await begin(request, "pools:read")
    pool_id = id_in_path(request.path_params["pool_id"])
    query = await page_of_pool(call, pool_id, request.scope["query_string"])
    return await reads.answer_list(call, POOLED, query)


@router.get(
    ONE + "/stats",
    **operation(
        "get_pool_stats",
        "What waits in a pool, who holds how much of it, what was claimed today",
        parameters=[path_id("pool_id")],
        response_model=PoolStats,
        responses=problems(404, 422),
    ),
)
async def get_pool_stats(request: Request) -> Response:
    call = await begin(request, "pools:read")
    return _shown(PoolStats, await pool_stats(call, id_in_path(request.path_params["pool_id"])))


@router.post(
    ONE + "/claim",
    **operation(
        "claim_from_pool",
        "Make records of a pool one's own; of two who claim one at once, one gets 409",
        parameters=[path_id("pool_id"), IDEMPOTENCY_KEY],
        body=Claim,
        response_model=Taken,
        responses=problems(404, 409, 413, 415, 422),
    ),
)
async def claim_from_pool(request: Request) -> Response:
    call = await begin(request, "pools:update")
    return await _taken(
        call, Claim,
        lambda connection, pool_id, asked: claiming.claim_records(call, connection, pool_id, asked.wanted),
    )  # fmt: skip


@router.post(
    ONE + "/claim-next",
    **operation(
        "claim_next_from_pool",
        "Make the next records of a pool one's own, past those that others are just taking",
        parameters=[path_id("pool_id"), IDEMPOTENCY_KEY],
        body=ClaimNext,
        response_model=Taken,
        responses=problems(404, 409, 413, 415, 422),
    ),
)
async def claim_next_from_pool(request: Request) -> Response:
    call = await begin(request, "pools:update")
    return await _taken(call, ClaimNext, partial(claiming.claim_next, call))


@router.post(
    ONE + "/assign",
    **operation(
        "assign_from_pool",
        "Give records of a pool to somebody (needs accounts:assign)",
        parameters=[path_id("pool_id"), IDEMPOTENCY_KEY],
        body=Assignment,
        response_model=Taken,
        responses=problems(404, 409, 413, 415, 422),
    ),
)
async def assign_from_pool(request: Request) -> Response:
    call = await begin(request, "pools:update")
    call.by.demand("accounts:assign")
    return await _taken(call, Assignment, partial(moving.assign_records, call))


@router.post(
    ACCOUNT_ONE + "/release",
    **operation(
        "release_account",
        "Give an account up into a pool",
        parameters=[path_id("account_id"), IDEMPOTENCY_KEY],
        body=Release,
        response_model=AccountRead,
        responses=problems(404, 409, 413, 415, 422),
    ),
)
async def release_account(request: Request) -> Response:
    call = await begin(request, "pools:update")
    call.by.demand("accounts:update")
    account_id, raw = id_in_path(request.path_params["account_id"]), await call.body()
    data = writes.parse(Release, raw)
    return await writes.act(
        call, lambda connection: moving.release_account(call, connection, account_id, data), raw=raw
    )


@router.get(
    ACCOUNT_ONE + "/pool",
    **operation(
        "get_account_pool",
        "In which pool an account lies; or when, why and into which it would fall back",
        parameters=[path_id("account_id")],
        response_model=AccountPool,
        responses=problems(404, 422),
    ),
)
async def get_account_pool(request: Request) -> Response:
    call = await begin(request, "accounts:read")
    found = await account_pool(call, id_in_path(request.path_params["account_id"]))
    return _shown(AccountPool, found)


def _shown(model: type[BaseModel], found: dict[str, Any]) -> Response:
    return Response(model.model_validate(found).model_dump_json(), media_type="application/json")


async def _taken(
    call: Call,
    model: type[Asked],
    work: Callable[[Connection, UUID, Asked], Awaitable[claiming.Outcome]],
) -> Response:
    """What was taken out of the pool of the path, and what was refused and why."""
    pool_id, raw = id_in_path(call.request.path_params["pool_id"]), await call.body()
    asked = writes.parse(model, raw)

    async def take(connection: Connection) -> Answer:
        data, refused = await work(connection, pool_id, asked)
        body = {"data": data, "refused": refused}
        return Answer(200, orjson.dumps(body, option=orjson.OPT_UTC_Z, default=str))

    return await answer_once(call, take, fingerprint_of=raw)
