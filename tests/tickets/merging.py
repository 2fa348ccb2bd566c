"""What tests of merges and splits send and look at."""

from typing import Any

import httpx

from tests.tickets.company import PATH, made

MERGES = f"{PATH}/merges"


async def said(
    user: httpx.AsyncClient, ticket: dict[str, Any], body: str = "Hello", **more: Any
) -> dict[str, Any]:
    answer = await user.post(f"{PATH}/{ticket['id']}/comments", json={"body": body, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def comments(user: httpx.AsyncClient, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await user.get(f"{PATH}/{ticket['id']}/comments")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def read(user: httpx.AsyncClient, ticket: dict[str, Any]) -> dict[str, Any]:
    answer = await user.get(f"{PATH}/{ticket['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def merge(
    user: httpx.AsyncClient, survivor: dict[str, Any], *sources: dict[str, Any], **more: Any
) -> httpx.Response:
    ids = [source["id"] for source in sources]
    return await user.post(MERGES, json={"survivor_id": survivor["id"], "source_ids": ids, **more})


async def merged(
    user: httpx.AsyncClient, survivor: dict[str, Any], *sources: dict[str, Any]
) -> dict[str, Any]:
    answer = await merge(user, survivor, *sources)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def undo(user: httpx.AsyncClient, done: dict[str, Any], query: str = "") -> httpx.Response:
    return await user.post(f"{MERGES}/{done['id']}/undo{query}")


async def pair(user: httpx.AsyncClient, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return await made(user, "Kept", **more), await made(user, "Gone", **more)


def without(state: dict[str, Any], *names: str) -> dict[str, Any]:
    """A record but for what every write changes."""
    return {n: v for n, v in state.items() if n not in ("version", "updated_at", *names)}
