"""Starting from a snapshot: nothing is missing between it and the events behind its cursor."""

import asyncio
from typing import Any

import orjson

from tests.factories import Clients, Organisation


async def test_a_snapshot_and_the_events_behind_it_give_the_tables_content_while_others_write(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for index in range(30):
        await rep.post("/v1/contacts", json={"name": f"before {index}"})

    async def write() -> None:
        for index in range(20):
            await rep.post("/v1/contacts", json={"name": f"meanwhile {index}"})

    answer, _ = await asyncio.gather(rep.post("/v1/contacts/snapshot"), write())
    head, *lines = [orjson.loads(line) for line in answer.text.splitlines()]
    copy: dict[str, Any] = {line["record"]["id"]: line["record"] for line in lines}
    behind = await rep.get("/v1/events", params={"after": head["cursor"], "limit": 1000})
    for event in behind.json():
        state = event["data"]["state"]
        if state["version"] > copy.get(state["id"], {"version": 0})["version"]:
            copy[state["id"]] = state
    page = (await rep.get("/v1/contacts", params={"limit": 200})).json()
    assert copy == {row["id"]: row for row in page["data"]}
    assert len(copy) == 50
