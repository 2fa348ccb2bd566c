"""What a service asks of the gateway, served over real HTTP: signing keys, an empty feed, and what somebody
may do now."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from joserfc.jwk import ECKey

from guanxi_gateway.identity.tokens import (
    Grant,
    issue_access_token,
    jwks_document,
    new_signing_key,
)

SECRET = "k3J9-only-here-vW5zQ1xN8rT4yB7mL2pD6h"


@dataclass
class GatewayStandIn:
    """`keys` are published; `sign` uses the first. The feed has one epoch and never an event. What a user
    may do now is what their newest token says."""

    keys: list[ECKey] = field(default_factory=lambda: [new_signing_key()])
    epoch: UUID = field(default_factory=uuid4)
    url: str = ""
    asked: list[str] = field(default_factory=list)
    newest: dict[str, Grant] = field(default_factory=dict)

    def sign(self, grant: Grant) -> str:
        self.newest[str(grant.user_id)] = grant
        now = datetime.now(UTC)
        return issue_access_token(grant, self.keys[0], issuer=self.url, now=now, token_id=uuid4())

    async def answer(self, path: str) -> dict[str, Any]:
        self.asked.append(path)
        if path.startswith("/.well-known/jwks.json"):
            return jwks_document(self.keys)
        if path.startswith("/internal/rights/"):
            grant = self.newest[path.rpartition("/")[2]]
            permissions, visibility = sorted(grant.permissions), dict(grant.visibility)
            return {"role": grant.role, "permissions": permissions, "visibility": visibility}
        await asyncio.sleep(5)  # the long poll of a feed in which nothing happens
        return {"epoch": str(self.epoch), "reached": 0, "events": []}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, requests without bodies, until the client hangs up."""
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                body = orjson.dumps(await self.answer(request.split(b" ")[1].decode()))
                head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def standing_in() -> AsyncIterator[GatewayStandIn]:
    """A stand-in that listens on loopback for as long as the block lasts."""
    stand_in = GatewayStandIn()
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(stand_in.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    stand_in.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stand_in
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks)
