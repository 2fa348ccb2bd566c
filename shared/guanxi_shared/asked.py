"""The request of a hot route: headers looked up instead of searched for, a body taken as it lies there."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send


class KnownHeaders(Headers):
    """`first` has the first value of each name, in lower case."""

    def __init__(self, raw: list[tuple[bytes, bytes]], first: Mapping[str, str]) -> None:
        super().__init__(raw=raw)
        self._first = first

    def get(self, key: str, default: Any = None) -> Any:
        return self._first.get(key.lower(), default)

    def __getitem__(self, key: str) -> str:
        return self._first[key.lower()]

    def __contains__(self, key: Any) -> bool:
        return isinstance(key, str) and key.lower() in self._first


class Asked(Request):
    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: KnownHeaders) -> None:
        super().__init__(scope, receive, send)
        self._known_headers = headers

    @property
    def headers(self) -> Headers:
        return self._known_headers

    async def taken(self, limit: int) -> bytes | None:
        """The body, to be asked for once and by nobody else; None as soon as it is longer than `limit`."""
        parts, size, goes_on = [], 0, True
        while goes_on:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part = message.get("body", b"")
            goes_on, size = message.get("more_body", False), size + len(part)
            if size > limit:
                return None
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def first_values(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """What headers of one name say first, by names in lower case (as ASGI has them)."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(raw)}
