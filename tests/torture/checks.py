"""After the storm: what was acknowledged is there, once, and the feed tells the same story."""

import asyncio
from collections import defaultdict
from typing import Any

import httpx

from tests.torture.workload import Ledger

READ_AT_ONCE = 20


async def check_records(http: httpx.AsyncClient, ledger: Ledger) -> list[str]:
    """Every acknowledged write is there with its version and its name."""
    limit = asyncio.Semaphore(READ_AT_ONCE)

    async def one(record_id: str, version: int) -> str | None:
        async with limit:
            answer = await http.get(f"/v1/contacts/{record_id}")
        if answer.status_code != 200:
            return f"{record_id} was acknowledged and is {answer.status_code}"
        record = answer.json()
        if record["version"] < version or record["name"] != ledger.names[record_id]:
            return f"{record_id} is at version {record['version']}, acknowledged {version}"
        return None

    found = await asyncio.gather(*(one(i, v) for i, v in ledger.versions.items()))
    return [sentence for sentence in found if sentence is not None]


async def all_records(http: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    params: dict[str, Any] = {"limit": 200}
    while True:
        page = (await http.get("/v1/contacts", params=params)).raise_for_status().json()
        found |= {row["id"]: row for row in page["data"]}
        if not page["page"]["has_more"]:
            return found
        params["cursor"] = page["page"]["next_cursor"]


def check_keys(ledger: Ledger, records: dict[str, dict[str, Any]]) -> list[str]:
    """One record for each idempotency key, however often it was sent."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for record_id, record in records.items():
        by_key[record["external_id"]].append(record_id)
    wrong = [f"key {key} made {len(ids)} records" for key, ids in by_key.items() if len(ids) != 1]
    return wrong + [
        f"key {key} was answered with {made}, stored is {by_key[key]}"
        for key, made in ledger.keys.items()
        if by_key[key] != [made]
    ]


async def check_feed(http: httpx.AsyncClient, records: dict[str, dict[str, Any]]) -> list[str]:
    """Replayed from the start, the feed ends with the tables' content, no version left out."""
    seen: dict[str, list[int]] = defaultdict(list)
    last: dict[str, dict[str, Any]] = {}
    async for event in events_of(http):
        if event["type"].startswith("contacts.contact."):
            data = event["data"]
            seen[data["id"]].append(data["version"])
            last[data["id"]] = data["state"]
    wrong = [
        f"the feed tells versions {versions} of {record_id}"
        for record_id, versions in seen.items()
        if versions != list(range(1, len(versions) + 1))
    ]
    wrong += [f"the feed never told of {record_id}" for record_id in records.keys() - seen.keys()]
    wrong += [
        f"the feed's last state of {record_id} is not the table's"
        for record_id, record in records.items()
        if record_id in last and last[record_id] != record
    ]
    return wrong


async def events_of(http: httpx.AsyncClient) -> Any:
    """Every event of the merged feed, in the order given."""
    after = ""
    while True:
        answer = (
            await http.get("/v1/events", params={"after": after, "limit": 1000})
        ).raise_for_status()
        events = answer.json()
        for event in events:
            yield event
        if not events:
            return
        after = answer.headers["x-next-after"]
