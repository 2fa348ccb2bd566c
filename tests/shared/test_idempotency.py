"""The same key gives the same answer, whatever happens in between."""

import asyncio
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from tests.factories import Clients, Organisation
from tests.library.books import book


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid7())}


async def _count(client: Clients, organisation: Organisation) -> int:
    answer = await client(organisation.admin).get("/v1/books", params={"total": "exact"})
    total: int = answer.json()["page"]["total"]
    return total


async def test_a_repeated_create_answers_byte_for_byte_the_same(
    client: Clients, organisation: Organisation
) -> None:
    rep, key = client(organisation.rep), _key()
    first = await rep.post(
        "/v1/books", json={"title": "x", "copies": [{"b": 1, "a": 2}]}, headers=key
    )
    await rep.patch(first.headers["location"], json={"pages": 5})
    again = await rep.post(
        "/v1/books", json={"title": "x", "copies": [{"b": 1, "a": 2}]}, headers=key
    )
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await _count(client, organisation) == 1


async def test_a_key_is_refused_for_another_body_or_path(
    client: Clients, organisation: Organisation
) -> None:
    rep, key = client(organisation.rep), _key()
    made = await rep.post("/v1/books", json={"title": "x"}, headers=key)
    other = await rep.post("/v1/books", json={"title": "y"}, headers=key)
    elsewhere = await rep.post(f"{made.headers['location']}/restore", headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert elsewhere.status_code == 422
    assert await _count(client, organisation) == 1


async def test_a_key_belongs_to_one_person(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    key = _key()
    people = (organisation.rep, organisation.rep2, other_organisation.rep)
    answers = [await client(p).post("/v1/books", json={"title": "x"}, headers=key) for p in people]
    assert [a.status_code for a in answers] == [201, 201, 201]
    assert len({a.json()["id"] for a in answers}) == 3


async def test_a_refused_request_leaves_its_key_free(
    client: Clients, organisation: Organisation
) -> None:
    rep, key = client(organisation.rep), _key()
    await book(rep, isbn="1")
    taken = await rep.post("/v1/books", json={"title": "x", "isbn": "1"}, headers=key)
    assert taken.status_code == 409
    invalid = await rep.post("/v1/books", json={"title": None}, headers=key)
    assert invalid.status_code == 422
    made = await rep.post("/v1/books", json={"title": "x", "isbn": "2"}, headers=key)
    assert made.status_code == 201


@pytest.mark.parametrize("kind", ["create", "restore", "batch"])
async def test_many_at_once_with_one_key_do_it_once(
    client: Clients, organisation: Organisation, kind: str
) -> None:
    rep, key = client(organisation.rep), _key()
    made = await book(rep)
    await rep.delete(f"/v1/books/{made['id']}")
    path, body = {
        "create": ("/v1/books", {"title": "x"}),
        "restore": (f"/v1/books/{made['id']}/restore", None),
        "batch": ("/v1/books/batch", {"operations": [{"op": "create", "data": {"title": "x"}}]}),
    }[kind]
    sent: dict[str, Any] = {"headers": key} | ({"json": body} if body else {})
    answers = await asyncio.gather(*(rep.post(path, **sent) for _ in range(12)))
    done = [a for a in answers if a.status_code in (200, 201)]
    assert {a.status_code for a in answers} <= {200, 201, 409}
    assert sum("idempotent-replayed" not in a.headers for a in done) == 1
    assert len({a.content for a in done}) == 1
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"still_running"}
    assert await _count(client, organisation) == 1
    assert (await rep.post(path, **sent)).headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", b"caf\xe9"])
async def test_a_key_that_cannot_be_kept_is_refused(
    client: Clients, organisation: Organisation, key: str | bytes
) -> None:
    answer = await client(organisation.rep).post(
        "/v1/books", json={"title": "x"}, headers={"Idempotency-Key": key}
    )
    assert answer.status_code == 400


async def test_a_replay_does_not_outlive_the_right_to_do_it(
    client: Clients, organisation: Organisation
) -> None:
    key = _key()
    await client(organisation.rep).post("/v1/books", json={"title": "x"}, headers=key)
    demoted = organisation.rep.but(permissions=("books:read",))
    again = await client(demoted).post("/v1/books", json={"title": "x"}, headers=key)
    assert again.status_code == 403
