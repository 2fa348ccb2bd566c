"""A small contacts service that dies when it is told to: before it has done a step, or just after.

What it knows of the real one: creates with a client's id (201, an identical one 200, another 409
`id_taken`), deletes, the check for duplicates, refusals as problems. What it keeps is by path.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

Records = dict[str, dict[str, Any]]


class Killed(BaseException):
    """Whoever called is there no more: nothing catches it."""


NOUNS = {"accounts": "account", "contacts": "contact"}


@dataclass
class FakeContacts(httpx.AsyncBaseTransport):
    """`dies` names steps (`before POST accounts`, `after POST contacts`) at which the connection
    breaks, each as often as it says, `kills` those at which the caller is killed, once; `refuses`
    gives the answer to a step instead."""

    records: dict[str, Records] = field(default_factory=lambda: {"accounts": {}, "contacts": {}})
    deleted: dict[str, Records] = field(default_factory=lambda: {"accounts": {}, "contacts": {}})
    dies: dict[str, int] = field(default_factory=dict)
    kills: set[str] = field(default_factory=set)
    refuses: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    candidates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)  # step and token
    slow_seconds: float = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.removeprefix("/v1/").split("/")
        step = f"{request.method} {parts[0]}" + (f" {parts[1]}" if "check" in parts[-1] else "")
        self.calls.append((step, request.headers["authorization"].removeprefix("Bearer ")))
        self._die(f"before {step}")
        await asyncio.sleep(self.slow_seconds)
        if step in self.refuses:
            status, problem = self.refuses[step]
            return httpx.Response(status, json=problem)
        response = self._answer(request, parts, orjson.loads(request.content or b"null"))
        self._die(f"after {step}")
        return response

    def _die(self, moment: str) -> None:
        if moment in self.kills:
            self.kills.remove(moment)
            raise Killed(moment)
        if self.dies.get(moment, 0) > 0:
            self.dies[moment] -= 1
            raise httpx.ConnectError(f"died {moment}")

    def _answer(self, request: httpx.Request, parts: list[str], sent: Any) -> httpx.Response:
        if parts[-1] == "check-duplicate":
            return httpx.Response(200, json={"candidates": self.candidates.get(parts[0], [])})
        if parts[-1] == "search":
            found = list(self.records[parts[0]].values())
            return httpx.Response(200, json={"data": found})
        if request.method == "DELETE":
            return self._delete(parts[0], parts[1])
        return self._create(parts[0], sent)

    def _create(self, resource: str, sent: Mapping[str, Any]) -> httpx.Response:
        existing = self.records[resource].get(sent["id"]) or self.deleted[resource].get(sent["id"])
        if existing is None:
            self.records[resource][sent["id"]] = dict(sent)
            return httpx.Response(201, json=sent)
        if existing == sent and sent["id"] in self.records[resource]:
            return httpx.Response(200, json=existing)
        return httpx.Response(409, json={"code": "id_taken", "detail": "Taken.", "errors": {}})

    def _delete(self, resource: str, id: str) -> httpx.Response:
        if id not in self.records[resource]:
            return httpx.Response(404, json={"code": "not_found", "detail": "No."})
        self.deleted[resource][id] = self.records[resource].pop(id)
        return httpx.Response(200, json=self.deleted[resource][id])
