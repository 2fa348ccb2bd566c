"""A whole answer in one write, past uvicorn's `send`.

`send` looks at every header with two regular expressions and writes head and body one by one, each by a
call of the system that wakes whoever reads. Only for the very class of
uvicorn that this was written against; everything else (another server, a middleware in between) takes the
ASGI way, and a test holds both ways' bytes against each other.
"""

from starlette.types import Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

Headers = list[tuple[bytes, bytes]]


def answered_at_once(send: Send, status: int, headers: Headers, body: bytes) -> bool:
    """Whether the answer is on its way; False asks the caller to send it the ASGI way. `headers` are in
    lower case and say how long the body is, unless the status has none."""
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle:
        return False
    if cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
        return False
    parts = [STATUS_LINE[status]]
    for name, value in cycle.default_headers + headers:
        parts += (name, b": ", value, b"\r\n")
        if name == b"connection":  # said only to end the connection
            return False
    if not cycle.keep_alive:
        parts.append(b"connection: close\r\n")
    head = b"".join(parts)
    lines = len(parts) // 4 + 1 + (not cycle.keep_alive)
    if head.count(b"\n") != lines or head.count(b"\r") != lines:
        return False  # no header may hold the end of a line; uvicorn says so
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(head + b"\r\n" + body)
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
