"""Leads over HTTP: what is done with one."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.lead_pools import claiming
from guanxi_pipeline.lead_pools.schemas import ClaimNext
from guanxi_pipeline.leads import service, states
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.schemas import Assign, Disqualify, Recycle
from guanxi_shared import documents, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import State

router = APIRouter(tags=["leads"])
ONE = "/v1/leads/{lead_id}"
Model = TypeVar("Model", bound=BaseModel)


def _documented(verb: str, summary: str, body: type[BaseModel]) -> dict[str, Any]:
    return documents.operation(
        f"{verb}_lead", summary,
        parameters=[documents.path_id("lead_id"), documents.IDEMPOTENCY_KEY],
        body=body, response_model=LEADS.model,
        responses=documents.problems(404, 409, 413, 415, 422),
    )  # fmt: skip


async def _do(
    request: Request, model: type[Model],
    work: Callable[[Call, Connection, UUID, Model], Awaitable[State]],
) -> Response:  # fmt: skip
    call = await begin(request, "leads:update")
    lead_id, raw = id_in_path(request.path_params["lead_id"]), await call.body()
    data = writes.parse(model, raw)
    return await writes.act(call, lambda connection: work(call, connection, lead_id, data), raw=raw)


@router.post(
    ONE + "/assign",
    **_documented("assign", "Give a lead to somebody, to a team, or to whom the rules say", Assign),
)
async def assign_lead(request: Request) -> Response:
    return await _do(request, Assign, service.assign_lead)


@router.post(
    ONE + "/disqualify",
    **_documented("disqualify", "Give a lead up, with the reason", Disqualify),
)
async def disqualify_lead(request: Request) -> Response:
    return await _do(request, Disqualify, states.disqualify_lead)


@router.post(
    ONE + "/recycle", **_documented("recycle", "Begin anew with a lead: back to new", Recycle)
)
async def recycle_lead(request: Request) -> Response:
    return await _do(request, Recycle, states.recycle_lead)


@router.post(
    ONE + "/respond",
    **documents.acts(LEADS, "respond_to", "Note that a lead has been answered for the first time"),
)
async def respond_to_lead(request: Request) -> Response:
    call = await begin(request, "leads:update")
    lead_id = id_in_path(request.path_params["lead_id"])
    return await writes.act(
        call, lambda connection: states.respond_to_lead(call, connection, lead_id)
    )


@router.post(
    ONE + "/claim",
    **documents.acts(LEADS, "claim", "Make a lead of a pool one's own; of two, one gets 409"),
)
async def claim_lead(request: Request) -> Response:
    call = await begin(request, "leads:update")
    lead_id = id_in_path(request.path_params["lead_id"])
    return await writes.act(call, lambda connection: claiming.claim_lead(call, connection, lead_id))


@router.post(ONE + "/release", **documents.acts(LEADS, "release", "Give a lead back to its pool"))
async def release_lead(request: Request) -> Response:
    call = await begin(request, "leads:update")
    lead_id = id_in_path(request.path_params["lead_id"])
    return await writes.act(
        call, lambda connection: claiming.release_lead(call, connection, lead_id)
    )


@router.post(
    "/v1/leads/claim-next",
    **documents.operation(
        "claim_next_lead",
        "Make the best lead of one's pools one's own, past those that others hold at this moment",
        parameters=[documents.IDEMPOTENCY_KEY],
        body=ClaimNext,
        response_model=LEADS.model,
        responses=documents.problems(404, 409, 413, 415, 422),
    ),
)
async def claim_next_lead(request: Request) -> Response:
    call = await begin(request, "leads:update")
    raw = await call.body()
    data = writes.parse(ClaimNext, raw)
    return await writes.act(
        call, lambda connection: claiming.claim_next_lead(call, connection, data), raw=raw
    )
