"""Territories over HTTP, and the accounts in them."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.territories import service
from guanxi_pipeline.territories.resources import ACCOUNTS_THERE, IN_TERRITORY, TERRITORIES
from guanxi_pipeline.territories.schemas import (
    TerritoryCreate,
    TerritoryOfAccount,
    TerritoryUpdate,
)
from guanxi_shared import documents, history, pages, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.filters import Condition
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["territories"])
PATH = "/v1/territories"
ONE = PATH + "/{territory_id}"
IDS = [documents.path_id("territory_id"), documents.path_id("account_id")]


@router.get(PATH, **documents.lists(TERRITORIES))
async def list_territories(request: Request) -> Response:
    return await reads.list_records(await begin(request, "territories:read"), TERRITORIES)


@router.post(PATH + "/search", **documents.searches(TERRITORIES))
async def search_territories(request: Request) -> Response:
    return await reads.search_records(await begin(request, "territories:read"), TERRITORIES)


@router.get(
    PATH + "/accounts/{account_id}",
    **documents.operation(
        "get_territory_of_account",
        "In which territory an account is",
        parameters=[documents.path_id("account_id")],
        response_model=TerritoryOfAccount,
        responses=documents.problems(404),
    ),
)
async def get_territory_of_account(request: Request) -> Response:
    call = await begin(request, "territories:read")
    call.by.demand("accounts:read")
    account_id = id_in_path(request.path_params["account_id"])
    return json_response(await service.territory_of(call, account_id))


@router.get(ONE, **documents.gets(TERRITORIES))
async def get_territory(request: Request) -> Response:
    call = await begin(request, "territories:read")
    territory_id = request.path_params["territory_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, TERRITORIES, territory_id, moment)
    return await reads.get_record(call, TERRITORIES, territory_id)


@router.post(PATH, **documents.creates(TERRITORIES, TerritoryCreate))
async def create_territory(request: Request) -> Response:
    call = await begin(request, "territories:create")
    return await writes.create(
        call, TERRITORIES, TerritoryCreate, service.create_territory, path=PATH
    )


@router.patch(ONE, **documents.updates(TERRITORIES, TerritoryUpdate))
async def update_territory(request: Request) -> Response:
    call = await begin(request, "territories:update")
    territory_id = id_in_path(request.path_params["territory_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        TerritoryUpdate,
        lambda connection, data: service.update_territory(
            call, connection, territory_id, data, version
        ),
    )


@router.delete(ONE, **documents.acts(TERRITORIES, "delete", "Delete a territory", takes_key=False))
async def delete_territory(request: Request) -> Response:
    call = await begin(request, "territories:delete")
    territory_id = id_in_path(request.path_params["territory_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_territory(call, connection, territory_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(TERRITORIES, "restore", "Bring a territory back"))
async def restore_territory(request: Request) -> Response:
    call = await begin(request, "territories:delete")
    territory_id = id_in_path(request.path_params["territory_id"])
    return await writes.act(
        call, lambda connection: service.restore_territory(call, connection, territory_id)
    )


@router.get(ONE + "/history", **documents.histories(TERRITORIES))
async def get_territory_history(request: Request) -> Response:
    call = await begin(request, "territories:read")
    return await history.get_history(call, TERRITORIES, request.path_params["territory_id"])


@router.get(
    ONE + "/accounts",
    **documents.operation(
        "list_territory_accounts",
        "A page of the accounts in a territory that one sees; filters, sorts and fields as in other lists",
        parameters=[documents.path_id("territory_id"), *documents.list_parameters(ACCOUNTS_THERE)],
        response_model=documents.page_model(ACCOUNTS_THERE),
        responses=documents.problems(404, 422),
    ),
)
async def list_territory_accounts(request: Request) -> Response:
    call = await begin(request, "territories:read")
    call.by.demand("accounts:read")
    territory_id = id_in_path(request.path_params["territory_id"])
    await reads.find_record(call, TERRITORIES, territory_id)
    raw: bytes = request.scope["query_string"]
    query = pages.from_query_string(raw, ACCOUNTS_THERE, ACCOUNTS_THERE.fields, call.clock)
    there = Condition(IN_TERRITORY, "eq", territory_id)
    return await reads.answer_list(call, ACCOUNTS_THERE, replace(query, within=(there,)))


def _pinning(verb: str, summary: str) -> dict[str, Any]:
    return documents.operation(
        f"{verb}_territory_account", summary, parameters=IDS, response_model=TerritoryOfAccount,
        responses=documents.problems(404, 409, 422),
    )  # fmt: skip


@router.put(ONE + "/accounts/{account_id}", **_pinning("pin", "Put an account into it by hand"))
async def pin_territory_account(request: Request) -> Response:
    call = await begin(request, "territories:update")
    call.by.demand("accounts:read")
    territory_id, account_id = (id_in_path(request.path_params[each["name"]]) for each in IDS)
    return await writes.act(
        call, lambda connection: service.pin_account(call, connection, territory_id, account_id)
    )


@router.delete(
    ONE + "/accounts/{account_id}",
    **_pinning(
        "unpin", "Let an account go that was put into it by hand: the rules say where it is"
    ),
)
async def unpin_territory_account(request: Request) -> Response:
    call = await begin(request, "territories:update")
    call.by.demand("accounts:read")
    territory_id, account_id = (id_in_path(request.path_params[each["name"]]) for each in IDS)
    return await writes.act(
        call, lambda connection: service.unpin_account(call, connection, territory_id, account_id)
    )


VERBS = Verbs(
    create_model=TerritoryCreate,
    update_model=TerritoryUpdate,
    create=service.create_territory,
    update=service.update_territory,
    delete=service.delete_territory,
    find=service.find_territories,
)


@router.post(PATH + "/batch", **documents.batches(TERRITORIES, BatchRequest, BatchAnswer))
async def batch_territories(request: Request) -> Response:
    return await run_batch(await begin(request, None), TERRITORIES, VERBS)
