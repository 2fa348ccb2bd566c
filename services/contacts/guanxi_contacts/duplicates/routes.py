"""The check for duplicates over HTTP, for accounts and for contacts."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.duplicates import service
from guanxi_contacts.duplicates.schemas import (
    AccountCheck,
    AccountDuplicates,
    ContactCheck,
    ContactDuplicates,
)
from guanxi_contacts.query_words import word_in
from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_shared.calls import Call, begin
from guanxi_shared.documents import operation, path_id, problems, query_parameter
from guanxi_shared.edge import hot
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.resources import Resource
from guanxi_shared.writes import parse

router = APIRouter()
Route = Callable[[Request], Awaitable[Response]]
SIMILAR = query_parameter(
    "similar", "string",
    "true also looks for names that are spelt nearly so, among the records you see; dear.",
    enum=["true", "false"],
)  # fmt: skip


def _check(resource: Resource, model: type[BaseModel]) -> Route:
    @hot
    async def check(request: Request) -> Response:
        call = await begin(request, resource.permission("create"))
        call.by.demand(resource.permission("read"))
        similar = _similar(call)
        data = parse(model, await call.body())
        return _answer(await service.check_duplicate(call, resource, data, similar=similar))

    return check


def _list(resource: Resource) -> Route:
    async def duplicates(request: Request) -> Response:
        call = await begin(request, resource.permission("read"))
        record_id = id_in_path(request.path_params[f"{resource.noun}_id"])
        similar = _similar(call)
        return _answer(await service.find_duplicates(call, resource, record_id, similar=similar))

    return duplicates


def _similar(call: Call) -> bool:
    return word_in(call, "similar", ("false", "true")) == "true"


def _answer(candidates: list[dict[str, Any]]) -> Response:
    body = orjson.dumps({"candidates": candidates}, option=orjson.OPT_UTC_Z)
    return Response(body, media_type="application/json")


KINDS: tuple[tuple[Resource, type[BaseModel], type[BaseModel]], ...] = (
    (ACCOUNTS, AccountCheck, AccountDuplicates),
    (CONTACTS, ContactCheck, ContactDuplicates),
)
for _resource, _model, _answered in KINDS:
    router.add_api_route(
        f"/v1/{_resource.name}/check-duplicate",
        _check(_resource, _model),
        methods=["POST"],
        tags=[_resource.name],
        response_model=_answered,
        responses=problems(413, 415, 422),
        **operation(
            f"check_duplicate_{_resource.noun}",
            f"Whether there is such a {_resource.noun} already, and whose; writes nothing",
            parameters=[SIMILAR],
            body=_model,
        ),
    )
    router.add_api_route(
        f"/v1/{_resource.name}/{{{_resource.noun}_id}}/duplicates",
        _list(_resource),
        methods=["GET"],
        tags=[_resource.name],
        response_model=_answered,
        responses=problems(404),
        **operation(
            f"list_{_resource.noun}_duplicates",
            f"Other {_resource.name} that may be the same",
            parameters=[path_id(f"{_resource.noun}_id"), SIMILAR],
        ),
    )
