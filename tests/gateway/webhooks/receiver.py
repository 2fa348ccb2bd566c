"""A scripted receiver on a real port: it answers what it is told to, and remembers what came."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from standardwebhooks.webhooks import Webhook as Verifier

from tests.gateway.loopback import read
from tests.serving import served

Reply = tuple[int, dict[str, str], bytes]
FINE: Reply = (204, {}, b"")


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def type(self) -> str:
        found: str = self.json["type"]
        return found

    def verified(self, secret: str) -> Any:
        """By the published library, from the very bytes; raises if they were not signed so."""
        return Verifier(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """`replies` are given one after the other, then `otherwise`. `hangs`: it never answers; `trickles`: it
    answers, and its body does not end."""

    replies: list[Reply] = field(default_factory=list)
    otherwise: Reply = FINE
    hangs: bool = False
    trickles: bool = False
    got: list[Got] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    port: int = 0
    choose: Callable[[Got], Reply | None] = lambda _: None
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [got.id for got in self.got]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        got = Got(scope["path"], headers, await read(receive))
        reply = self._reply(got)  # by what was told until now: who sees it come may tell otherwise
        self.got.append(got)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.hangs:
                await self.let_go.wait()
            await asyncio.sleep(0)
        finally:
            self.under_way -= 1
        status, told, body = reply
        raw = [(name.encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        if self.trickles:
            await send({"type": "http.response.body", "body": b"slowly", "more_body": True})
            await self.let_go.wait()
        await send({"type": "http.response.body", "body": body})

    def _reply(self, got: Got) -> Reply:
        chosen = self.choose(got)
        if chosen is not None:
            return chosen
        return self.replies.pop(0) if self.replies else self.otherwise


@asynccontextmanager
async def receiving(receiver: Receiver | None = None, *, port: int = 0) -> AsyncIterator[Receiver]:
    found = receiver or Receiver()
    async with served(found, port=port) as found.port:
        try:
            yield found
        finally:
            found.let_go.set()
