"""Where a request of somebody without a token came from, as our own gateway wrote it."""

from starlette.requests import Request


def last_forwarded(request: Request) -> str:
    """The address that was added last, however many lines there are: they mean one list (RFC 9110, 5.3),
    and what stands before the gateway's own word is the visitor's. Empty when nothing was added."""
    lines = request.headers.getlist("x-forwarded-for")
    return lines[-1].rpartition(",")[2].strip() if lines else ""
