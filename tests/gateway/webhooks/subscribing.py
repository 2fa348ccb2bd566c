"""Endpoints as tests speak of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from tests.deadlines import until
from tests.gateway.identity.people import Company, Person
from tests.prepared import Clone

PATH = "/v1/webhooks"
DUE = """
UPDATE webhook_deliveries SET due_at = now() WHERE id IN (
  SELECT id FROM webhook_deliveries WHERE webhook_id = $1 AND status = 'waiting' ORDER BY number LIMIT $2)
"""
HELD_NO_MORE = """
UPDATE webhook_turns SET held_until = NULL, next_at = now(), rung = true WHERE webhook_id = $1
"""
UNDER_WAY = "SELECT leased_until > clock_timestamp() FROM webhook_turns WHERE webhook_id = $1"


async def subscribed(person: Person, url: str, *types: str, **more: Any) -> dict[str, Any]:
    body = {"url": url, "event_types": list(types) or ["gateway.team.*"], **more}
    answer = await person.post(PATH, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def renamed(company: Company, team_id: str, name: str) -> None:
    answer = await company.admin.patch(f"/v1/teams/{team_id}", {"name": name})
    assert answer.status_code == 200, answer.text


async def deliveries(
    person: Person, webhook: dict[str, Any], **options: str
) -> list[dict[str, Any]]:
    answer = await person.get(
        f"{PATH}/{webhook['id']}/deliveries", params={"limit": "200", **options}
    )
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def shown(person: Person, webhook: dict[str, Any]) -> dict[str, Any]:
    answer = await person.get(f"{PATH}/{webhook['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


eventually = partial(until, seconds=20.0)


async def hurry(database: Clone, webhook: dict[str, Any], *, most: int | None = None) -> None:
    """What waits for a later try (or `most` of it) is due, and the endpoint is not held any more.

    A receiver has a request before its sender has noted the outcome, which sets the next try: that is
    waited for."""
    async with owning(database.admin_url) as owner:

        async def noted() -> bool:
            return not await owner.fetchval(UNDER_WAY, UUID(webhook["id"]))

        await eventually(noted)
    await make_due(database.admin_url, webhook["id"], most=most)


async def make_due(admin_url: str, webhook_id: str, *, most: int | None = None) -> None:
    async with owning(admin_url) as owner:
        await owner.execute(DUE, UUID(webhook_id), most)
        await owner.execute(HELD_NO_MORE, UUID(webhook_id))


@asynccontextmanager
async def owning(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    """As the owner of everything, whom no policy binds."""
    connection = await asyncpg.connect(admin_url, server_settings={"search_path": "gateway"})
    try:
        yield connection
    finally:
        await connection.close()
