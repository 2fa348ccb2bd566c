"""One function makes a service: pools, feed, consumers, routes, problems, metrics, health."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from sqlalchemy import MetaData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guanxi_shared import consumers as consuming
from guanxi_shared import logs, metrics
from guanxi_shared.auth import Verifier
from guanxi_shared.calls import House
from guanxi_shared.consumers import Consumer
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database
from guanxi_shared.directory import directory_consumer, feed_over_http, listening_client
from guanxi_shared.documents import DOCUMENTED, ProblemDetails
from guanxi_shared.edge import Edge
from guanxi_shared.errors import PROBLEM_TYPE, Problem
from guanxi_shared.feed.feed import Feed
from guanxi_shared.feed.routes import feed_router
from guanxi_shared.garbage import settle_garbage
from guanxi_shared.health import health_router
from guanxi_shared.http import ServiceClient
from guanxi_shared.openapi import tidy
from guanxi_shared.refusals import problem_of
from guanxi_shared.resources import Resource
from guanxi_shared.settings import Common, ServiceSettings
from guanxi_shared.visibility import Directory

LOG = structlog.get_logger()
FOREIGN_PROBLEMS = ("HTTPValidationError", "ValidationError")

Started = Callable[[House], contextlib.AbstractAsyncContextManager[None]]


def make_house(
    *, name: str, settings: ServiceSettings, common: Common, gateway: ServiceClient
) -> House:
    """The objects that live as long as the process, not yet open."""
    db = Database(
        settings.database_url,
        pool_size=settings.pool_size,
        statement_timeout_ms=settings.statement_timeout_ms,
    )

    async def fetch_keys() -> Mapping[str, Any]:
        found: Mapping[str, Any] = await gateway.get_json("/.well-known/jwks.json")
        return found

    verifier = Verifier(service=name, fetch_keys=fetch_keys, service_secret=common.service_secret)
    feed = Feed(settings.feed_database_url, schema=name)
    db.after_commit = feed.bell.signal
    return House(
        name=name, settings=settings, common=common, db=db, directory=Directory(db),
        verifier=verifier, feed=feed, custom_fields=CustomFields(db),
    )  # fmt: skip


def create_app(
    *,
    name: str,
    title: str,
    settings: ServiceSettings,
    common: Common,
    metadata: MetaData,
    resources: Sequence[Resource],
    routers: Sequence[APIRouter],
    consumers: Callable[[House], Sequence[Consumer]] = lambda _: (),
    started: Started | None = None,
    house: House | None = None,
) -> Edge:
    """A service as an ASGI application. `consumers` hear other services, `started` wraps its life
    with what it alone needs; `house` replaces the one made from the settings (the gateway's)."""
    logs.configure(name, level=common.log_level, format=common.log_format)
    gateway = ServiceClient("gateway", common.gateway_url, common.service_secret, caller=name)
    # A client of its own: its long polls must not open the breaker that key fetches go through.
    listener = listening_client("gateway", common.gateway_url, common.service_secret, caller=name)
    here = house or make_house(name=name, settings=settings, common=common, gateway=gateway)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        heard = (
            [directory_consumer(feed_over_http(listener), here.directory)] if house is None else []
        )
        async with contextlib.AsyncExitStack() as stack:
            for close in (listener.aclose, gateway.aclose, here.db.close, here.feed.close):
                stack.push_async_callback(close)
            await here.db.open()
            await here.feed.open()
            metrics.watch_pool(name, here.db.pool)
            if started is not None:
                await stack.enter_async_context(started(here))
            await stack.enter_async_context(consuming.running([*heard, *consumers(here)], here.db))
            settle_garbage()
            yield

    app = FastAPIOffline(title=title, version="1.0.0", lifespan=lifespan, redirect_slashes=False)
    app.state.house = here
    all_routers = [*routers, feed_router(name, metadata, resources), health_router()]
    for router in all_routers:  # as they are: FastAPI makes each anew for a router it includes
        app.router.routes.extend(router.routes)
    _answer_problems(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    app.router.routes.insert(0, _described(app))
    return Edge(app, name=name, max_in_flight=common.max_in_flight, routes=_routes(all_routers))


def _routes(routers: Sequence[APIRouter]) -> list[APIRoute]:
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


def _answer_problems(app: FastAPI) -> None:
    async def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        body = problem.body(logs.request_id.get())
        return Response(body, problem.status, problem.headers, PROBLEM_TYPE)

    for kind in (Problem, Exception, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer)


def _described(app: FastAPI) -> Route:
    """Ahead of FastAPI's own, which makes the document where requests are served: none was for two
    seconds."""

    async def described(_: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(app.openapi))

    return Route(app.openapi_url or "", described, include_in_schema=False)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document plus the models of bodies that routes read themselves."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, routes=app.routes,
            separate_input_output_schemas=False,
        )  # fmt: skip
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        for model, definition in _definitions([ProblemDetails, *_settled_bodies(schema)]).items():
            schemas.setdefault(model, definition)
        schema["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "description": "Access token or API key"}
        }
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation.setdefault("security", [{"bearer": []}])
                _drop_foreign_problems(operation["responses"])
        for name in FOREIGN_PROBLEMS:
            schemas.pop(name, None)
        tidy(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _settled_bodies(schema: dict[str, Any]) -> list[type[BaseModel]]:
    """The models of this application's bodies; what refers to them does so by their own names now."""
    found: dict[str, type[BaseModel]] = {}
    for operations in schema["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                place = str(content["schema"].get("$ref", "")).rpartition("/")[2]
                if (model := DOCUMENTED.get(place)) is not None:
                    found[place] = model
                    content["schema"] = {"$ref": f"#/components/schemas/{model.__name__}"}
    return list(found.values())


def _drop_foreign_problems(responses: dict[str, Any]) -> None:
    """FastAPI promises its own form of 422 beside each typed parameter; here that is a 400."""
    content = responses.get("422", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if str(schema.get("$ref", "")).rpartition("/")[2] in FOREIGN_PROBLEMS:
        del responses["422"]


def _definitions(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    _, schema = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    found: dict[str, Any] = schema.get("$defs", {})
    return found
