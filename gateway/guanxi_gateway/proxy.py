"""The hop: a client's request to the service that answers it, and the answer back.

Pure ASGI on one side, `wire` on the other; nothing here is known about what is carried. Short
bodies are read and sent in one go; long ones stream both ways with back-pressure. The request is
framed anew, so that a service never sees a framing that the client chose.
"""

import asyncio

from starlette.types import Message

from guanxi_gateway.lingering import end_late
from guanxi_gateway.passage import Passage, request_head
from guanxi_gateway.upstream import Upstream
from guanxi_gateway.watch import ClientGone, Watch
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
from guanxi_shared import logs
from guanxi_shared.at_once import answered_at_once
from guanxi_shared.errors import Late, Problem, TooLarge, Unavailable
from guanxi_shared.errors import Upstream as WrongAnswer

SMALL_BYTES = 64 * 1024
REPEATABLE = frozenset({"GET", "HEAD"})

_log = logs.logger("proxy")


class SlowClient(Problem):
    status, code, title = 408, "slow_client", "The rest of the request did not come in time"


class Proxy:
    def __init__(self, *, stream_idle_seconds: float = 90.0) -> None:
        self._stream_idle = stream_idle_seconds

    async def forward(self, passage: Passage, peer: Upstream) -> None:
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

    async def _forward(self, passage: Passage, peer: Upstream) -> None:
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

    async def _forward_whole(self, passage: Passage, peer: Upstream, tail: bytes) -> None:
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

    async def _forward_upload(self, passage: Passage, peer: Upstream, framing: bytes) -> None:
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
                end_late(passage)
                connection.reusable = False
            await self._pass_back(passage, connection, watch)
        finally:
            watch.stop()
            await _end(upload)
            peer.give_back(connection, loop.time())

    async def _upload(self, passage: Passage, connection: Connection, watch: Watch) -> None:
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
            passage.is_read = not more
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

    async def _pass_back(self, passage: Passage, connection: Connection, watch: Watch) -> None:
        passage.status = connection.status
        headers = _headers_back(passage, connection)
        if connection.complete:
            watch.stop()
            await self._send_whole(passage, headers, connection.whole())
            return
        watch.forget_deadline(connection)
        passage.started = True
        await passage.send(_start(passage.status, headers))
        while True:
            async with asyncio.timeout(self._stream_idle):
                data = await connection.chunk()
            await passage.send(
                {"type": "http.response.body", "body": data, "more_body": bool(data)}
            )
            if not data:
                return

    async def _send_whole(self, passage: Passage, headers: Headers, body: bytes) -> None:
        passage.started = True
        if not answered_at_once(passage.send, passage.status, headers, body):
            await passage.send(_start(passage.status, headers))
            await passage.send({"type": "http.response.body", "body": body})


def _headers_back(passage: Passage, connection: Connection) -> Headers:
    """The service's headers and the edge's; a whole answer has a length, an empty one has none."""
    headers = connection.headers + passage.answer_headers
    if connection.status in BODILESS:
        return [pair for pair in headers if pair[0] != b"content-length"]
    if connection.complete and connection.length is None and passage.scope["method"] != "HEAD":
        headers.append((b"content-length", b"%d" % connection.size))
    return headers


def _start(status: int, headers: Headers) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def problem_of(error: WireError, service: str) -> Problem:
    if isinstance(error, Unreachable):
        return Unavailable(f"The {service} service is away; try again.", code="service_away")
    if isinstance(error, TooSlow):
        return Late(f"The {service} service did not answer in time.")
    if isinstance(error, Garbled):
        return WrongAnswer(f"The {service} service answered something that is not HTTP.")
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
