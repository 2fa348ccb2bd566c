"""Looking out for what ends a call early: the deadline, and a client that hangs up."""

import asyncio

from guanxi_gateway.passage import Passage
from guanxi_gateway.wire import Connection, TooSlow, WireError

PATIENCE_SECONDS = 0.1  # answers quicker than this cost no look-out for the client's hanging up


class ClientGone(WireError):
    """Nobody waits for the answer any more."""


class Watch:
    """Looks out for the deadline and the client's hanging up, from the first tenth of a second on:
    nearly every request is over before, and has paid for one timer only."""

    __slots__ = ("_loop", "_passage", "_task", "_timer", "_until", "connection")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, passage: Passage, connection: Connection | None
    ) -> None:
        self._loop = loop
        self._passage = passage
        self._until: float | None = loop.time() + passage.deadline_ms / 1000
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.connection = connection
        if connection is not None:
            patience = min(PATIENCE_SECONDS, passage.deadline_ms / 1000)
            self._timer = loop.call_later(patience, self._look_out)

    def begin(self, connection: Connection) -> None:
        """From now on; for a request whose body had to be sent first."""
        self.connection = connection
        self._until = self._loop.time() + self._passage.deadline_ms / 1000
        self._look_out()

    def forget_deadline(self, connection: Connection) -> None:
        """The head of the answer came in time; from now on only hanging up ends it."""
        self.stop()
        self.connection = connection
        self._until = None
        self._look_out()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _look_out(self) -> None:
        self._timer = None
        self._task = self._loop.create_task(self._wait())

    async def _wait(self) -> None:
        error: WireError
        try:
            async with asyncio.timeout_at(self._until):
                while (await self._passage.receive())["type"] != "http.disconnect":
                    pass
            error = ClientGone()
        except TimeoutError:
            error = TooSlow()
        if self.connection is not None:
            self.connection.fail(error)
