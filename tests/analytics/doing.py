"""Activities and what is asked of them, as tests send them."""

from typing import Any

import httpx

ACTIVITIES = "/v1/activities"


async def done(client: httpx.AsyncClient, method: str, path: str, **more: Any) -> dict[str, Any]:
    answer = await client.request(method, path, **more)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


async def activity(client: httpx.AsyncClient, kind: str, *accounts: str, **more: Any) -> str:
    body = {"kind": kind, "subject": kind, "account_ids": list(accounts), **more}
    return str((await done(client, "POST", ACTIVITIES, json=body))["id"])


async def visited(client: httpx.AsyncClient, at: str, *accounts: str, **more: Any) -> str:
    """A visit that was made and is over."""
    return await activity(client, "visit", *accounts, status="done", done_at=at, **more)


async def records_of(client: httpx.AsyncClient, row: dict[str, Any]) -> dict[str, list[Any]]:
    """The records of a cell, by the kind of facts."""
    found = {}
    for each in row["records"]:
        body = each["body"] | {"limit": 200}
        found[each["path"].split("/")[-2]] = (await done(client, "POST", each["path"], json=body))["data"]  # fmt: skip
    return found


async def stages_made(admin: httpx.AsyncClient, name: str = "Direct") -> dict[str, str]:
    """Of a pipeline of its own: by name, and `pipeline` itself."""
    stages = [
        {"name": "Talk", "kind": "open", "probability": 20}, {"name": "Won", "kind": "won", "probability": 100},
        {"name": "Lost", "kind": "lost", "probability": 0},
    ]  # fmt: skip
    made = await done(admin, "POST", "/v1/pipelines", json={"name": name, "stages": stages})
    return {stage["name"]: stage["id"] for stage in made["stages"]} | {"pipeline": made["id"]}


async def won(
    client: httpx.AsyncClient, stages: dict[str, str], on: str, amount: str, currency: str = "CNY",
    **more: Any,
) -> str:  # fmt: skip
    """A deal that was won on a day."""
    body = {
        "name": "Won", "stage_id": stages["Won"], "amount": {"amount": amount, "currency": currency}, "opened_on": on,
        "closed_on": on, **more,
    }  # fmt: skip
    return str((await done(client, "POST", "/v1/opportunities", json=body))["id"])
