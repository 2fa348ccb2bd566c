"""Keeps Postgres alive under the supervisor: seen dead within 0.1 s, restarted on the same port."""

import asyncio
import time

from guanxi_shared.launch.board import Board
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.postgres import HOST, EmbeddedPostgres
from guanxi_shared.launch.process import CHECK_EVERY, HEALTHY_AFTER, Say, delay_before_restart

NAME = "postgres"


class PostgresKeeper:
    def __init__(self, postgres: EmbeddedPostgres, board: Board, *, say: Say) -> None:
        self.postgres = postgres
        self._board = board
        self._say = say
        self._restarts = 0
        self._tell_ready()

    async def keep_alive(self) -> None:
        """Never gives up: what stops Postgres (a full disk) may be mended while all else waits."""
        deaths_in_a_row = 0
        while True:
            began = time.monotonic()
            while self.postgres.is_running():  # noqa: ASYNC110 (only asking tells)
                await asyncio.sleep(CHECK_EVERY)
            lived = time.monotonic() - began
            deaths_in_a_row = 1 if lived > HEALTHY_AFTER else deaths_in_a_row + 1
            self._restarts += 1
            self._board.tell(NAME, pid=None, state="restarting", restarts=self._restarts)
            self._say(f"postgres ended (its log: {self.postgres.log}); starting it again")
            if deaths_in_a_row > 1:
                await asyncio.sleep(delay_before_restart(deaths_in_a_row))
            await self._start_again()

    async def _start_again(self) -> None:
        try:
            place, binaries = await asyncio.to_thread(self.postgres.prepare)
            self.postgres.spawn(place, binaries)  # on this, the main thread
            await asyncio.to_thread(self.postgres.await_ready, place)
        except LaunchError as error:
            self._say(str(error))
        else:
            self._tell_ready()

    def _tell_ready(self) -> None:
        port = self.postgres.port
        url = f"postgresql://{HOST}:{port}"
        self._board.tell(NAME, pid=self.postgres.pid, port=port, url=url, state="ready")

    async def stop(self) -> None:
        self._board.tell(NAME, state="stopping")
        await asyncio.to_thread(self.postgres.stop)
        self._board.tell(NAME, pid=None, state="stopped")
