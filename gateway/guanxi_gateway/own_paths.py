"""A request as the gateway's own application sees it, and its answer on the way back."""

import random

from starlette.types import Message, Receive, Scope, Send

from guanxi_gateway.passage import Passage
from guanxi_shared.errors import TooLarge

_random = random.Random()


def own_scope(passage: Passage, authorization: bytes | None) -> Scope:
    """The request as our own application sees it, with the ids that the edge gave it."""
    replaced = {b"x-request-id", b"traceparent", b"x-directory-version", b"x-retried-by"}
    if authorization is not None:
        replaced.add(b"authorization")
    headers = [pair for pair in passage.scope["headers"] if pair[0] not in replaced]
    headers.append((b"x-request-id", passage.request_id))
    headers.append((b"traceparent", b"00-%b-%016x-01" % (passage.trace, _random.getrandbits(64))))
    if authorization:
        headers.append((b"authorization", authorization))
    return {**passage.scope, "headers": headers}


def with_headers(passage: Passage) -> Send:
    """A `send` that adds the edge's headers where the application has not said it itself."""

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            passage.started = True
            passage.status = message["status"]
            theirs = [pair for pair in message.get("headers", ()) if pair[0] != b"x-request-id"]
            names = {name.lower() for name, _ in theirs}
            added = [pair for pair in passage.answer_headers if pair[0] not in names]
            message = {**message, "headers": theirs + added}
        await passage.send(message)

    return send


def limited(passage: Passage) -> Receive:
    """A `receive` that stops a body without a stated length at the limit."""
    received = 0

    async def receive() -> Message:
        nonlocal received
        message: Message = await passage.receive()
        received += len(message.get("body", b""))
        passage.is_read = not message.get("more_body", False)
        if received > passage.limit:
            raise TooLarge(f"The body may hold at most {passage.limit} bytes.")
        return message

    return receive
