"""A process beside this one that draws, sets type, writes columns and learns of contracts: what takes long, or libraries
of 100 MB.

It is started when it is first needed, takes one thing at a time, ends when it was idle for a minute, and with us: it reads
from a pipe of which we hold the other end.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from guanxi_shared import logs
from guanxi_shared.calls import House
from guanxi_shared.errors import Unavailable

SECONDS: Final = 45.0  # for one thing, the start of the process included
MOST_WAITING: Final = 32
END_SECONDS: Final = 2.0


class NotMade(Exception):
    """The process says why it could not make something of what it was given: a fault of ours."""


class Press:
    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: SpawnProcess | None = None
        self._pipe: Pipe | None = None

    async def make(self, what: str, given: Mapping[str, Any]) -> bytes:
        """A picture, a page, a file; Unavailable where too many wait for theirs."""
        if self._waiting >= MOST_WAITING:
            raise Unavailable(
                "Too many pictures, pages and models are being made right now.",
                headers={"Retry-After": "5"},
            )
        self._waiting += 1
        try:
            async with self._turn:
                return await self._make(what, dict(given))
        finally:
            self._waiting -= 1

    async def _make(self, what: str, given: dict[str, Any]) -> bytes:
        for is_last in (False, True):
            try:
                async with asyncio.timeout(SECONDS):
                    is_made, made = await asyncio.to_thread(self._ask, what, given)
            except (
                TimeoutError
            ) as error:  # an OSError, too, and what is slow is slow the second time
                self._end()
                raise Unavailable("It took too long to make.") from error
            except (EOFError, OSError) as error:  # it was idle too long, or was killed
                self._end()
                if is_last:
                    raise Unavailable("The process that was to make it has ended twice.") from error
                continue
            except BaseException:  # nobody waits for it any more
                self._end()
                raise
            if not is_made:
                raise NotMade(made)
            return bytes(made)
        raise AssertionError("unreachable")

    def _ask(self, what: str, given: dict[str, Any]) -> Any:
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self._start()
        assert self._pipe is not None
        self._pipe.send((what, given))
        return self._pipe.recv()

    def _start(self) -> None:
        from guanxi_analytics.press.serving import serve

        self._end()
        context = get_context("spawn")
        pipe, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()  # theirs alone: when their end closes, ours is told
        self._pipe, self._process = pipe, process
        LOG.info("a process for pictures and pages started", pid=process.pid)

    def _end(self) -> None:
        process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if process is not None:  # first: whoever still reads from it gets the end of the pipe
            process.kill()
            process.join(END_SECONDS)
        if pipe is not None:
            with suppress(OSError):
                pipe.close()

    async def close(self) -> None:
        await asyncio.to_thread(self._end)


def press_of(here: House) -> Press:
    """That of this service process."""
    found: Press = here.more.setdefault("press", Press())
    return found


LOG = logs.logger("press")
