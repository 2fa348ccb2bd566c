"""One request on its way through the gateway, and the head that its service gets of it."""

import random
from collections.abc import Awaitable, Callable

from starlette.types import Receive, Scope, Send

from guanxi_gateway.upstream import Upstream
from guanxi_gateway.wire import Headers

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


class Passage:
    """One request on its way: what the edge found out about it, and what it adds both ways."""

    __slots__ = (
        "added", "answer_headers", "deadline_ms", "end", "headers", "is_read", "limit", "raw_path",
        "receive", "request_id", "scope", "send", "started", "status", "trace",
    )  # fmt: skip

    added: list[bytes]  # to the service, as `name: value\r\n`
    answer_headers: Headers  # to the client
    end: Callable[[], Awaitable[None]] | None  # of an answer that is sent, but not ended
    is_read: bool  # known of long bodies and of those without a length

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
        self.started = self.is_read = False
        self.end = None
        self.status = 0
        self.added = []
        self.answer_headers = []


def request_head(passage: Passage, peer: Upstream) -> bytes:
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


def _hop_names(connection: bytes | None) -> frozenset[bytes]:
    """Headers that the client's Connection header declares to be for this hop only."""
    if connection is None or connection.lower() in (b"keep-alive", b"close"):
        return frozenset()
    return frozenset(name.strip().lower() for name in connection.split(b","))
