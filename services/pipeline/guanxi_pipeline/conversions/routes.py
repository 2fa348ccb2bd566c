"""Conversions over HTTP."""

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.conversions import kept, service
from guanxi_pipeline.conversions.finishing import finish
from guanxi_pipeline.conversions.kept import Kept
from guanxi_pipeline.conversions.running import run_conversion
from guanxi_pipeline.conversions.schemas import ConversionRead, Convert
from guanxi_pipeline.errors import ConversionRefused
from guanxi_shared import delegation, documents, writes
from guanxi_shared.auth import bearer
from guanxi_shared.calls import Call, begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["leads"])
ONE = "/v1/leads/{lead_id}"


@router.post(
    ONE + "/convert",
    **documents.operation(
        "convert_lead",
        "Make an account, a person and a deal of a lead: all of them or none",
        parameters=[documents.path_id("lead_id")],
        body=Convert,
        response_model=ConversionRead,
        responses={
            202: {
                "model": ConversionRead,
                "description": "Kept; done as soon as contacts is back.",
            },
            **documents.problems(404, 409, 413, 415, 422),
        },
    ),
)
async def convert_lead(request: Request) -> Response:
    call = await begin(request, "leads:update")
    lead_id = id_in_path(request.path_params["lead_id"])
    data = writes.parse(Convert, await call.body())
    async with call.db.transaction(call.organisation) as connection:
        found, is_new = await service.keep_conversion(call, connection, lead_id, data)
    if found["status"] == "pending":
        mine = found if is_new else await kept.take_up(call.db, call.organisation, found["id"])
        if mine is not None:
            await _go_on(call, mine)
            _demand_accepted(mine)
    return _answer(await service.get_conversion(call, lead_id))


@router.get(
    ONE + "/conversion",
    **documents.operation(
        "get_lead_conversion",
        "How the latest conversion of a lead stands",
        parameters=[documents.path_id("lead_id")],
        response_model=ConversionRead,
        responses=documents.problems(404),
    ),
)
async def get_lead_conversion(request: Request) -> Response:
    call = await begin(request, "leads:read")
    found = await service.get_conversion(call, id_in_path(request.path_params["lead_id"]))
    return Response(
        orjson.dumps(found, option=orjson.OPT_UTC_Z, default=str), media_type="application/json"
    )


async def _go_on(call: Call, mine: Kept) -> None:
    """Under the caller's token where the caller is who asked, with the same rights; else as the worker."""
    if mine["rights"] == delegation.as_params(call.by):
        await run_conversion(call, mine, token=bearer(call.request.headers))
    else:
        await finish(call.house, mine)


def _demand_accepted(mine: Kept) -> None:
    """ConversionRefused with what was refused, also while the rest is still being taken back."""
    problem = mine["problem"]
    if problem is None:
        return
    raise ConversionRefused(
        f"{problem['part']}: {problem['detail']}", errors=problem["errors"],
        refused={"part": problem["part"], "status": problem["status"], "code": problem["code"]},
    )  # fmt: skip


def _answer(found: dict[str, Any]) -> Response:
    body = orjson.dumps(found, option=orjson.OPT_UTC_Z, default=str)
    where = f"/v1/leads/{found['lead_id']}/conversion"
    if found["status"] == "done":
        return Response(body, media_type="application/json", headers={"location": where})
    headers = {"location": where, "retry-after": "5"}
    return Response(body, 202, media_type="application/json", headers=headers)
