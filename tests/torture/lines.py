"""The lines between the suite's processes, and what may go wrong with one: each is a TCP proxy that passes
everything on until it is told otherwise."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

Address = tuple[str, int]
POSTGRES = "postgres"


class _Half(asyncio.Protocol):
    """One end of a connection; what it hears goes to the other end, as its line allows."""

    def __init__(self, line: "Line", *, answers: bool) -> None:
        self.line = line
        self.answers = answers
        self.other: _Half | None = None
        self.transport: asyncio.Transport | None = None
        self._early: list[bytes] = []  # what came before the other end was there

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.line.halves.add(self)
        if self.line.is_stalled:
            transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        if self.answers and self.line.loses_answers:
            self.line.lost += 1
            self.end()
        elif self.other is None or self.other.transport is None:
            self._early.append(data)
        else:
            self.other.transport.write(data)

    def joined(self, other: "_Half") -> None:
        self.other = other
        for data in self._early:
            self.data_received(data)
        self._early.clear()

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport and not self.line.is_stalled:
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.line.halves.discard(self)
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()

    def end(self) -> None:
        """At once, whatever was still to be sent."""
        for half in (self, self.other):
            if half is not None and half.transport is not None:
                half.transport.abort()


@dataclass(eq=False)
class Line:
    """From one service (its server and its worker) to another, or to Postgres."""

    source: str
    target: str
    find: Callable[[], Address | None]  # where the target is; None while nobody knows
    port: int = 0
    is_stalled: bool = False
    loses_answers: bool = False
    lost: int = 0
    halves: set[_Half] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _joining: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def name(self) -> str:
        return f"{self.source}>{self.target}"

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def _accept(self) -> _Half:
        near = _Half(self, answers=False)
        task = asyncio.get_running_loop().create_task(self._join(near))
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)
        return near

    async def _join(self, near: _Half) -> None:
        where = self.find()
        try:
            if where is None:
                raise ConnectionRefusedError(self.name)
            _, far = await asyncio.get_running_loop().create_connection(
                lambda: _Half(self, answers=True), *where
            )
        except OSError:
            near.end()
            return
        if near.transport is None or near.transport.is_closing():
            far.end()
            return
        far.joined(near)
        near.joined(far)

    def cut(self) -> int:
        """Every connection ends in the middle of whatever it was saying."""
        open_now = [half for half in self.halves if not half.answers]
        for half in open_now:
            half.end()
        return len(open_now)

    async def stall(self, seconds: float) -> None:
        """Nothing is lost and nothing passes."""
        self.is_stalled = True
        self._each(lambda transport: transport.pause_reading())
        try:
            await asyncio.sleep(seconds)
        finally:
            self.is_stalled = False
            self._each(lambda transport: transport.resume_reading())

    async def lose_answers(self, seconds: float) -> None:
        """What is asked arrives and is done; who asked hears nothing of it."""
        self.loses_answers = True
        try:
            await asyncio.sleep(seconds)
        finally:
            self.loses_answers = False

    def _each(self, act: Callable[[asyncio.Transport], None]) -> None:
        for half in list(self.halves):
            if half.transport is not None and not half.transport.is_closing():
                act(half.transport)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._joining:
            task.cancel()
        self.cut()
        if self._server is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 2)


async def open_lines(services: Sequence[str], find: Callable[[str], Address | None]) -> list[Line]:
    """One for each pair of services that may call each other, and for each to its database."""
    lines = [
        Line(source, target, partial(find, target))
        for source in services
        for target in (*services, POSTGRES)
        if source != target
    ]
    for line in lines:
        await line.open()
    return lines
