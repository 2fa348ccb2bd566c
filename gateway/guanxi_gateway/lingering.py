"""How a connection ends on which an answer went out before the request was read.

Closed at once, what the client is still sending is met by a reset, and the reset takes the answer away
from a client that reads only when it has sent everything (RFC 9112 9.6). So what still comes is read and
thrown away for a while, and the connection closed then.
"""

import asyncio
from contextlib import suppress

from starlette.types import Message

from guanxi_gateway.passage import Passage

MOST_SECONDS = 10.0
SILENT_SECONDS = 1.0  # nothing more is on its way
CLOSE = (b"connection", b"close")


def end_late(passage: Passage) -> None:
    """From here on an answer is sent whole but not ended; `passage.end` ends it."""
    send = passage.send
    if CLOSE not in passage.answer_headers:
        passage.answer_headers.append(CLOSE)

    async def send_unended(message: Message) -> None:
        is_body = message["type"] == "http.response.body"
        await send({**message, "more_body": True} if is_body else message)

    async def end() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(MOST_SECONDS):
                await _read_off(passage)
        await send({"type": "http.response.body"})

    passage.send, passage.end = send_unended, end


async def _read_off(passage: Passage) -> None:
    while not passage.is_read:
        async with asyncio.timeout(SILENT_SECONDS):
            message = await passage.receive()
        passage.is_read = not message.get("more_body", False)
