"""A record's life: written with its event, changed only when something changes, deleted softly."""

from typing import Any

from tests.factories import Clients, Organisation

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
    "tags": ["classic"],
    "copies": [{"shelf": "A1"}],
}


async def test_a_create_shows_what_a_get_shows(client: Clients, organisation: Organisation) -> None:
    rep = client(organisation.rep)
    created = await rep.post("/v1/books", json=BOOK)
    assert created.status_code == 201, created.text
    found = await rep.get(created.headers["location"])
    assert found.status_code == 200
    assert found.json() == created.json()
    assert found.headers["etag"] == created.headers["etag"] == '"1"'
