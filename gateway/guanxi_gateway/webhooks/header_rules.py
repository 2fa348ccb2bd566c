"""Headers that an endpoint asks for besides ours: which may be, and what of them may be seen. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

MOST: Final = 20
LONGEST: Final = 2_000
MOST_BYTES: Final = 8_000
NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110: token
VALUE: Final = re.compile(r"[!-~]([ -~]*[!-~])?")
# Of one connection (RFC 9110, 7.6.1), of the message itself, and what we say.
OURS: Final = frozenset(
    ["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
     "trailer", "transfer-encoding", "upgrade", "host", "expect", "accept-encoding", "date", "cookie"]
)  # fmt: skip
OUR_PREFIXES: Final = ("webhook-", "content-")
SHORTEST_SECRET: Final = 4
HIDDEN: Final = "[hidden]"


def problem_of(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """The name that cannot be sent and why; empty for all of them together."""
    if len(headers) > MOST or sum(len(n) + len(v) for n, v in headers.items()) > MOST_BYTES:
        return "", f"Send at most {MOST} headers of {MOST_BYTES} characters together."
    seen: set[str] = set()
    for name, value in headers.items():
        lower = name.lower()
        if not NAME.fullmatch(name):
            return name[:100], "That is no name of a header."
        if lower in OURS or lower.startswith(OUR_PREFIXES):
            return name, "This header is not yours to set."
        if lower in seen:
            return name, "Send it once."
        if len(value) > LONGEST or not VALUE.fullmatch(value):
            return name, f"Send 1 to {LONGEST} visible ASCII characters, blanks inside alone."
        seen.add(lower)
    return None


def without_secrets(text: str | None, values: Iterable[str]) -> str | None:
    """What a receiver said, without what it was told in confidence: whole values, and their words."""
    if text is None:
        return None
    words = {word for value in values for word in (value, *value.split())}
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= SHORTEST_SECRET:
            text = text.replace(word, HIDDEN)
    return text
