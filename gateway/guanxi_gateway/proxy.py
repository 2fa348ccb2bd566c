"""The hop: a client's request to the service that answers it, and the answer back.

Pure ASGI on one side, `wire` on the other; nothing here is known about what is carried. Short
bodies are read and sent in one go; long ones stream both ways with back-pressure. The request is
framed anew, so that a service never sees a framing that the client chose.
"""

import asyncio
import random

from starlette.types import Receive, Scope, Send

from guanxi_gateway.wire import (
    BODILESS,
    Connection,
    Garbled,
    Headers,
    Lost,
    TooSlow,
    Unreachable,
    WireError,
)  # fmt: skip
from guanxi_gateway.wire import Upstream as Peer
from guanxi_shared import logs
from guanxi_shared.errors import Late, Problem, TooLarge, Unavailable, Upstream

SMALL_BYTES = 64 * 1024
PATIENCE_SECONDS = 0.1  # answers quicker than this cost no look-out for the client's hanging up
REPEATABLE = frozenset({"GET", "HEAD"})

# Of a request: what belongs to one hop (RFC 9110 7.6.1), what the gateway says itself, and what a
# client could otherwise claim about itself.
NOT_FORWARDED = frozenset(
    {b"connection", b"keep-alive", b"proxy-authorization", b"proxy-connection", b"te", b"trailer",
     b"transfer-encoding", b"upgrade", b"http2-settings", b"expect", b"host", b"content-length",
     b"authorization", b"cookie", b"x-request-id", b"x-request-deadline-ms", b"traceparent",
     b"x-directory-version", b"x-retried-by", b"x-forwarded-for", b"x-forwarded-proto",
     b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-prefix", b"forwarded", b"x-real-ip"}
)  # fmt: skip

_random = random.Random()
_log = logs.logger("proxy")


class ClientGone(WireError):
    """Nobody waits for the answer any more."""


class SlowClient(Problem):
    status, code, title = 408, "slow_client", "The rest of the request did not come in time"


class Passage:
    """One request on its way: what the edge found out about it, and what it adds both ways."""

    __slots__ = (
        "added", "answer_headers", "deadline_ms", "headers", "limit", "raw_path", "receive",
        "request_id", "scope", "send", "started", "status", "trace",
    )  # fmt: skip

    added: list[bytes]  # to the service, as `name: value\r\n`
    answer_headers: Headers  # to the client

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.request_id = b""
        self.trace = b""
        self.deadline_ms = 0
        self.limit = 0
        self.started = False
        self.status = 0
        self.added = []
        self.answer_headers = []


class Proxy:
    def __init__(self, *, stream_idle_seconds: float = 90.0) -> None:
        self._stream_idle = stream_idle_seconds

    async def forward(self, passage: Passage, peer: Peer) -> None:
        """Answer from `peer`; raises Problem if it cannot, before anything was sent back."""
        try:
            await self._forward(passage, peer)
        except ClientGone:
            passage.status = 499
        except WireError as error:
            if not passage.started:
                raise problem_of(error, peer.name) from error
            _log.warning("answer cut off", service=peer.name, reason=repr(error))
        except TimeoutError as error:
            if not passage.started:
                raise SlowClient from error
            _log.warning("answer cut off", service=peer.name, reason="nothing came for too long")

    async def _forward(self, passage: Passage, peer: Peer) -> None:
        headers = passage.headers
        length = headers.get(b"content-length")
        if b"transfer-encoding" in headers:
            await self._forward_upload(passage, peer, b"transfer-encoding: chunked\r\n\r\n")
        elif length is None:
            await self._forward_whole(passage, peer, b"\r\n")
        elif int(length) <= SMALL_BYTES:
            body = await self._read(passage)
            framing = b"content-length: %d\r\n\r\n" % len(body)
            await self._forward_whole(passage, peer, framing + body)
        else:
            await self._forward_upload(passage, peer, b"content-length: %b\r\n\r\n" % length)

    async def _forward_whole(self, passage: Passage, peer: Peer, tail: bytes) -> None:
        """A request that is all here: one write, and for reads a second try on a new connection
        when the kept one turns out to have ended with the service that held it."""
        loop = asyncio.get_running_loop()
        method = passage.scope["method"]
        request = request_head(passage, peer) + tail
        connection = peer.free(loop.time())
        may_repeat = connection is not None and method in REPEATABLE
        if connection is None:
            connection = await peer.connect()
        watch = Watch(loop, passage, connection)
        try:
            try:
                await connection.start(request, head_only=method == "HEAD")
            except Lost as lost:
                if not may_repeat or lost.answered:
                    raise
                watch.connection = connection = await peer.connect()
                await connection.start(request, head_only=method == "HEAD")
            await self._pass_back(passage, connection, watch)
        finally:
            watch.stop()
            peer.give_back(connection, loop.time())

    async def _forward_upload(self, passage: Passage, peer: Peer, framing: bytes) -> None:
        """A long or unmeasured body, on a connection of its own: it cannot be sent a second time,
        so it must not meet a kept connection that is just ending."""
        loop = asyncio.get_running_loop()
        connection = await peer.connect()
        watch = Watch(loop, passage, None)
        answered = connection.start(request_head(passage, peer) + framing, head_only=False)
        upload = loop.create_task(self._upload(passage, connection, watch))
        try:
            await asyncio.wait((answered, upload), return_when=asyncio.FIRST_COMPLETED)
            if not answered.done():
                upload.result()
            await answered
            if not upload.done():  # answered early, a refusal most likely: the rest stays unread
                await _end(upload)
                passage.answer_headers.append((b"connection", b"close"))
                connection.reusable = False
            await self._pass_back(passage, connection, watch)
        finally:
            watch.stop()
            await _end(upload)
            peer.give_back(connection, loop.time())

    async def _upload(self, passage: Passage, connection: Connection, watch: "Watch") -> None:
        chunked = b"content-length" not in passage.headers
        sent = 0
        more = True
        while more:
            async with asyncio.timeout(self._stream_idle):
                message = await passage.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            data = message.get("body", b"")
            more = message.get("more_body", False)
            sent += len(data)
            if sent > passage.limit:
                raise TooLarge(f"The body may hold at most {passage.limit} bytes.")
            if data:
                framed = b"%x\r\n%b\r\n" % (len(data), data) if chunked else data
                await connection.write(framed, seconds=self._stream_idle)
        if chunked:
            await connection.write(b"0\r\n\r\n", seconds=self._stream_idle)
        watch.begin(connection)

    async def _read(self, passage: Passage) -> bytes:
        """A short body; uvicorn has it by the time we ask, mostly in one piece."""
        message = await passage.receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body", False):
            async with asyncio.timeout(self._stream_idle):
                while message.get("more_body", False):
                    message = await passage.receive()
                    body += message.get("body", b"")
        if message["type"] == "http.disconnect":
            raise ClientGone
        return body

    async def _pass_back(self, passage: Passage, connection: Connection, watch: "Watch") -> None:
        headers = connection.headers
        status = passage.status = connection.status
        if status in BODILESS:
            headers = [pair for pair in headers if pair[0] != b"content-length"]
        start = {
            "type": "http.response.start",
            "status": status,
            "headers": headers + passage.answer_headers,
        }
        send = passage.send
        passage.started = True
        if connection.complete:
            body = connection.whole()
            watch.stop()
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        watch.forget_deadline(connection)
        await send(start)
        while True:
            async with asyncio.timeout(self._stream_idle):
                data = await connection.chunk()
            await send({"type": "http.response.body", "body": data, "more_body": bool(data)})
            if not data:
                return


class Watch:
    """Looks out for the deadline and the client's hanging up, from the first tenth of a second on:
    nearly every request is over before, and has paid for one timer only."""

    __slots__ = ("_loop", "_passage", "_task", "_timer", "_until", "connection")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, passage: Passage, connection: Connection | None
    ) -> None:
        self._loop = loop
        self._passage = passage
        self._until: float | None = loop.time() + passage.deadline_ms / 1000
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.connection = connection
        if connection is not None:
            patience = min(PATIENCE_SECONDS, passage.deadline_ms / 1000)
            self._timer = loop.call_later(patience, self._look_out)

    def begin(self, connection: Connection) -> None:
        """From now on; for a request whose body had to be sent first."""
        self.connection = connection
        self._until = self._loop.time() + self._passage.deadline_ms / 1000
        self._look_out()

    def forget_deadline(self, connection: Connection) -> None:
        """The head of the answer came in time; from now on only hanging up ends it."""
        self.stop()
        self.connection = connection
        self._until = None
        self._look_out()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _look_out(self) -> None:
        self._timer = None
        self._task = self._loop.create_task(self._wait())

    async def _wait(self) -> None:
        error: WireError
        try:
            async with asyncio.timeout_at(self._until):
                while (await self._passage.receive())["type"] != "http.disconnect":
                    pass
            error = ClientGone()
        except TimeoutError:
            error = TooSlow()
        if self.connection is not None:
            self.connection.fail(error)


def request_head(passage: Passage, peer: Peer) -> bytes:
    """Everything up to the lines that frame the body."""
    scope = passage.scope
    query = scope["query_string"]
    target = passage.raw_path + b"?" + query if query else passage.raw_path
    host = passage.headers.get(b"host", peer.authority)
    parts = [scope["method"].encode(), b" ", target, b" HTTP/1.1\r\nhost: ", host, b"\r\n"]
    named = _hop_names(passage.headers.get(b"connection"))
    for name, value in scope["headers"]:
        if name not in NOT_FORWARDED and name not in named:
            parts += (name, b": ", value, b"\r\n")
    span = b"%016x" % _random.getrandbits(64)
    parts += passage.added
    parts += (
        b"x-request-id: ", passage.request_id,
        b"\r\nx-request-deadline-ms: %d" % passage.deadline_ms,
        b"\r\ntraceparent: 00-", passage.trace, b"-", span, b"-01\r\n",
    )  # fmt: skip
    return b"".join(parts)


def problem_of(error: WireError, service: str) -> Problem:
    if isinstance(error, Unreachable):
        return Unavailable(f"The {service} service is away; try again.", code="service_away")
    if isinstance(error, TooSlow):
        return Late(f"The {service} service did not answer in time.")
    if isinstance(error, Garbled):
        return Upstream(f"The {service} service answered something that is not HTTP.")
    return Unavailable(
        f"The connection to the {service} service ended before it had answered. What was asked may "
        "or may not have been done: repeat it with the same Idempotency-Key.",
        code="answer_lost",
    )


async def _end(task: "asyncio.Task[None]") -> None:
    """Cancel a task and see it off; its own failure has been told already, or does not matter."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()


def _hop_names(connection: bytes | None) -> frozenset[bytes]:
    """Headers that the client's Connection header declares to be for this hop only."""
    if connection is None or connection.lower() in (b"keep-alive", b"close"):
        return frozenset()
    return frozenset(name.strip().lower() for name in connection.split(b","))
