"""A record's life: written with its event, changed only when something changes, deleted softly."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from guanxi_shared.edge import Edge
from tests.factories import Clients, Organisation
from tests.library.app import BookRead
from tests.library.books import book, ids

BOOK: dict[str, Any] = {
    "title": "红楼梦",
    "subtitle": "上册",
    "pages": 640,
    "weight": "0.85",
    "rating": 4.5,
    "price": {"amount": "59.80", "currency": "CNY"},
    "is_lent": False,
    "printed_on": "1982-03-01",
    "due_at": "2026-11-22T08:00:00Z",
    "author_id": "00000000-0000-7000-8000-000000000001",
    "tags": ["classic"],
    "reader_ids": ["00000000-0000-7000-8000-000000000002"],
    "copies": [{"shelf": "A1"}],
}


async def test_create_get_list_event_and_model_all_say_the_same(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    created = await rep.post("/v1/books", json=BOOK)
    assert created.status_code == 201, created.text
    shown = created.json()
    assert {name: shown[name] for name in BOOK} == BOOK | {"weight": 0.85}
    found = await rep.get(created.headers["location"])
    assert found.json() == shown
    assert found.headers["etag"] == created.headers["etag"] == '"1"'
    assert (await rep.get("/v1/books")).json()["data"] == [shown]
    assert (await _history(rep, shown["id"]))[0]["after"] == shown
    assert set(shown) == set(BookRead.model_fields)
    BookRead.model_validate(shown)


async def test_a_get_answers_byte_for_byte_what_the_create_did(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    created = await rep.post("/v1/books", json={"title": "x", "due_at": "2026-11-22T08:00:00.1Z"})
    found = await rep.get(created.headers["location"])
    assert orjson.loads(found.content)["updated_at"] == orjson.loads(created.content)["updated_at"]
    assert found.content == created.content


async def test_an_update_changes_what_is_sent_and_says_so(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = (await rep.post("/v1/books", json=BOOK)).json()
    sent = {"pages": 641, "subtitle": None, "tags": []}
    changed = (await rep.patch(f"/v1/books/{made['id']}", json=sent)).json()
    assert changed == made | sent | {"version": 2, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > made["updated_at"]
    newest = (await _history(rep, made["id"]))[0]
    assert sorted(newest["changed"]) == sorted(sent)
    assert newest["before"] == {name: made[name] for name in sent}
    assert newest["actor_id"] == str(organisation.rep.id)


@pytest.mark.parametrize(
    "sent", [{}, {"title": "红楼梦"}, {"price": BOOK["price"]}, {"weight": 0.850}]
)
async def test_an_update_without_a_change_leaves_no_trace(
    client: Clients, organisation: Organisation, sent: dict[str, Any]
) -> None:
    rep = client(organisation.rep)
    made = (await rep.post("/v1/books", json=BOOK)).json()
    answer = await rep.patch(f"/v1/books/{made['id']}", json=sent)
    assert (answer.status_code, answer.json()) == (200, made)
    assert len(await _history(rep, made["id"])) == 1


async def test_a_deleted_record_is_gone_until_it_is_restored(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await book(rep, title="Walden")
    path = f"/v1/books/{made['id']}"
    deleted = await rep.delete(path)
    assert (deleted.status_code, deleted.json()["version"]) == (200, 2)
    assert (await rep.get(path)).status_code == 404
    assert (await rep.patch(path, json={"pages": 1})).status_code == 404
    assert (await rep.delete(path)).status_code == 404
    assert ids((await rep.get("/v1/books", params={"q": "walden"})).json()["data"]) == []
    restored = await rep.post(path + "/restore")
    assert restored.json() == made | {"version": 3, "updated_at": restored.json()["updated_at"]}
    assert (await rep.get(path)).json() == restored.json()
    assert (await rep.post(path + "/restore")).status_code == 404
    types = [entry["type"] for entry in await _history(rep, made["id"])]
    assert types == ["library.book.restored", "library.book.deleted", "library.book.created"]


async def test_a_client_brings_its_own_id_once(client: Clients, organisation: Organisation) -> None:
    rep = client(organisation.rep)
    sent = BOOK | {"id": str(uuid7())}
    first = await rep.post("/v1/books", json=sent)
    spelt = {"weight": "0.850", "due_at": "2026-11-22T16:00:00+08:00"}
    again = await rep.post("/v1/books", json=sent | spelt)
    other = await rep.post("/v1/books", json=sent | {"pages": 1})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert again.json() == first.json()
    assert "id" in other.json()["errors"]


async def test_an_id_of_a_record_one_may_not_see_is_taken_and_shows_nothing(
    client: Clients, organisation: Organisation
) -> None:
    made = await book(client(organisation.other_rep), title="secret")
    answer = await client(organisation.rep).post(
        "/v1/books", json={"id": made["id"], "title": "secret"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")


async def test_two_organisations_may_bring_the_same_id(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    sent = {"id": str(uuid7()), "title": "ours"}
    for people in (organisation, other_organisation):
        assert (await client(people.rep).post("/v1/books", json=sent)).status_code == 201


async def test_a_unique_value_that_is_taken_is_409_and_names_its_field(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    await book(rep, isbn="978-3")
    answer = await rep.post("/v1/books", json={"title": "x", "isbn": "978-3"})
    assert (answer.status_code, list(answer.json()["errors"])) == (409, ["isbn"])
    second = await book(rep, isbn="978-4")
    answer = await rep.patch(f"/v1/books/{second['id']}", json={"isbn": "978-3"})
    assert (answer.status_code, list(answer.json()["errors"])) == (409, ["isbn"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": None}, "title"),
        ({"title": "x", "colour": "red"}, "colour"),
        ({"title": "x", "pages": "many"}, "pages"),
        ({"title": "x", "price": {"amount": "1.001", "currency": "CNY"}}, "price"),
        ({"title": "x", "price": {"amount": "1", "currency": "ABC"}}, "price"),
        ({"title": "x", "copies": ["A1"]}, "copies.0"),
    ],
)
async def test_a_body_that_breaks_a_rule_is_422_and_names_the_field(
    client: Clients, organisation: Organisation, body: dict[str, Any], field: str
) -> None:
    answer = await client(organisation.rep).post("/v1/books", json=body)
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert any(name.startswith(field) for name in problem["errors"]), problem
    assert problem["message"] == problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["violations"][0]["pointer"].startswith("/" + field.replace(".", "/"))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"title": "x",}', b'{"title": "\\ud800"}'])
async def test_a_body_that_is_no_json_is_malformed(
    client: Clients, organisation: Organisation, body: bytes
) -> None:
    rep = client(organisation.rep, **{"content-type": "application/json"})
    for method, path in (
        ("POST", "/v1/books"),
        ("POST", "/v1/books/search"),
        ("POST", "/v1/books/batch"),
    ):
        answer = await rep.request(method, path, content=body)
        assert answer.status_code == 400, (path, answer.text)


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"x"'])
async def test_a_body_that_is_no_object_is_refused(
    client: Clients, organisation: Organisation, body: bytes
) -> None:
    rep = client(organisation.rep, **{"content-type": "application/json"})
    for path in ("/v1/books", "/v1/books/batch", "/v1/books/search"):
        answer = await rep.post(path, content=body)
        assert answer.status_code in (400, 422), (path, answer.text)


@pytest.mark.parametrize("text", ["a\x00b", "\x00"])
async def test_text_that_cannot_be_stored_is_refused(
    client: Clients, organisation: Organisation, text: str
) -> None:
    rep = client(organisation.rep)
    answer = await rep.post("/v1/books", json={"title": text})
    assert answer.status_code in (400, 422), answer.text
    nested = await rep.post("/v1/books", json={"title": "x", "copies": [{"shelf": text}]})
    assert nested.status_code in (400, 422), nested.text
    assert (await rep.get("/v1/books", params={"q": text})).status_code == 400


async def test_a_number_beyond_the_column_is_refused(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for body in ({"pages": 2**63}, {"due_at": "9999-12-31T23:59:59-23:59"}):
        answer = await rep.post("/v1/books", json={"title": "x", **body})
        assert answer.status_code in (400, 422), answer.text


async def test_an_id_that_is_none_is_404(client: Clients, organisation: Organisation) -> None:
    rep = client(organisation.rep)
    for id in ("x", "1", "%00", "{}", str(uuid7())):
        for method, tail in (
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("POST", "/restore"),
            ("GET", "/history"),
        ):
            sent = {"json": {}} if method == "PATCH" else {}
            answer = await rep.request(method, f"/v1/books/{id}{tail}", **sent)
            assert answer.status_code == 404, (method, id, tail, answer.text)


async def test_the_log_keeps_the_channel_and_the_request(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep, **{"x-request-id": "r-17", "x-guanxi-channel": "phone"})
    made = await book(rep)
    entry = (await _history(rep, made["id"]))[0]
    assert (entry["request_id"], entry["channel"]) == ("r-17", "phone")


async def test_a_record_moves_in_one_time_with_its_event(
    client: Clients, organisation: Organisation, service: Edge
) -> None:
    before = datetime.now(UTC)
    made = await book(client(organisation.rep))
    made_at = datetime.fromisoformat(made["created_at"])
    assert before <= made_at <= datetime.now(UTC)


async def _history(client: AsyncClient, record_id: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/books/{record_id}/history")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found
