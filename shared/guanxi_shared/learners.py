"""Learning in a process of its own, which is as large as the libraries that it takes and ends with the answer.

It is told pages of what there is to learn from as they are read and ends with the connection to it: however the worker dies,
nobody learns on.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from typing import Any, Final

END_SECONDS: Final = 5.0


class LearnerDied(Exception):
    """The process that learns has gone; the job is tried again."""


class Learner:
    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    async def ask(self, asked: Mapping[str, Any]) -> None:
        """What learning takes beside the pages; before them."""
        await self._do(self._pipe.send, dict(asked))

    async def tell(self, page: list[Any]) -> None:
        await self._do(self._pipe.send, page)

    async def answer(self) -> dict[str, Any]:
        """What was learnt from the pages told."""
        await self._do(self._pipe.send, None)
        found: dict[str, Any] = await self._do(self._pipe.recv)
        return found

    async def _do(self, call: Any, *arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(call, *arguments)
        except (EOFError, OSError) as error:
            raise LearnerDied("the process that learns has ended") from error


@asynccontextmanager
async def learner(serve: Callable[[Pipe], None]) -> AsyncIterator[Learner]:
    """A process that runs `serve` (a function of a module, which receives what was asked, the pages and None, and
    sends the answer) for as long as the block lasts, ended with it whatever it does by then."""
    context = get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    await asyncio.to_thread(process.start)
    theirs.close()  # theirs alone: when their end closes, ours is told
    try:
        yield Learner(pipe)
    finally:
        process.terminate()
        await asyncio.to_thread(process.join, END_SECONDS)
        if process.is_alive():
            process.kill()
        pipe.close()
