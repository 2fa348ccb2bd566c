"""An outside consumer of the feed: it knows `/v1/events` and four words of each event.

It keeps the newest state of every record by `(type, id, version, state)`, as an integrator would;
`deleted` and `erased` take a record away, anything later brings it back.
"""

from collections import defaultdict
from typing import Any

import httpx
import orjson

Key = tuple[str, str]
GONE = ("deleted", "erased")
UNVERSIONED = ("pool_warned",)
"""They tell of a record without changing it."""


class Consumer:
    def __init__(self) -> None:
        self.states: dict[Key, dict[str, Any]] = {}
        self.versions: dict[Key, list[int]] = defaultdict(list)
        self.verbs: set[str] = set()
        self.told: dict[Key, list[str]] = defaultdict(list)
        self.sequence: list[int] = []

    async def follow(self, user: httpx.AsyncClient, *, page: int = 17) -> "Consumer":
        """All there is, from the beginning."""
        after = ""
        while True:
            answer = await user.get("/v1/events", params={"after": after, "limit": page})
            assert answer.status_code == 200, answer.text
            events = answer.json()
            for event in events:
                self._apply(event)
            if len(events) < page:
                return self
            after = answer.headers["x-next-after"]

    def of(self, noun: str) -> dict[str, dict[str, Any]]:
        return {id: state for (kind, id), state in self.states.items() if kind == noun}

    def _apply(self, event: dict[str, Any]) -> None:
        _, noun, verb = event["type"].split(".")
        data = event["data"]
        key = noun, data["id"]
        self.sequence.append(int(event["sequence"]))
        self.verbs.add(f"{noun}.{verb}")
        self.told[key].append(verb)
        assert event["subject"] == f"{noun}/{data['id']}"
        assert data["state"]["id"] == data["id"]
        seen = self.versions[key]
        if verb in UNVERSIONED:
            assert data["version"] == seen[-1], event
        else:
            assert data["version"] == (seen[-1] if seen else 0) + 1, event
            seen.append(data["version"])
        if verb in GONE:
            self.states.pop(key, None)
        else:
            self.states[key] = data["state"]


async def snapshot_of(user: httpx.AsyncClient, service: str) -> dict[Key, dict[str, Any]]:
    answer = await user.post(f"/v1/{service}/snapshot")
    assert answer.status_code == 200, answer.text
    _, *lines = [orjson.loads(line) for line in answer.text.splitlines()]
    return {(line["type"], line["record"]["id"]): line["record"] for line in lines}


async def listed(
    user: httpx.AsyncClient, path: str, *, fields: str | None = None
) -> dict[str, dict[str, Any]]:
    """Every record of a list by its id; `fields` has the columns read instead of documents."""
    found: dict[str, dict[str, Any]] = {}
    asked: dict[str, Any] = {"limit": 7} | ({"fields": fields} if fields else {})
    while True:
        answer = await user.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found |= {row["id"]: row for row in page["data"]}
        if not page["page"]["has_more"]:
            return found
        asked["cursor"] = page["page"]["next_cursor"]
