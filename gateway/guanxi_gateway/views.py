"""Read-only compositions: several services' answers side by side, none of them waited for long."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.peers import Answer, ask
from guanxi_gateway.upstream import Upstream
from guanxi_shared.calls import begin
from guanxi_shared.documents import answers
from guanxi_shared.errors import NotFound, Problem, Unavailable
from guanxi_shared.identifiers import id_in_path

SECONDS_FOR_A_PART = 3.0
PART_LIMIT = 20

# Parts of an overview: (service, what it is asked for). The account itself comes first and decides.
ACCOUNT = ("contacts", "/v1/accounts/{id}")
PARTS: Mapping[str, tuple[str, str]] = {
    "contacts": ("contacts", "/v1/contacts?account_id={id}&limit={limit}"),
    "activities": ("contacts", "/v1/activities?account_id={id}&limit={limit}"),
    "opportunities": ("pipeline", "/v1/opportunities?account_id={id}&limit={limit}"),
    "orders": ("pipeline", "/v1/orders?account_id={id}&limit={limit}"),
    "invoices": ("pipeline", "/v1/invoices?account_id={id}&limit={limit}"),
    "tickets": ("tickets", "/v1/tickets?account_id={id}&limit={limit}"),
    "analytics": ("analytics", "/v1/analytics/customers/{id}"),
}


class Part(BaseModel):
    """One service's share of a view: its data, or why there is none right now."""

    status: Literal["ok", "unavailable"]
    data: Any = None
    detail: str | None = None


class Overview(BaseModel):
    """A customer as all services know them."""

    account: Part
    parts: dict[str, Part]


class Process(BaseModel):
    """One process of the suite as the supervisor sees it."""

    name: str
    pid: int | None = None
    port: int | None = None
    url: str | None = None
    state: str
    restarts: int = 0
    started_at: str | None = None


class Processes(BaseModel):
    data: list[Process]


def views_router(peers: Mapping[str, Upstream], *, data_dir: Path) -> APIRouter:
    router = APIRouter(tags=["views"])

    @router.get(
        "/v1/customers/{account_id}/overview",
        operation_id="get_customer_overview",
        summary="A customer as all services know them; a service that is away leaves its part out",
        response_class=Response,
        responses=answers(200, {"model": Overview}, refused=(404,)),
    )
    async def get_customer_overview(account_id: str, request: Request) -> Response:
        await begin(request, "accounts:read")
        found = await overview(peers, str(id_in_path(account_id)), request.headers["authorization"])
        return Response(orjson.dumps(found), media_type="application/json")

    @router.get(
        "/v1/system/processes",
        operation_id="list_processes",
        summary="The processes of this installation, with their ports and states",
        response_class=Response,
        responses=answers(200, {"model": Processes}, refused=()),
    )
    async def list_processes(request: Request) -> Response:
        await begin(request, "system:read")
        found = await asyncio.to_thread(read_processes, data_dir / "run" / "processes.json")
        return Response(orjson.dumps({"data": found}), media_type="application/json")

    return router


async def overview(
    peers: Mapping[str, Upstream], account_id: str, authorization: str
) -> dict[str, Any]:
    """The account and its parts, asked for at once; NotFound if contacts says there is no such
    account for this caller. What is away is marked and fails nothing."""
    wanted = {name: part for name, part in PARTS.items() if part[0] in peers}
    questions = [ACCOUNT, *wanted.values()]
    account, *parts = await asyncio.gather(
        *(_part(peers, service, path, account_id, authorization) for service, path in questions)
    )
    return {"account": account, "parts": dict(zip(wanted, parts, strict=True))}


async def _part(
    peers: Mapping[str, Upstream], service: str, path: str, account_id: str, authorization: str
) -> dict[str, Any]:
    peer = peers.get(service)
    if peer is None:
        return {"status": "unavailable", "detail": f"The {service} service is not installed."}
    target = path.format(id=account_id, limit=PART_LIMIT)
    try:
        answer = await ask(peer, target, authorization=authorization, seconds=SECONDS_FOR_A_PART)
        if path == ACCOUNT[1] and answer.status == 404:
            raise NotFound("There is no such customer, or not for you.")
        return _shown(answer)
    except NotFound:
        raise
    except Problem as problem:
        return {"status": "unavailable", "detail": problem.detail}


def _shown(answer: Answer) -> dict[str, Any]:
    if answer.is_success:
        return {"status": "ok", "data": orjson.Fragment(answer.body)}
    return {"status": "unavailable", "detail": answer.sentence()}


def read_processes(path: Path) -> list[Any]:
    """What the supervisor wrote last; Unavailable when none runs here (containers, for one)."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise Unavailable("No supervisor runs this installation here.") from error
    return found if isinstance(found, list) else []
