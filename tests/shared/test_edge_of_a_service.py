"""What stands before every route: limits, methods, ids, health, and answers when things go wrong."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from guanxi_shared.edge import Edge
from tests.conftest import running, settle_environment
from tests.deadlines import until
from tests.factories import (
    Clients,
    Organisation,
    apply_to_directory,
    directory_events,
    new_organisation,
)
from tests.library.app import create as create_library
from tests.library.app import router
from tests.library.books import book
from tests.prepared import Clone
from tests.stand_in import GatewayStandIn
from tests.wire import wired

PROBLEM = "application/problem+json"


@asynccontextmanager
async def _library(
    clone: Clone, gateway: GatewayStandIn, files: Path, **more: str
) -> AsyncIterator[tuple[Edge, httpx.AsyncClient]]:
    """A library with these settings, and a client of somebody who may do everything."""
    with pytest.MonkeyPatch.context() as patch:
        settle_environment(patch, clone, "library", gateway, files, **more)
        app = create_library()
    async with running(app):
        organisation = new_organisation(also=("books",))
        await apply_to_directory(app.state.house.db, directory_events(organisation))
        yield app, Clients(app, gateway)(organisation.admin)


async def test_routes_are_served_as_they_were_made(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path: Path
) -> None:
    """What FastAPI includes it makes anew at the first request: a third of a second for a service."""
    async with _library(database, gateway_stand_in, tmp_path) as (app, admin):
        assert (await admin.get("/v1/books")).status_code == 200
        assert {id(route) for route in router.routes} <= {id(route) for route in app.app.routes}


async def test_requests_are_served_while_the_document_is_made(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path: Path
) -> None:
    async with _library(database, gateway_stand_in, tmp_path) as (app, admin):
        served, make = threading.Event(), app.app.openapi

        def slowly() -> dict[str, Any]:
            assert served.wait(5), "nothing was served meanwhile"
            return make()

        app.app.openapi = slowly  # type: ignore[method-assign]
        asked = asyncio.create_task(admin.get("/openapi.json"))
        await asyncio.sleep(0)
        assert (await admin.get("/v1/books")).status_code == 200
        served.set()
        assert "/v1/books" in (await asked).json()["paths"]


async def test_beyond_what_it_can_bear_a_service_says_503_and_stays_healthy(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path: Path
) -> None:
    settings = {"GUANXI_MAX_IN_FLIGHT": "2"}
    async with _library(database, gateway_stand_in, tmp_path, **settings) as (_, admin):
        polls = [asyncio.create_task(admin.get("/v1/events?wait=1")) for _ in range(2)]
        await asyncio.sleep(0.1)
        shed = await admin.get("/v1/books")
        assert (shed.status_code, shed.headers["content-type"]) == (503, PROBLEM)
        assert int(shed.headers["retry-after"]) >= 1
        assert (await admin.get("/health/ready")).status_code == 200
        assert {a.status_code for a in await asyncio.gather(*polls)} == {200}
        assert (await admin.get("/v1/books")).status_code == 200


async def test_a_statement_that_takes_too_long_is_stopped_and_504(
    own_database: Clone, gateway_stand_in: GatewayStandIn, tmp_path: Path
) -> None:
    settings = {"LIBRARY_STATEMENT_TIMEOUT_MS": "300"}
    async with _library(own_database, gateway_stand_in, tmp_path, **settings) as (_, admin):
        made = await book(admin)
        owner = await asyncpg.connect(own_database.urls["library"].owner)
        await owner.execute(
            "CREATE POLICY slow ON books AS RESTRICTIVE USING (pg_sleep(5) IS NOT NULL)"
        )
        await owner.close()
        late = await asyncio.wait_for(admin.get(f"/v1/books/{made['id']}"), 4)
        assert (late.status_code, late.json()["code"]) == (504, "late")
        assert late.headers["retry-after"]


async def test_a_record_that_somebody_holds_is_503_after_a_moment(
    own_database: Clone, gateway_stand_in: GatewayStandIn, tmp_path: Path
) -> None:
    settings = {"LIBRARY_STATEMENT_TIMEOUT_MS": "300"}
    async with _library(own_database, gateway_stand_in, tmp_path, **settings) as (_, admin):
        made = await book(admin)
        holder = await asyncpg.connect(own_database.admin_url)
        async with holder.transaction():
            await holder.execute("SELECT * FROM library.books FOR UPDATE")
            busy = await admin.patch(f"/v1/books/{made['id']}", json={"pages": 1})
        await holder.close()
        assert busy.status_code in (503, 504)
        assert (await admin.patch(f"/v1/books/{made['id']}", json={"pages": 1})).status_code == 200


async def test_connections_that_are_cut_cost_one_answer_and_no_more(
    own_database: Clone, gateway_stand_in: GatewayStandIn, tmp_path: Path
) -> None:
    async with _library(own_database, gateway_stand_in, tmp_path) as (_, admin):
        made = await book(admin)
        killer = await asyncpg.connect(own_database.admin_url)
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'library' AND datname = current_database()"
        )
        await killer.execute(kill)
        answers = [await admin.get(f"/v1/books/{made['id']}") for _ in range(8)]
        assert {a.status_code for a in answers} <= {200, 503}
        assert answers[-1].status_code == 200
        under_way = [
            asyncio.create_task(admin.patch(f"/v1/books/{made['id']}", json={"pages": n}))
            for n in range(20)
        ]
        await asyncio.sleep(0.01)
        await killer.execute(kill)
        await killer.close()
        assert {a.status_code for a in await asyncio.gather(*under_way)} <= {200, 503}

        async def is_well() -> bool:
            return (await admin.get(f"/v1/books/{made['id']}")).status_code == 200

        assert await until(is_well)


async def test_without_its_database_a_service_lives_but_is_not_ready(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path: Path
) -> None:
    urls = database.urls["library"]
    async with wired(urls.request) as (wire, request), wired(urls.feed) as (feed_wire, feed):
        settings = {"LIBRARY_DATABASE_URL": request, "LIBRARY_FEED_DATABASE_URL": feed}
        async with _library(database, gateway_stand_in, tmp_path, **settings) as (_, admin):
            made = await book(admin)
            for each in (wire, feed_wire):
                each.cut()
            for path, status in {
                "/health/live": 200,
                "/health/ready": 503,
                "/metrics": 200,
            }.items():
                assert (await admin.get(path)).status_code == status
            for path in ("/v1/books", f"/v1/books/{made['id']}", "/v1/events"):
                away = await admin.get(path)
                assert (away.status_code, away.headers["content-type"]) == (503, PROBLEM), path
                assert away.headers["retry-after"]
            assert (await admin.post("/v1/books", json={"title": "x"})).status_code == 503
            for each in (wire, feed_wire):
                each.mend()

            async def is_back() -> bool:
                return (await admin.get("/health/ready")).status_code == 200

            assert await until(is_back)
            assert (await admin.get(f"/v1/books/{made['id']}")).json() == made


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_body_that_is_too_long_is_413(
    client: Clients, organisation: Organisation, is_told: bool
) -> None:
    size = 1_048_577

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    headers = {"content-type": "application/json"}
    rep = client(organisation.rep)
    for path in ("/v1/books", "/v1/books/search"):
        content: Any = b" " * size if is_told else parts()
        answer = await rep.post(path, content=content, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)


async def test_a_batch_may_be_longer(client: Clients, organisation: Organisation) -> None:
    rep = client(organisation.rep)
    operation = {"op": "create", "data": {"title": "x", "subtitle": "y" * 1_000_000}}
    answer = await rep.post("/v1/books/batch", json={"operations": [operation] * 3})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data"])
async def test_what_is_no_json_is_415(
    client: Clients, organisation: Organisation, content_type: str
) -> None:
    rep = client(organisation.rep, **{"content-type": content_type})
    for method, path in (
        ("POST", "/v1/books"),
        ("POST", "/v1/books/batch"),
        ("POST", "/v1/books/search"),
    ):
        assert (await rep.request(method, path, content=b"{}")).status_code == 415


async def test_merge_patch_has_a_type_of_its_own(
    client: Clients, organisation: Organisation
) -> None:
    made = await book(client(organisation.rep))
    rep = client(organisation.rep, **{"content-type": "application/merge-patch+json"})
    answer = await rep.patch(f"/v1/books/{made['id']}", content=b'{"pages": 3}')
    assert answer.json()["pages"] == 3


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/books", {"GET", "POST"}),
        ("DELETE", "/v1/books", {"GET", "POST"}),
        ("POST", "/v1/books/01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", {"GET", "PATCH", "DELETE"}),
        ("GET", "/v1/books/batch", {"POST"}),
        ("GET", "/v1/books/search", {"POST"}),
        ("PATCH", "/v1/events", {"GET"}),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_405_and_says_which_it_does(
    client: Clients, organisation: Organisation, method: str, path: str, allowed: set[str]
) -> None:
    answer = await client(organisation.rep).request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (405, PROBLEM)
    named = {word.strip() for word in answer.headers["allow"].split(",")}
    assert named - {"HEAD"} == allowed


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v1/books/", "/v2/books", "/v1/books/x/y", "//v1/books", "/v1/books%2f"],
)
async def test_a_path_that_is_none_is_404(
    client: Clients, organisation: Organisation, path: str
) -> None:
    answer = await client(organisation.rep).get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)


@pytest.mark.parametrize("given", ["r-1", "a" * 128])
async def test_a_request_id_is_kept(
    client: Clients, organisation: Organisation, given: str
) -> None:
    rep = client(organisation.rep, **{"x-request-id": given})
    for path in ("/v1/books", "/v1/books/x", "/v1/nothing", "/v1/events"):
        answer = await rep.get(path)
        assert answer.headers.get_list("x-request-id") == [given], path


@pytest.mark.parametrize("given", [b"", b"a" * 129, b"a\tb", "ä".encode()])
async def test_a_request_id_that_is_none_is_replaced(client: Clients, given: bytes) -> None:
    answer = await client().get("/v1/nothing", headers=[(b"x-request-id", given)])
    (made,) = answer.headers.get_list("x-request-id")
    assert made.encode() != given
    assert answer.json()["request_id"] == made


async def test_health_and_metrics_ask_for_no_token(client: Clients) -> None:
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert (await client().get(path)).status_code == 200
    assert b"http_request_duration_seconds" in (await client().get("/metrics")).content


async def test_the_description_holds_every_operation_with_its_problems(client: Clients) -> None:
    answer = await client().get("/openapi.json")
    document = orjson.loads(answer.content)
    seen = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            assert operation["summary"], (path, method)
            assert {"401", "403", "503"} <= set(operation["responses"]), (path, method)
            assert operation["security"], (path, method)
    assert {
        "list_books",
        "get_book",
        "create_book",
        "update_book",
        "batch_books",
        "list_events",
    } <= seen


async def test_the_pages_of_the_description_need_no_other_host(client: Clients) -> None:
    for path in ("/docs", "/redoc"):
        answer = await client().get(path)
        assert answer.status_code == 200
        assert "//cdn" not in answer.text
        assert "https://" not in answer.text.replace("https://www.w3.org", "")
