"""The services' parts of a sync, asked for in the name of the person with the phone."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from guanxi_gateway.callers import directory_versions
from guanxi_gateway.peers import ask
from guanxi_gateway.sync.rules import TABLES
from guanxi_gateway.upstream import Upstream
from guanxi_shared.calls import Call
from guanxi_shared.errors import Forbidden, Unauthenticated, Unavailable

SECONDS: Final = 60.0
Answers = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Services:
    """The services of this installation that take part in sync."""

    peers: Mapping[str, Upstream]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in TABLES if name in self.peers)

    async def each(self, call: Call, verb: str, parts: Mapping[str, Any]) -> Answers:
        """The answers of those that have a part, asked at once. Unavailable when one has none: half a
        sync would look like deletions."""
        names = [name for name in self.names if name in parts]
        found = await asyncio.gather(*(self.one(call, name, verb, parts[name]) for name in names))
        return dict(zip(names, found, strict=True))

    async def one(self, call: Call, name: str, verb: str, part: Any) -> dict[str, Any]:
        headers = {
            "content-type": "application/json",
            "x-guanxi-channel": "sync",
            "x-directory-version": str(directory_versions.get(call.organisation, 0)),
        }
        answer = await ask(
            self.peers[name],
            f"/internal/sync/{verb}",
            authorization=call.request.headers["authorization"],
            method="POST",
            body=orjson.dumps(part),
            headers=headers,
            seconds=SECONDS,
        )
        if answer.is_success:
            found: dict[str, Any] = answer.json()
            return found
        if answer.status == 401:
            raise Unauthenticated(answer.sentence())
        if answer.status == 403:
            raise Forbidden(answer.sentence())
        raise Unavailable(f"{name}: {answer.sentence()}", headers={"Retry-After": "2"})
