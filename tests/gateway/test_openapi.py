"""The merged document, and the pages that show it."""

import asyncio
import copy
import threading
from typing import Any

import pytest

from guanxi_gateway.openapi import Documents, merge, pages
from guanxi_gateway.upstream import Upstream
from tests.gateway.loopback import answer, gateway
from tests.serving import served

GONE = Upstream("tickets", "http://127.0.0.1:9")


def document(path: str, *, schemas: dict[str, Any], model: str = "Page") -> dict[str, Any]:
    shown = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}}
    operation = {"operationId": "list_things", "tags": ["things"], "responses": {"200": shown}}
    return {
        "openapi": "3.1.0",
        "paths": {
            path: {"get": operation},
            "/health/live": {"get": {}},
            "/internal/x": {"get": {}},
        },
        "components": {"schemas": schemas, "securitySchemes": {"bearer": {}}},
    }


def reference(merged: dict[str, Any], path: str) -> str:
    shown = merged["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return str(shown["schema"]["$ref"].rpartition("/")[2])


def test_equal_components_are_shared_and_different_ones_renamed() -> None:
    both = {"Problem": {"type": "object"}}
    one = document("/v1/accounts", schemas={**both, "Page": {"type": "object", "title": "a"}})
    other = document("/v1/leads", schemas={**both, "Page": {"type": "object", "title": "b"}})
    merged = merge({"contacts": one, "pipeline": other}, unavailable={})
    assert set(merged["components"]["schemas"]) == {"Problem", "Page", "PipelinePage"}
    assert reference(merged, "/v1/accounts") == "Page"
    assert reference(merged, "/v1/leads") == "PipelinePage"
    assert merged["components"]["schemas"]["PipelinePage"]["title"] == "PipelinePage"


def test_a_component_that_refers_to_a_renamed_one_is_renamed_too() -> None:
    page = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
    one = document("/v1/accounts", schemas={"Page": page, "Row": {"title": "a"}})
    other = document("/v1/leads", schemas={"Page": page, "Row": {"title": "b"}})
    schemas = merge({"contacts": one, "pipeline": other}, unavailable={})["components"]["schemas"]
    assert schemas["PipelinePage"]["items"]["$ref"] == "#/components/schemas/PipelineRow"
    assert schemas["Page"]["items"]["$ref"] == "#/components/schemas/Row"


def test_operation_ids_are_unique_and_links_follow() -> None:
    one = document("/v1/accounts", schemas={"Page": {}})
    other = document("/v1/leads", schemas={"Page": {}})
    other["paths"]["/v1/leads"]["get"]["responses"]["200"]["links"] = {
        "again": {"operationId": "list_things"}
    }
    merged = merge({"contacts": one, "pipeline": other}, unavailable={})
    found = merged["paths"]["/v1/leads"]["get"]
    assert merged["paths"]["/v1/accounts"]["get"]["operationId"] == "list_things"
    assert found["operationId"] == "pipeline_list_things"
    assert found["responses"]["200"]["links"]["again"]["operationId"] == "pipeline_list_things"


def test_only_what_the_gateway_serves_is_shown_and_nothing_given_is_changed() -> None:
    own = document("/v1/users", schemas={"Page": {}})
    given = document("/v1/accounts", schemas={"Page": {}})
    given["paths"] |= {"/v1/events": {"get": {}}, "/v1/contacts/snapshot": {"post": {}}}
    before = copy.deepcopy(given)
    merged = merge({"gateway": own, "contacts": given}, unavailable={"tickets": "away"})
    assert set(merged["paths"]) == {
        "/v1/users", "/health/live", "/v1/accounts", "/v1/contacts/snapshot",
    }  # fmt: skip
    assert merged["x-unavailable"] == [{"service": "tickets", "detail": "away"}]
    assert merged["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert given == before


async def test_the_document_is_merged_from_services_that_are_there_and_names_the_others() -> None:
    async def contacts(scope: Any, receive: Any, send: Any) -> None:
        body = (
            b'{"openapi":"3.1.0","paths":{"/v1/accounts":{"get":{"operationId":"list_accounts"}}}}'
        )
        await answer(send, 200, body)

    async with served(contacts) as port:
        peers = {"contacts": Upstream("contacts", f"http://127.0.0.1:{port}"), "tickets": GONE}
        shown = pages(Documents(own=lambda: {"paths": {"/v1/me": {"get": {}}}}, peers=peers))
        async with gateway({}, pages=shown) as client:
            first = await client.get("/openapi.json")
            again = await client.get(
                "/openapi.json", headers={"if-none-match": first.headers["etag"]}
            )
        peers["contacts"].close()
    merged = first.json()
    assert set(merged["paths"]) == {"/v1/me", "/v1/accounts"}
    assert [part["service"] for part in merged["x-unavailable"]] == ["tickets"]
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/start.js"])
async def test_the_pages_need_nothing_from_the_internet(path: str) -> None:
    shown = pages(Documents(own=dict, peers={}))
    async with gateway({}, pages=shown) as client:
        response = await client.get(path)
    assert response.status_code == 200
    assert "//" not in response.text.replace("<!doctype", "")
    if path != "/docs/start.js":
        assert "<script>" not in response.text
        assert "script-src 'self';" in response.headers["content-security-policy"]


async def test_requests_are_served_while_the_document_is_merged() -> None:
    served = threading.Event()

    def own() -> dict[str, Any]:
        assert served.wait(5), "nothing was served meanwhile"
        return {"paths": {}}

    asked = asyncio.create_task(Documents(own=own, peers={}).current())
    await asyncio.sleep(0.05)
    served.set()
    body, _ = await asked
    assert b'"openapi":"3.1.0"' in body
