"""Runs a list of processes until told to stop; what dies is started again.

Knows nothing of the suite: `suite` says which processes there are.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from guanxi_shared.launch.board import Board
from guanxi_shared.launch.errors import LaunchError, first_of
from guanxi_shared.launch.forked import Forked
from guanxi_shared.launch.keeper import PostgresKeeper
from guanxi_shared.launch.loading import Command
from guanxi_shared.launch.postgres import EmbeddedPostgres
from guanxi_shared.launch.process import Process, ProcessSpec, Say

OnReady = Callable[[], Awaitable[None]]


class Supervisor:
    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        board: Board,
        *,
        postgres: EmbeddedPostgres | None = None,
        say: Say = print,
        log: Say = print,
        forked: Mapping[Command, Forked] = MappingProxyType({}),
    ) -> None:
        self._say = say
        self._keeper = PostgresKeeper(postgres, board, say=say) if postgres else None
        self._processes = [
            Process(spec, board, say=say, log=log, forked=forked.get(spec.command))
            for spec in specs
        ]

    async def run(self, *, at_once: asyncio.Event, on_ready: OnReady | None = None) -> None:
        """Until cancelled, or LaunchError when a process never becomes ready. Stops all it started.

        `on_ready` runs beside the processes once all are ready; what it raises ends the run.
        """
        try:
            async with asyncio.TaskGroup() as group:
                if self._keeper is not None:
                    group.create_task(self._keeper.keep_alive())
                for process in self._processes:
                    group.create_task(process.keep_alive())
                group.create_task(self._report(on_ready))
        except* LaunchError as errors:
            raise first_of(errors) from None
        finally:
            await self._stop(at_once)

    async def _report(self, on_ready: OnReady | None) -> None:
        began = time.monotonic()
        waiting = [asyncio.create_task(self._await_ready(p, began)) for p in self._processes]
        await asyncio.gather(*waiting)
        if on_ready is not None:
            await on_ready()

    async def _await_ready(self, process: Process, began: float) -> None:
        await process.ready.wait()
        where = f" on {process.spec.url}" if process.spec.url else ""
        self._say(f"{process.spec.name} ready{where} ({time.monotonic() - began:.1f} s)")

    async def _stop(self, at_once: asyncio.Event) -> None:
        for number in sorted({process.spec.stops_in_round for process in self._processes}):
            together = [p for p in self._processes if p.spec.stops_in_round == number]
            await asyncio.gather(*(process.stop(at_once=at_once) for process in together))
        if self._keeper is not None:
            await self._keeper.stop()
        self._say("stopped")
