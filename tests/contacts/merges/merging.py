"""Asking for merges and looking at everything there is, for the tests beside."""

from typing import Any

import httpx

from guanxi_shared.db import Database
from tests.deadlines import until
from tests.factories import Clients, User

MERGES = "/v1/merges"
NAME = "北京未来科技有限公司"
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'
"""


async def until_somebody_waits(database: Database) -> None:
    """For a row that somebody else holds."""
    await until(lambda: database.pool.fetchval(WAITING))


async def make(client: Clients, user: User, resource: str = "accounts", **fields: Any) -> Any:
    answer = await client(user).post(f"/v1/{resource}", json={"name": NAME, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def merge(
    client: Clients, user: User, survivor: Any, *sources: Any, resource: str = "accounts", **more: Any
) -> httpx.Response:  # fmt: skip
    body = {
        "resource": resource, "survivor_id": survivor["id"],
        "source_ids": [source["id"] for source in sources], **more,
    }  # fmt: skip
    return await client(user).post(MERGES, json=body)


async def merged(client: Clients, user: User, *records: Any, **more: Any) -> Any:
    answer = await merge(client, user, *records, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def read(client: Clients, user: User, record: Any, resource: str = "accounts") -> Any:
    answer = await client(user).get(f"/v1/{resource}/{record['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def undo(client: Clients, user: User, done: Any, **params: str) -> httpx.Response:
    return await client(user).post(f"{MERGES}/{done['id']}/undo", params=params)


async def everything(client: Clients, user: User) -> dict[str, Any]:
    """All accounts and contacts by id, but for what only counts and dates the changes."""
    found: dict[str, Any] = {}
    for resource in ("accounts", "contacts"):
        page = (await client(user).get(f"/v1/{resource}", params={"limit": 200})).json()
        assert not page["page"]["has_more"]
        found |= {row["id"]: row for row in page["data"]}
    changing = ("version", "updated_at")
    return {id: {k: v for k, v in row.items() if k not in changing} for id, row in found.items()}
