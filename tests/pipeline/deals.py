"""Deals and pipelines as tests make and move them through the API."""

from collections.abc import Sequence
from typing import Any

import httpx

from tests.pipeline.conftest import Stages, stages_of

PATH = "/v1/opportunities"


async def made(user: httpx.AsyncClient, name: str = "Licences", **more: Any) -> dict[str, Any]:
    answer = await user.post(PATH, json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def moved(
    user: httpx.AsyncClient, id: str, stage_id: str, *, version: int | None = None, **more: Any
) -> httpx.Response:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    sent = {"stage_id": stage_id, **more}
    return await user.post(f"{PATH}/{id}/move", json=sent, headers=headers)


async def got(user: httpx.AsyncClient, id: str) -> dict[str, Any]:
    answer = await user.get(f"{PATH}/{id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def pipeline_with(
    admin: httpx.AsyncClient, name: str = "Rules", *, stages: Sequence[dict[str, Any]] = (), **rules: Any
) -> Stages:  # fmt: skip
    """A pipeline by the names of its stages; First, Second, Won, Lost unless said."""
    listed = list(stages) or [
        {"name": "First", "probability": 20}, {"name": "Second", "probability": 60},
        {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"},
    ]  # fmt: skip
    answer = await admin.post("/v1/pipelines", json={"name": name, "stages": listed, **rules})
    assert answer.status_code == 201, answer.text
    return stages_of(answer.json())


async def events_of(user: httpx.AsyncClient, id: str) -> list[dict[str, Any]]:
    """What the history tells of a record, the oldest first."""
    found = (await user.get(f"{PATH}/{id}/history", params={"limit": 200})).json()["data"]
    return sorted(found, key=lambda each: each["version"])


def problem(answer: httpx.Response, status: int, code: str, *fields: str) -> dict[str, Any]:
    """Asserts what is refused, and that it names these fields."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["code"]) == (status, code), answer.text
    assert set(fields) <= set(found.get("errors") or {}), answer.text
    return found
