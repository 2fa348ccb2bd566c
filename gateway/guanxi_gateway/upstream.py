"""A service's address, and the kept-alive connections to it that are free."""

import asyncio
import ssl
from urllib.parse import urlsplit

from guanxi_gateway.wire import Connection, Unreachable


class Upstream:
    """A service's address and the connections to it that are free."""

    def __init__(
        self, name: str, url: str, *, idle_seconds: float = 30.0, connect_seconds: float = 1.0
    ) -> None:
        parts = urlsplit(url)
        self.name = name
        self.url = url
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.authority = parts.netloc.encode()
        self.in_flight = 0  # requests on their way, as the edge counts them
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._idle_seconds = idle_seconds
        self._connect_seconds = connect_seconds
        self._free: list[Connection] = []

    def free(self, now: float) -> Connection | None:
        """The connection used last, so that the others grow idle and go."""
        while self._free:
            connection = self._free.pop()
            if connection.transport.is_closing():
                continue
            if now - connection.idle_since < self._idle_seconds:
                return connection
            connection.transport.abort()
        return None

    async def connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, self._forget), self.host, self.port, ssl=self._tls
                )
        except (OSError, TimeoutError) as error:
            raise Unreachable(f"{self.name} does not answer") from error
        return connection

    def give_back(self, connection: Connection, now: float) -> None:
        if connection.complete and connection.reusable and not connection.transport.is_closing():
            connection.idle_since = now
            connection.waiter = None
            self._free.append(connection)
        else:
            connection.drop()

    def close(self) -> None:
        for connection in self._free:
            connection.transport.abort()
        self._free.clear()

    def _forget(self, connection: Connection) -> None:
        if connection in self._free:
            self._free.remove(connection)
