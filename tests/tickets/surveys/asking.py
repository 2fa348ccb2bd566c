"""Surveys, invitations and what customers do with their links."""

from typing import Any

import httpx

from tests.tickets.promising import sent

SURVEYS, INVITATIONS, ANSWERS = "/v1/surveys", "/v1/survey-invitations", "/v1/survey-answers"
WHY = {"key": "why", "type": "text", "texts": {"en": "Why?", "zh": "为什么？"}}


async def survey(user: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    body = {"name": "CSAT", "kind": "csat", "questions": [WHY], "quiet_days": 0, **more}
    return await sent(user, SURVEYS, body)


async def invited(user: httpx.AsyncClient, survey: dict[str, Any], **about: Any) -> dict[str, Any]:
    """An invitation by hand, with its link under `path`."""
    found = await sent(user, f"{SURVEYS}/{survey['id']}/invitations", about)
    return found | {"path": await path_of(user, found)}


async def path_of(user: httpx.AsyncClient, invitation: dict[str, Any]) -> str:
    answer = await user.get(f"{INVITATIONS}/{invitation['id']}/link")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["path"])


async def submitted(customer: httpx.AsyncClient, path: str, **answers: Any) -> httpx.Response:
    return await customer.post(f"{path}/submit", json={"answers": answers})


async def listed(user: httpx.AsyncClient, path: str, **filters: Any) -> list[dict[str, Any]]:
    answer = await user.get(path, params={"limit": "200", **filters})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found
