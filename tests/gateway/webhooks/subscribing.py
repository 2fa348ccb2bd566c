"""Endpoints as tests speak of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.gateway.identity.people import Company, Person

PATH = "/v1/webhooks"


async def subscribed(person: Person, url: str, *types: str, **more: Any) -> dict[str, Any]:
    body = {"url": url, "event_types": list(types) or ["gateway.team.*"], **more}
    answer = await person.post(PATH, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def renamed(company: Company, team_id: str, name: str) -> None:
    answer = await company.admin.patch(f"/v1/teams/{team_id}", {"name": name})
    assert answer.status_code == 200, answer.text


async def deliveries(person: Person, webhook: dict[str, Any], **options: str) -> list[dict[str, Any]]:
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


async def eventually(condition: Callable[[], Awaitable[bool]], *, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.03)
