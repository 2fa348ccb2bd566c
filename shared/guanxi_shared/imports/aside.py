"""Reading and checking a file's rows beside the event loop: in a thread, or in a process of its own.

Checking a row takes as long as writing it. In a thread both share one interpreter; a large file gets
a process, which ends with the connection to it: however the worker dies, nobody reads on.
"""

import asyncio
import gc
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol, runtime_checkable

from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.together import Group, Groups, read_together
from guanxi_shared.tables import Checkpoint, FileProblem, Source, read_batches
from guanxi_shared.tables.rows import Batch, Row

LARGE_BYTES = 2_000_000  # a process takes a second to start
END_SECONDS = 5.0
Chunk = list[Prepared]
Batches = Iterator[Batch] | Iterator[Groups]


class Preparation(Protocol):
    """What rows are held against; it travels to another process whenever it is a new one."""

    def prepare(self, row: Row) -> Prepared: ...


@runtime_checkable
class Gathering(Preparation, Protocol):
    """Of records that are several rows each."""

    def gather(self, group: Group) -> Prepared: ...


class PreparerDied(Exception):
    """The process that read the file is gone; the job is tried again from its checkpoint."""


class Beside:
    """Chunks of a file, each made when it is asked for. `close` it. Rows that say the same in the
    columns `together` are one record (see together.py)."""

    def __init__(
        self, path: Path, source: Source, *, size: int, start: Checkpoint,
        together: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self._asked = (path, source, size, start, together)
        self._batches: Batches | None = None
        self._process: BaseProcess | None = None
        self._pipe: Pipe | None = None
        self._sent: Preparation | None = None

    def set_out(self) -> None:
        """A large file's process is started, which takes a second, before anybody asks for a row."""
        if self._is_large and self._pipe is None:
            self._begin()

    @property
    def _is_large(self) -> bool:
        return self._asked[0].stat().st_size >= LARGE_BYTES

    async def next(self, preparation: Preparation) -> tuple[Chunk, Checkpoint] | None:
        """The next chunk, None at the end of the file; FileProblem if it cannot be read on."""
        ask = self._next_there if self._is_large else self._next_here
        return await asyncio.to_thread(ask, preparation)

    def close(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.join(END_SECONDS)
            if self._process.is_alive():
                self._process.kill()

    def _next_here(self, preparation: Preparation) -> tuple[Chunk, Checkpoint] | None:
        if self._batches is None:
            self._batches = _batches(*self._asked)
        return _prepared(self._batches, preparation)

    def _next_there(self, preparation: Preparation) -> tuple[Chunk, Checkpoint] | None:
        pipe = self._pipe or self._begin()
        try:
            pipe.send(preparation if preparation is not self._sent else None)
            self._sent = preparation
            found = pipe.recv()
        except (EOFError, OSError) as error:
            raise PreparerDied("the process that reads the file has ended") from error
        if isinstance(found, FileProblem):
            raise found
        return found  # type: ignore[no-any-return]

    def _begin(self) -> Pipe:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, *self._asked), daemon=True)
        self._process.start()
        theirs.close()  # theirs alone: when their end closes, ours is told
        return self._pipe


def serve(
    pipe: Pipe, path: Path, source: Source, size: int, start: Checkpoint, together: tuple[str, ...]
) -> None:
    """The other process: a preparation (or None for the last one) in, a chunk out, until hung up."""
    gc.freeze()  # each row is some dozen objects that live until the chunk is sent: looking through them
    gc.set_threshold(100_000, 50, 100)  # as often as usual would take a sixth of the time
    batches = _batches(path, source, size, start, together)
    preparation: Preparation | None = None
    while True:
        try:
            preparation = pipe.recv() or preparation
        except EOFError:
            return
        assert preparation is not None
        try:
            pipe.send(_prepared(batches, preparation))
        except FileProblem as problem:
            pipe.send(problem)


def _batches(
    path: Path, source: Source, size: int, start: Checkpoint, together: tuple[str, ...]
) -> Batches:
    if together:
        return read_together(path, source, together, size=size, start=start)
    return read_batches(path, source, size=size, start=start)


def _prepared(batches: Batches, preparation: Preparation) -> tuple[Chunk, Checkpoint] | None:
    batch = next(batches, None)
    if batch is None:
        return None
    if isinstance(batch, Batch):
        rows = [preparation.prepare(row) for row in batch.rows if not row.is_blank]
    else:
        assert isinstance(preparation, Gathering)
        rows = [preparation.gather(group) for group in batch.groups]
    return rows, batch.checkpoint
