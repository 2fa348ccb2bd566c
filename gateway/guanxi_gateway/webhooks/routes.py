"""Webhooks over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter
from joserfc.jwk import OctKey
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.once import with_secret
from guanxi_gateway.upstream import Upstream
from guanxi_gateway.webhooks import service
from guanxi_gateway.webhooks.address_rules import BadUrl
from guanxi_gateway.webhooks.delivery_routes import router as deliveries
from guanxi_gateway.webhooks.endpoints import sealing_keys
from guanxi_gateway.webhooks.errors import UrlNotCalled
from guanxi_gateway.webhooks.heads import cursor_of_now
from guanxi_gateway.webhooks.resources import WEBHOOKS
from guanxi_gateway.webhooks.schemas import (
    SecretRotation,
    WebhookCreate,
    WebhookMade,
    WebhookUpdate,
)
from guanxi_gateway.webhooks.sending import LookUp, SystemLookUp, demand_reachable, reach_of
from guanxi_gateway.webhooks.settings import WebhookSettings
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import Call, House, begin
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import State

PATH = "/v1/webhooks"
ONE = PATH + "/{webhook_id}"
SHOWN_ONCE = "secret"


@dataclass(frozen=True, slots=True)
class Registry:
    """What registering needs: the services, for where their feeds end, and the way to look names up."""

    peers: Mapping[str, Upstream]
    settings: WebhookSettings
    look_up: LookUp

    async def demand_called(self, url: str | None) -> None:
        if not url:
            return
        seconds = self.settings.connect_seconds
        try:
            await demand_reachable(url, reach_of(self.settings), self.look_up, seconds=seconds)
        except BadUrl as error:
            raise UrlNotCalled(str(error), errors={"url": str(error)}) from error


def webhooks_router(peers: Mapping[str, Upstream], *, look_up: LookUp | None = None) -> APIRouter:
    router = APIRouter(tags=["webhooks"])
    registry = Registry(peers, WebhookSettings(), look_up or SystemLookUp())
    add_reads(router)
    add_writes(router, registry)
    add_secrets(router)
    router.include_router(deliveries)
    return router


def keys_of(here: House) -> tuple[OctKey, ...]:
    return sealing_keys(identity(here), here.common.service_secret)


def add_reads(router: APIRouter) -> None:
    @router.get(PATH, **documents.lists(WEBHOOKS))
    async def list_webhooks(request: Request) -> Response:
        return await reads.list_records(await begin(request, "webhooks:read"), WEBHOOKS)

    @router.get(ONE, **documents.gets(WEBHOOKS))
    async def get_webhook(request: Request) -> Response:
        call = await begin(request, "webhooks:read")
        webhook_id = request.path_params["webhook_id"]
        if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
            return await history.get_as_of(call, WEBHOOKS, webhook_id, moment)
        return await reads.get_record(call, WEBHOOKS, webhook_id)

    @router.post(PATH + "/search", **documents.searches(WEBHOOKS))
    async def search_webhooks(request: Request) -> Response:
        return await reads.search_records(await begin(request, "webhooks:read"), WEBHOOKS)

    @router.get(ONE + "/history", **documents.histories(WEBHOOKS))
    async def get_webhook_history(request: Request) -> Response:
        call = await begin(request, "webhooks:read")
        return await history.get_history(call, WEBHOOKS, request.path_params["webhook_id"])


def add_writes(router: APIRouter, registry: Registry) -> None:
    @router.post(
        PATH, **{**documents.creates(WEBHOOKS, WebhookCreate), "response_model": WebhookMade}
    )
    async def create_webhook(request: Request) -> Response:
        call = await begin(request, "webhooks:create")
        call.by.demand("events:read")
        made: list[str] = []

        async def work(call: Call, connection: Connection, data: WebhookCreate) -> State:
            await registry.demand_called(data.url)  # no transaction has begun yet
            cursor = await cursor_of_now(call.house, registry.peers)
            state, secret = await service.create_webhook(
                call, connection, data, cursor=cursor, keys=keys_of(call.house)
            )
            made.append(secret)
            return state

        response = await writes.create(call, WEBHOOKS, WebhookCreate, work, path=PATH)
        return with_secret(response, SHOWN_ONCE, made[0] if made else None)

    @router.patch(ONE, **documents.updates(WEBHOOKS, WebhookUpdate))
    async def update_webhook(request: Request) -> Response:
        call = await begin(request, "webhooks:update")
        webhook_id = id_in_path(request.path_params["webhook_id"])
        version = writes.wanted_version(call)

        async def work(connection: Connection, data: WebhookUpdate) -> State:
            await registry.demand_called(data.url)
            return await service.update_webhook(
                call, connection, webhook_id, data, version, keys=keys_of(call.house)
            )

        return await writes.update(call, WebhookUpdate, work)

    @router.delete(ONE, **documents.acts(WEBHOOKS, "delete", "Give a webhook up", takes_key=False))
    async def delete_webhook(request: Request) -> Response:
        call = await begin(request, "webhooks:delete")
        webhook_id = id_in_path(request.path_params["webhook_id"])
        version = writes.wanted_version(call)
        return await writes.act(
            call, lambda connection: service.delete_webhook(call, connection, webhook_id, version)
        )

    @router.post(ONE + "/restore", **documents.acts(WEBHOOKS, "restore", "Bring a webhook back"))
    async def restore_webhook(request: Request) -> Response:
        call = await begin(request, "webhooks:delete")
        webhook_id = id_in_path(request.path_params["webhook_id"])
        return await writes.act(
            call, lambda connection: service.restore_webhook(call, connection, webhook_id)
        )


def add_secrets(router: APIRouter) -> None:
    @router.post(
        ONE + "/rotate-secret",
        **documents.operation(
            "rotate_webhook_secret",
            "A new secret; the present one signs too for a while",
            parameters=[
                documents.path_id("webhook_id"), documents.IDEMPOTENCY_KEY, documents.IF_MATCH,
            ],
            body=SecretRotation,
            response_model=WebhookMade,
            responses=documents.problems(404, 409, 412, 413, 415, 422),
        ),
    )  # fmt: skip
    async def rotate_webhook_secret(request: Request) -> Response:
        call = await begin(request, "webhooks:update")
        webhook_id, raw = id_in_path(request.path_params["webhook_id"]), await call.body()
        data, version = writes.parse(SecretRotation, raw), writes.wanted_version(call)
        made: list[str] = []

        async def work(connection: Connection) -> State:
            state, secret = await service.rotate_secret(
                call, connection, webhook_id, timedelta(hours=data.overlap_hours),
                version=version, keys=keys_of(call.house),
            )  # fmt: skip
            made.append(secret)
            return state

        response = await writes.act(call, work, raw=raw)
        return with_secret(response, SHOWN_ONCE, made[0] if made else None)
