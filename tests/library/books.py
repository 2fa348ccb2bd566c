"""Books by the hundred, and every page of a list."""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

MOST = 1000


async def shelve(
    client: httpx.AsyncClient, books: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The books as they were created, in the order given."""
    operations = [{"op": "create", "data": dict(book)} for book in books]
    if not operations:
        return []
    answer = await client.post("/v1/books/batch", json={"operations": operations[:MOST]})
    assert answer.status_code == 200, answer.text
    return [result["data"] for result in answer.json()["results"]]


async def book(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/v1/books", json={"title": "Walden", **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def all_pages(client: httpx.AsyncClient, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every record of a list, page after page, by the cursor."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await client.get("/v1/books", params={**params, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        page = answer.json()["page"]
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"]:
            return found
        cursor = page["next_cursor"]


def ids(records: Iterable[Mapping[str, Any]]) -> list[str]:
    return [record["id"] for record in records]
