"""Real servers on loopback, raw sockets to speak to them, and the gateway's door in front."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson

from guanxi_gateway.callers import Callers
from guanxi_gateway.divided import Divided
from guanxi_gateway.edge import FrontDoor
from guanxi_gateway.identity.tokens import (
    Grant,
    issue_access_token,
    jwks_document,
    new_signing_key,
)
from guanxi_gateway.limits import Budgets
from guanxi_gateway.proxy import Proxy
from guanxi_gateway.settings import GatewaySettings
from guanxi_gateway.upstream import Upstream
from guanxi_shared.auth import Principal, Verifier
from tests.serving import served, spoken_to

App = Callable[[Any, Any, Any], Awaitable[None]]
SECRET = "k3J9-test-only-vW5zQ1xN8rT4yB7mL2pD6h"
KEY = new_signing_key()


@dataclass
class Service:
    """A small fake service: echoes what came, and misbehaves at paths that say so."""

    name: str = "contacts"
    seen: list[dict[str, Any]] = field(default_factory=list)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    received: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(scope)
        last = scope["path"].rpartition("/")[2]
        known = {
            "hang": self._hang,
            "stream": self._stream,
            "big": self._big,
            "cut": self._cut,
            "unchanged": self._unchanged,
            "count": self._count,
            "refuse-early": self._refuse_early,
            "chunked": self._chunked,
            "gone": self._gone,
        }
        await known.get(last, self._echo)(scope, receive, send)

    async def _echo(self, scope: Any, receive: Any, send: Any) -> None:
        body = await read(receive)
        seen = {
            "service": self.name,
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode(),
            "headers": [[k.decode(), v.decode()] for k, v in scope["headers"]],
            "body": body.decode("latin-1"),
        }
        extra = [
            (b"etag", b'"7"'),
            (b"x-hop", b"1"),
            (b"connection", b"x-hop"),
            (b"keep-alive", b"timeout=9"),
        ]
        await answer(send, 200, orjson.dumps(seen), extra)

    async def _hang(self, scope: Any, receive: Any, send: Any) -> None:
        self.waiting.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        self.disconnected.set()

    async def _stream(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        self.waiting.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        self.disconnected.set()

    async def _big(self, scope: Any, receive: Any, send: Any) -> None:
        size = int(scope["query_string"])
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"%d" % size)],
            }
        )
        left = size
        while left:
            part = min(left, 1 << 16)
            left -= part
            await send({"type": "http.response.body", "body": b"x" * part, "more_body": left > 0})

    async def _cut(self, scope: Any, receive: Any, send: Any) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"9000000")],
            }
        )
        await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})

    async def _unchanged(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", b'"7"')]})
        await send({"type": "http.response.body"})

    async def _count(self, scope: Any, receive: Any, send: Any) -> None:
        self.received = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected.set()
                return
            self.received += len(message.get("body", b""))
            more = message.get("more_body", False)
        framing = {k.decode(): v.decode() for k, v in scope["headers"] if k in FRAMING}
        await answer(send, 200, orjson.dumps({"received": self.received, **framing}))

    async def _refuse_early(self, scope: Any, receive: Any, send: Any) -> None:
        await answer(send, 415, b"{}")

    async def _chunked(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"short"})

    async def _gone(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


FRAMING = (b"content-length", b"transfer-encoding")


async def read(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def answer(send: Any, status: int, body: bytes, extra: Any = ()) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def token(
    *,
    organisation_id: UUID | None = None,
    permissions: tuple[str, ...] = ("*:*",),
    session_id: UUID | None = None,
    version: int = 3,
) -> str:
    grant = Grant(
        user_id=uuid4(),
        organisation_id=organisation_id or uuid4(),
        session_id=session_id or uuid4(),
        role="admin",
        permissions=permissions,
        visibility={"*": "all"},
        directory_version=version,
    )
    return issue_access_token(
        grant, KEY, issuer="http://gateway", now=datetime.now(UTC), token_id=uuid4()
    )


def bearer(text: str | None = None) -> dict[str, str]:
    return {"authorization": f"Bearer {text or token()}"}


def verifier() -> Verifier:
    async def keys() -> Mapping[str, Any]:
        return jwks_document([KEY])

    return Verifier(service="gateway", fetch_keys=keys, service_secret=SECRET)


def settings(**more: Any) -> GatewaySettings:
    address = "postgresql://nobody@127.0.0.1:1/none"
    return GatewaySettings(database_url=address, feed_database_url=address, **more)


@dataclass
class Door:
    edge: FrontDoor
    peers: dict[str, Upstream]
    callers: Callers

    async def close(self) -> None:
        for peer in self.peers.values():
            peer.close()
        await asyncio.sleep(0)  # transports close at the loop's next turn


def door(
    urls: Mapping[str, str],
    *,
    own: App | None = None,
    pages: App | None = None,
    exchange: Callable[[str], Awaitable[str]] | None = None,
    limit_of: Any = None,
    find_job: Any = None,
    fetchrow: Any = None,
    stream_idle_seconds: float = 5.0,
    **options: Any,
) -> Door:
    """The gateway's edge and proxy in front of these services, without identity's database."""

    async def no_limit(principal: Principal) -> None:
        return None

    async def no_keys(key: str) -> str:
        raise AssertionError(key)

    async def no_job(passage: Any, caller: Any) -> Upstream:
        raise AssertionError(passage)

    peers = {name: Upstream(name, url) for name, url in urls.items()}
    budgets = Budgets(fetchrow)
    callers = Callers(
        verifier(), exchange=exchange or no_keys, limit_of=limit_of or no_limit, budgets=budgets
    )
    edge = FrontDoor(
        own or Service(name="gateway"),
        settings(**options),
        pages=pages or Service(name="pages"),
        proxy=Proxy(stream_idle_seconds=stream_idle_seconds),
        peers=peers,
        callers=callers,
        budgets=budgets,
        find_job=find_job or no_job,
        find_service=Divided(peers),
    )
    return Door(edge, peers, callers)


@asynccontextmanager
async def gateway(urls: Mapping[str, str], **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a real gateway server in front of `urls`."""
    made = door(urls, **options)
    async with served(made.edge) as port:
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=address, timeout=20, trust_env=False) as client:
            yield client
    await made.close()


@asynccontextmanager
async def in_front_of(service: App, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        served(service) as port,
        gateway(
            dict.fromkeys(("contacts", "pipeline"), f"http://127.0.0.1:{port}"), **options
        ) as client,
    ):
        yield client


async def raw(client: httpx.AsyncClient, request: bytes, *, enough: bytes = b"") -> bytes:
    """What a server answers to these very bytes, until it hangs up or `enough` was read."""
    address = client.base_url
    return await spoken_to(address.host, address.port or 80, request, enough=enough)
