"""`POST /v1/snapshot`: what there is in all services as one stream, and the cursor that goes on behind it.

The cursor of each service is taken before its records are read, and all of them before the first line is
sent: what changes meanwhile comes again as events behind the cursor, nothing falls between the two.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from guanxi_gateway.feed import encode_cursor
from guanxi_gateway.peers import Stream
from guanxi_shared.calls import begin
from guanxi_shared.documents import answers
from guanxi_shared.errors import Upstream as WrongAnswer

NDJSON = "application/x-ndjson"
LONGEST_HEAD = 4096


class Head:
    """A service's snapshot whose first line was read: its cursor, and the rest as it comes."""

    def __init__(self, name: str, parts: AsyncGenerator[bytes, None]) -> None:
        self.name = name
        self.cursor = ""
        self._parts = parts
        self._left = b""

    async def read(self) -> None:
        found = b""
        while b"\n" not in found and len(found) < LONGEST_HEAD:
            data = await anext(self._parts, b"")
            if not data:
                break
            found += data
        line, _, self._left = found.partition(b"\n")
        try:
            name, _, self.cursor = orjson.loads(line)["cursor"].partition(":")
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise WrongAnswer(
                f"The snapshot of {self.name} does not begin with its cursor."
            ) from error
        if name != self.name or not self.cursor:
            raise WrongAnswer(f"The snapshot of {self.name} begins with another cursor.")

    async def rest(self) -> AsyncGenerator[bytes, None]:
        if self._left:
            yield self._left
        async for data in self._parts:
            yield data


def snapshots_router(streams: Mapping[str, Stream]) -> APIRouter:
    router = APIRouter(tags=["events"])

    @router.post(
        "/v1/snapshot",
        operation_id="snapshot_all",
        summary="The present state of all services as NDJSON; the first line holds the feed's cursor",
        response_class=Response,
        responses=answers(200, {"content": {NDJSON: {"schema": {"type": "string"}}}}, refused=()),
    )
    async def snapshot_all(request: Request) -> Response:
        await begin(request, "events:read")
        lines = _lines(streams, request.headers["authorization"])
        first = await anext(lines)  # a service that is away is a problem, not a broken answer
        return StreamingResponse(_chained(first, lines), media_type=NDJSON)

    return router


async def _lines(streams: Mapping[str, Stream], authorization: str) -> AsyncGenerator[bytes, None]:
    """The cursor, then one service after the other; each waits, unread, until it is its turn."""
    async with AsyncExitStack() as stack:
        heads: list[Head] = []
        for name, stream in streams.items():
            parts = stream(f"/v1/{name}/snapshot", authorization)
            heads.append(Head(name, await stack.enter_async_context(aclosing(parts))))
        for head in heads:
            await head.read()
        yield (
            orjson.dumps({"cursor": encode_cursor({head.name: head.cursor for head in heads})})
            + b"\n"
        )
        for head in heads:
            async for data in head.rest():
                yield data


async def _chained(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for data in rest:
            yield data
