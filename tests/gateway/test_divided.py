"""Paths that several services answer: whose resource it is decides, or who knows the id."""

import re
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guanxi_gateway import routes
from guanxi_gateway.divided import LOOKED_AT
from guanxi_gateway.divided_rules import resource_in_body, resource_in_query
from guanxi_gateway.openapi import VERBS, merge
from guanxi_gateway.openapi_union import Different, united
from guanxi_shared.edge import Edge
from tests.gateway.loopback import answer, bearer, gateway, token
from tests.gateway.test_views import Fake, suite
from tests.serving import served

# Fixed: they stand in the names of tests, which each worker must give alike.
MINE = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"
THEIRS = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51"


def knowing(*ids: str, name: str) -> Fake:
    """A service that tells its name at lists and knows these ids."""
    said = (200, {"by": name})
    words = ("imports", "exports", "fields", "views")
    known = {f"/v1/{word}/{id}{end}": said for word in words for id in ids for end in ENDS}
    return Fake({f"/v1/{word}": said for word in words} | known)


ENDS = ("", "/start", "/file", "/errors.csv", "/records", "/restore", "/history")


@pytest.mark.parametrize(
    ("method", "path", "sent", "by"),
    [
        ("GET", "/v1/imports", {}, "contacts"),
        ("GET", "/v1/imports?resource=accounts", {}, "contacts"),
        ("GET", "/v1/imports?limit=5&resource=opportunities", {}, "pipeline"),
        ("GET", "/v1/fields?resource=nonsense", {}, "contacts"),
        ("POST", "/v1/exports", {"json": {"resource": "opportunities"}}, "pipeline"),
        ("POST", "/v1/exports", {"json": {"resource": "accounts"}}, "contacts"),
        ("POST", "/v1/exports", {"json": {"resource": "stock-reports"}}, "pipeline"),
        ("GET", "/v1/imports?resource=stock-reports", {}, "pipeline"),
        ("POST", "/v1/views", {"json": {"name": "x", "resource": "orders"}}, "pipeline"),
        ("POST", "/v1/fields", {"json": {"document": {"resource": "orders"}}}, "contacts"),
        ("POST", "/v1/fields", {"content": b"{broken"}, "contacts"),
        ("POST", "/v1/exports", {"json": {"fields": ["x" * 70_000], "resource": "opportunities"}}, "pipeline"),
        ("POST", "/v1/exports", {"json": {"resource": "opportunities", "fields": ["x" * 200_000]}}, "pipeline"),
        ("POST", "/v1/imports", {"data": {"resource": "opportunities"}, "files": {"file": b"x" * 200_000}}, "pipeline"),
        ("POST", "/v1/imports?resource=opportunities", {"files": {"file": b"x" * 200_000}}, "pipeline"),
        ("POST", "/v1/imports", {"data": {"resource": "accounts"}, "files": {"file": b"x"}}, "contacts"),
        ("GET", f"/v1/imports/{THEIRS}", {}, "pipeline"),
        ("POST", f"/v1/imports/{THEIRS}/start", {"json": {"key": "name"}}, "pipeline"),
        ("POST", f"/v1/imports/{MINE}/start", {"json": {"key": "name"}}, "contacts"),
        ("GET", f"/v1/exports/{THEIRS}/file", {}, "pipeline"),
        ("POST", f"/v1/views/{THEIRS}/restore", {}, "pipeline"),
    ],
)  # fmt: skip
async def test_a_request_reaches_the_service_of_its_resource(
    method: str, path: str, sent: dict[str, Any], by: str
) -> None:
    services = {
        "contacts": knowing(MINE, name="contacts"),
        "pipeline": knowing(THEIRS, name="pipeline"),
    }
    async with suite(services) as client:
        found = await client.request(method, path, **sent)
    assert (found.status_code, found.json()) == (200, {"by": by})
    assert services[by].seen[-1][:2] == (method, path.partition("?")[0])


async def test_what_was_looked_at_reaches_the_service_whole() -> None:
    got = []

    async def pipeline(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        got.append(body)
        await answer(send, 200, b"{}")

    async with served(pipeline) as port:
        urls = {"contacts": "http://127.0.0.1:9", "pipeline": f"http://127.0.0.1:{port}"}
        async with gateway(urls) as client:
            client.headers.update(bearer(token(version=0)))
            for size in (10, 70_000, 400_000):
                form = {"resource": "opportunities", "note": "n" * size}
                files = {"file": ("x.csv", b"y" * size)}
                request = client.build_request("POST", "/v1/imports", data=form, files=files)
                sent = await request.aread()
                assert (await client.send(request)).status_code == 200
                assert got.pop() == sent


async def test_an_id_is_looked_for_once_and_nobody_s_is_the_first_service_s_to_refuse() -> None:
    contacts, pipeline = knowing(MINE, name="contacts"), knowing(THEIRS, name="pipeline")
    async with suite({"contacts": contacts, "pipeline": pipeline}) as client:
        for _ in range(3):
            assert (await client.get(f"/v1/imports/{THEIRS}")).json() == {"by": "pipeline"}
        assert len(contacts.seen) == 1
        assert (await client.get(f"/v1/imports/{uuid4()}")).status_code == 404
        assert (await client.get("/v1/imports/nonsense")).status_code == 404
        assert contacts.seen[-1][1] == "/v1/imports/nonsense"
        named = await client.get(f"/v1/imports/{uuid4()}?resource=opportunities")
        assert named.status_code == 404
    assert pipeline.seen[-1][2] == "resource=opportunities"


async def test_what_an_id_is_to_one_organisation_it_need_not_be_to_another() -> None:
    """Clients choose ids: somebody who knows one must not send its owner to another service."""
    contacts, pipeline = knowing(name="contacts"), knowing(THEIRS, name="pipeline")
    async with suite({"contacts": contacts, "pipeline": pipeline}) as client:
        assert (await client.get(f"/v1/views/{THEIRS}")).json() == {"by": "pipeline"}
        contacts.answers, pipeline.answers = knowing(THEIRS, name="contacts").answers, {}
        owner = bearer(token(version=0))
        found = await client.get(f"/v1/views/{THEIRS}", headers=owner)
    assert found.json() == {"by": "contacts"}


async def test_an_id_that_may_be_that_of_a_service_that_is_away_is_not_called_unknown() -> None:
    async with suite({"contacts": knowing(MINE, name="contacts"), "pipeline": None}) as client:
        assert (await client.get(f"/v1/imports/{MINE}")).json() == {"by": "contacts"}
        away = await client.get(f"/v1/imports/{THEIRS}")
        assert (away.status_code, "pipeline" in away.json()["detail"]) == (503, True)


async def test_with_one_service_nothing_is_looked_for() -> None:
    contacts = knowing(name="contacts")
    async with suite({"contacts": contacts}) as client:
        assert (await client.get(f"/v1/imports/{THEIRS}")).status_code == 404
        assert (await client.post("/v1/exports", json={"resource": "opportunities"})).is_success
    assert [path for _, path, _ in contacts.seen] == [f"/v1/imports/{THEIRS}", "/v1/exports"]


PIECES = st.sampled_from(
    [b"--b", b"\r\n", b"content-disposition: form-data; ", b'name="resource"', b"name=resource", b";", b"orders",
     b'{"resource":', b'"orders"', b"}", b"resource=", b"%6frders", b"&", b"\xff", b"--"]
)  # fmt: skip


@given(
    st.lists(PIECES | st.binary(max_size=8), max_size=30).map(b"".join),
    st.sampled_from([b"", b"application/json", b"multipart/form-data; boundary=b"]),
)
@example(
    b'--b\r\ncontent-disposition: form-data; name="resource"\r\n\r\norders\r\n',
    b"multipart/form-data; boundary=b",
)
def test_no_body_breaks_the_looking(body: bytes, content_type: bytes) -> None:
    for is_whole in (True, False):
        found = resource_in_body(content_type, body, is_whole=is_whole)
        assert found is None or re.fullmatch(rb"[a-z-]{1,64}", found)
    found = resource_in_query(body)
    assert found is None or re.fullmatch(rb"[a-z-]{1,64}", found)


@pytest.mark.parametrize(
    "unit",
    [b"content-disposition: form-data; name=x ", b'content-disposition: form-data; name="resource" ',
     b'content-disposition: form-data; name="resource"\r\n', b'; name="resource', b'"resource"  :', b"--b\r\n"],
)  # fmt: skip
def test_no_body_is_looked_at_for_long(unit: bytes) -> None:
    """Meanwhile everybody else waits: repeats within repeats took minutes of this."""
    body = (unit * LOOKED_AT)[:LOOKED_AT]
    began = time.process_time()
    for content_type in (b"multipart/form-data; boundary=b", b"application/json"):
        resource_in_body(content_type, body, is_whole=False)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("query", "found"),
    [(b"resource=leads", b"leads"), (b"a=1&resource=price%2Dbooks", b"price-books"), (b"", None),
     (b"resource=a&resource=b", None), (b"resource=a&resource=a", b"a"), (b"resource=", None),
     (b"resource=%00", None), (b"resource[in]=leads", None)],
)  # fmt: skip
def test_a_query_names_one_resource_or_none(query: bytes, found: bytes | None) -> None:
    assert resource_in_query(query) == found


def test_a_multipart_body_is_read_as_far_as_it_is_there() -> None:
    request = httpx.Request(
        "POST",
        "http://x",
        data={"start": "true", "resource": "orders"},
        files={"file": b"resource"},
    )
    content_type, body = request.headers["content-type"].encode(), request.read()
    assert resource_in_body(content_type, body, is_whole=True) == b"orders"
    assert resource_in_body(content_type, body[:150], is_whole=False) is None
    behind = b'{"fields":["' + b"x" * 70_000 + b'"],"resource":"orders"}'
    assert resource_in_body(b"application/json", behind[:65_536], is_whole=False) is None
    assert resource_in_body(b"application/json", behind, is_whole=True) == b"orders"


def test_the_document_describes_each_once_for_all_resources(contacts: Edge, pipeline: Edge) -> None:
    documents = {"contacts": contacts.app.openapi(), "pipeline": pipeline.app.openapi()}
    merged = merge(documents, unavailable={})
    schemas = merged["components"]["schemas"]
    for word in routes.DIVIDED:
        (body,) = merged["paths"][f"/v1/{word.decode()}"]["post"]["requestBody"]["content"].values()
        schema = body["schema"]
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        assert {"accounts", "opportunities"} <= set(schema["properties"]["resource"]["enum"]), word
    assert not {f"Pipeline{name}" for name in ("ImportRead", "FieldPage", "ViewPage")} & set(
        schemas
    )
    shown = [p for p in merged["paths"] if p.split("/")[2].encode() in routes.DIVIDED]
    assert len(shown) >= 12
    for path in shown:
        mine = documents["contacts"]["paths"][path]
        assert merged["paths"][path].keys() == mine.keys()
        for verb in mine.keys() & VERBS:
            assert merged["paths"][path][verb]["operationId"] == mine[verb]["operationId"]
    (pages,) = [
        found["content"]["application/json"]["schema"]["anyOf"]
        for found in [merged["paths"]["/v1/views/{view_id}/records"]["get"]["responses"]["200"]]
    ]
    assert {"#/components/schemas/AccountPage", "#/components/schemas/OpportunityPage"} <= {
        each["$ref"] for each in pages
    }
    listed = merged["paths"]["/v1/imports"]["get"]["parameters"]
    (resource,) = [each for each in listed if each["name"] == "resource"]
    assert resource["schema"]["enum"] == [
        "accounts", "contacts", "leads", "opportunities", "orders", "price-books", "products", "quotas", "quotes",
        "exchange-rates", "stock-reports",
    ]  # fmt: skip
    ids = [
        o["operationId"] for item in merged["paths"].values() for v, o in item.items() if v in VERBS
    ]
    assert len(set(ids)) == len(ids)


def test_two_descriptions_are_one_only_where_they_mean_one_thing() -> None:
    one = {"type": "object", "properties": {"r": {"enum": ["a"], "type": "string"}}, "title": "A"}
    other = {"type": "object", "properties": {"r": {"const": "b", "type": "string"}}}
    assert united(one, other) == {
        **one,
        "properties": {"r": {"enum": ["a", "b"], "type": "string"}},
    }
    null = {"type": "string", "default": None}
    assert united({"properties": {"r": null}}, {"properties": {"r": {"type": "string"}}})
    for different in (
        {"type": "array"},
        {**other, "required": ["r"]},
        {"type": "object", "properties": {}},
    ):
        with pytest.raises(Different):
            united(one, different)
