"""Merges over HTTP."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.merges import queries
from guanxi_contacts.merges.schemas import MergeCreate, MergePage, MergeRead
from guanxi_contacts.merges.service import merge_records
from guanxi_contacts.merges.undoing import undo_merge
from guanxi_contacts.query_words import word_in
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import (
    IDEMPOTENCY_KEY,
    operation,
    path_id,
    problems,
    query_parameter,
)
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.writes import parse

router = APIRouter(tags=["merges"])
PATH = "/v1/merges"
ONE = PATH + "/{merge_id}"
LIST_PARAMETERS = [
    query_parameter("limit", "integer", "1 to 200, 50 if absent", minimum=1, maximum=200),
    query_parameter("cursor", "string", "The next_cursor of the page before.", format="uuid"),
    *(query_parameter(n, "string", "Only these.", enum=list(w)) for n, w in queries.WORDS.items()),
    *(query_parameter(name, "string", "Only with it.", format="uuid") for name in queries.IDS),
]
FORCE = query_parameter(
    "force", "string",
    "true undoes what can be undone and leaves what changed since as it is; `kept` says what.",
    enum=["true", "false"],
)  # fmt: skip


@router.post(
    PATH,
    **operation("create_merge", "Make several accounts, or contacts, one", body=MergeCreate,
                parameters=[IDEMPOTENCY_KEY]),
    response_model=MergeRead,
    status_code=201,
    responses={201: {"description": "Merged", "links": {
        "undo_merge": {"operationId": "undo_merge", "parameters": {"merge_id": "$response.body#/id"}}
    }}, **problems(404, 409, 412, 413, 415, 422)},
)  # fmt: skip
async def create_merge(request: Request) -> Response:
    call = await begin(request, "merges:create")
    raw = await call.body()
    data = parse(MergeCreate, raw)
    for action in ("read", "update", "delete"):
        call.by.demand(f"{data.resource}:{action}")

    async def merge(connection: Connection) -> Answer:
        merge_id = await merge_records(call, connection, data)
        done = await queries.read_merge(call, connection, merge_id)
        return Answer(201, _json(done), {"location": f"{PATH}/{merge_id}"})

    return await answer_once(call, merge, fingerprint_of=raw)


@router.get(
    PATH,
    **operation("list_merges", "What was merged, the newest first", parameters=LIST_PARAMETERS),
    response_model=MergePage,
    responses=problems(),
)
async def list_merges(request: Request) -> Response:
    call = await begin(request, "merges:read")
    return _answer(await queries.list_merges(call))


@router.get(
    ONE,
    **operation("get_merge", "One merge", parameters=[path_id("merge_id")]),
    response_model=MergeRead,
    responses=problems(404),
)
async def get_merge(request: Request) -> Response:
    call = await begin(request, "merges:read")
    return _answer(await queries.find_merge(call, id_in_path(request.path_params["merge_id"])))


@router.post(
    ONE + "/undo",
    **operation(
        "undo_merge",
        "Make the merged records several again, as they were, or say what later changes prevent",
        parameters=[path_id("merge_id"), FORCE, IDEMPOTENCY_KEY],
    ),
    response_model=MergeRead,
    responses=problems(404, 409, 413, 415, 422),
)
async def undo(request: Request) -> Response:
    call = await begin(request, "merges:create")
    merge_id = id_in_path(request.path_params["merge_id"])
    force = word_in(call, "force", ("false", "true")) == "true"

    async def work(connection: Connection) -> Answer:
        await undo_merge(call, connection, merge_id, force=force)
        return Answer(200, _json(await queries.read_merge(call, connection, merge_id)))

    return await answer_once(call, work, fingerprint_of=await call.body())


def _answer(document: Mapping[str, Any]) -> Response:
    return Response(_json(document), media_type="application/json")


def _json(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_UTC_Z, default=str)
