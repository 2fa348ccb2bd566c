"""The services as the gateway asks them itself: whole answers, many at once, none waited for long."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from guanxi_gateway.proxy import problem_of
from guanxi_gateway.upstream import Upstream
from guanxi_gateway.wire import Lost, TooSlow, WireError
from guanxi_shared.errors import Unavailable
from guanxi_shared.errors import Upstream as WrongAnswer
from guanxi_shared.http import traceparent
from guanxi_shared.logs import request_id

MOST_BYTES = 64 << 20

# (target, authorization, seconds) -> the answer; Unavailable when there is none.
Source = Callable[[str, str, float], Awaitable["Answer"]]
# (target, authorization) -> the parts of a long answer to a POST, as they come.
Stream = Callable[[str, str], AsyncGenerator[bytes, None]]
SECONDS_FOR_A_PART = 60.0  # of a long answer


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise WrongAnswer("A service answered something that is not JSON.") from error

    def sentence(self) -> str:
        """What the service says about a refusal, for people."""
        try:
            detail = orjson.loads(self.body).get("detail")
        except (orjson.JSONDecodeError, AttributeError):
            detail = None
        return str(detail or f"answered {self.status}")


async def ask(
    peer: Upstream,
    target: str,
    *,
    authorization: str | None = None,
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    seconds: float = 5.0,
) -> Answer:
    """The answer to one request, whatever its status; Unavailable (or its subclass Late) when none
    comes in time. A read whose kept connection has ended is repeated once, on a new one."""
    request = _request(peer, target, method, authorization, body, headers or {}, seconds)
    try:
        async with asyncio.timeout(seconds):
            try:
                return await _exchange(peer, request, method, fresh=False)
            except Lost as lost:
                if method != "GET" or lost.answered:
                    raise
                return await _exchange(peer, request, method, fresh=True)
    except TimeoutError as error:
        raise problem_of(TooSlow(), peer.name) from error
    except WireError as error:
        raise problem_of(error, peer.name) from error


async def ask_all(
    peers: Mapping[str, Upstream], target: str, *, authorization: str | None, seconds: float = 5.0
) -> dict[str, Answer | Unavailable]:
    """The same question to each service, at once; those that are away are named with the reason."""

    async def one(peer: Upstream) -> Answer | Unavailable:
        try:
            return await ask(peer, target, authorization=authorization, seconds=seconds)
        except Unavailable as away:
            return away
        except WrongAnswer as wrong:
            return Unavailable(wrong.detail)

    answers = await asyncio.gather(*(one(peer) for peer in peers.values()))
    return dict(zip(peers, answers, strict=True))


def source_of(peer: Upstream, *, prefix: str = "") -> Source:
    """A service as a source of questions that are asked in a caller's name."""

    async def source(target: str, authorization: str, seconds: float) -> Answer:
        return await ask(peer, prefix + target, authorization=authorization, seconds=seconds)

    return source


def own_source(app: Any, *, prefix: str) -> Source:
    """Our own application as one more source, asked without leaving the process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    async def source(target: str, authorization: str, seconds: float) -> Answer:
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            sent = {
                "authorization": authorization,
                "x-request-deadline-ms": str(int(seconds * 1000)),
            }
            response = await client.get(prefix + target, headers=sent)
        return Answer(response.status_code, dict(response.headers), response.content)

    return source


def stream_of(peer: Upstream) -> Stream:
    """A service's long answers, read as fast as they are taken. Unavailable when it is away, refuses, or
    its answer breaks off."""

    async def stream(target: str, authorization: str) -> AsyncGenerator[bytes, None]:
        connection = None
        request = _request(peer, target, "POST", authorization, b"", {}, SECONDS_FOR_A_PART)
        try:
            async with asyncio.timeout(SECONDS_FOR_A_PART):
                connection = await peer.connect()
                await connection.start(request, head_only=False)
            if connection.status != 200:
                raise Unavailable(f"The {peer.name} service answered {connection.status}.")
            while True:
                async with asyncio.timeout(SECONDS_FOR_A_PART):
                    data = await connection.chunk()
                if not data:
                    return
                yield data
        except TimeoutError as error:
            raise problem_of(TooSlow(), peer.name) from error
        except WireError as error:
            raise problem_of(error, peer.name) from error
        finally:
            if connection is not None:
                peer.give_back(connection, asyncio.get_running_loop().time())

    return stream


def own_stream(app: Any, *, prefix: str) -> Stream:
    """Our own application's long answers; what we keep ourselves is short enough to be held whole."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    async def stream(target: str, authorization: str) -> AsyncGenerator[bytes, None]:
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            sent = {"authorization": authorization}
            response = await client.post(prefix + target, headers=sent)
        if response.status_code != 200:
            raise Unavailable(f"The gateway's own snapshot answered {response.status_code}.")
        yield response.content

    return stream


async def _exchange(peer: Upstream, request: bytes, method: str, *, fresh: bool) -> Answer:
    loop = asyncio.get_running_loop()
    connection = None if fresh else peer.free(loop.time())
    if connection is None:
        connection = await peer.connect()
    try:
        await connection.start(request, head_only=method == "HEAD")
        parts, size = [], 0
        while data := await connection.chunk():
            parts.append(data)
            size += len(data)
            if size > MOST_BYTES:
                raise WrongAnswer(f"The {peer.name} service answered more than can be held.")
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in connection.headers
        }
        return Answer(connection.status, headers, b"".join(parts))
    finally:
        peer.give_back(connection, loop.time())


def _request(
    peer: Upstream,
    target: str,
    method: str,
    authorization: str | None,
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
) -> bytes:
    lines = {
        "host": peer.authority.decode(),
        "accept": "application/json",
        "x-request-deadline-ms": str(int(seconds * 1000)),
        "traceparent": traceparent(),
        "x-request-id": request_id.get(),
        "authorization": authorization or "",
        "content-length": str(len(body)) if body else "",
        **headers,
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"{method} {target} HTTP/1.1\r\n{text}\r\n".encode("latin-1") + body
