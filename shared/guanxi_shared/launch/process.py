"""One process that is kept alive: started, watched, restarted with back-off, stopped."""

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field

from guanxi_shared.launch.board import Board
from guanxi_shared.launch.child import die_with_parent
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.forked import Forked
from guanxi_shared.launch.health import is_ready

FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0
HEALTHY_AFTER = 30.0
"""Seconds after which a process counts as recovered and its next restart is immediate again."""
DEATHS_BEFORE_READY = 4
STOP_TIMEOUT = 15.0
LONGEST_LINE = 65_536
CHECK_EVERY = 0.1
LAST_LINES = 15

Say = Callable[[str], None]
Child = asyncio.subprocess.Process | Forked


@dataclass(frozen=True)
class ProcessSpec:
    """With a port it is ready when /health/ready says so, else as soon as it runs."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    host: str = "127.0.0.1"
    port: int | None = None
    stops_in_round: int = 2
    """Processes of a lower round are stopped, and waited for, before those of a higher one."""

    @property
    def url(self) -> str | None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return None if self.port is None else f"http://{host}:{self.port}"


class Process:
    """Must be driven by the event loop of the main thread (see child.py)."""

    def __init__(
        self, spec: ProcessSpec, board: Board, *, say: Say, log: Say, forked: Forked | None = None
    ) -> None:
        """`forked` is the first child, if one was forked ahead."""
        self.spec = spec
        self.ready = asyncio.Event()
        self._board = board
        self._say = say
        self._log = log
        self._forked = forked
        self._child: Child | None = None
        self._reading: asyncio.Task[None] | None = None
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._deaths_in_a_row = 0
        self._restarts = 0
        board.tell(spec.name, state="starting", port=spec.port, url=spec.url)

    async def keep_alive(self) -> None:
        """Runs until cancelled; the child is left running then, for `stop`.

        LaunchError when it keeps dying without ever having been ready.
        """
        while True:
            began = time.monotonic()
            child = await self._spawn()
            code = await self._watch(child)
            lived = time.monotonic() - began
            self._deaths_in_a_row = 1 if lived > HEALTHY_AFTER else self._deaths_in_a_row + 1
            self._give_up_if_hopeless(code)
            await self._back_off(code)

    async def _spawn(self) -> Child:
        child = self._child = await self._start()
        self._reading = asyncio.create_task(self._forward(child))
        self._board.tell(self.spec.name, pid=child.pid, restarts=self._restarts, state="starting")
        return child

    async def _start(self) -> Child:
        if self._forked is not None:
            child, self._forked = self._forked, None
            if await child.is_there():
                self._child = child
                await child.go(self.spec.env)
                return child
        return await asyncio.create_subprocess_exec(
            *self.spec.command,
            env=dict(self.spec.env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is the supervisor's to handle
            preexec_fn=die_with_parent(signal.SIGTERM),
        )

    async def _watch(self, child: Child) -> int:
        announcing = asyncio.create_task(self._announce_ready(child))
        try:
            return await child.wait()
        finally:
            announcing.cancel()

    async def _announce_ready(self, child: Child) -> None:
        while not await self._is_ready():  # noqa: ASYNC110 (only asking tells)
            await asyncio.sleep(CHECK_EVERY)
        if child.returncode is None:
            self._board.tell(self.spec.name, state="ready")
            self.ready.set()

    async def _is_ready(self) -> bool:
        if self.spec.port is None:
            await asyncio.sleep(CHECK_EVERY)
            return True
        return await is_ready(reachable(self.spec.host), self.spec.port)

    def _give_up_if_hopeless(self, code: int) -> None:
        if self.ready.is_set() or self._deaths_in_a_row < DEATHS_BEFORE_READY:
            return
        raise LaunchError(
            f"{self.spec.name} ended {self._deaths_in_a_row} times before it was ready "
            f"({outcome(code)}). Its last words:\n" + "\n".join(self._last_lines)
        )

    async def _back_off(self, code: int) -> None:
        delay = delay_before_restart(self._deaths_in_a_row)
        self._restarts += 1
        self._board.tell(self.spec.name, pid=None, state="restarting", restarts=self._restarts)
        self._say(f"{self.spec.name} ended ({outcome(code)}); again in {delay:.1f} s")
        await asyncio.sleep(delay)

    async def _forward(self, child: Child) -> None:
        """Line by line; a line longer than the buffer is cut rather than stopping the child."""
        assert child.stdout is not None
        rest = b""
        while chunk := await child.stdout.read(LONGEST_LINE):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._tell_line(line)
        if rest:
            self._tell_line(rest)

    def _tell_line(self, line: bytes) -> None:
        text = line.decode("utf-8", errors="replace").rstrip()
        self._last_lines.append(text)
        self._log(f"{self.spec.name:<16} | {text}")

    async def stop(self, *, at_once: asyncio.Event) -> None:
        """SIGTERM, after 15 s (or as soon as `at_once` is set) SIGKILL to all it started."""
        child = self._child
        if child is not None and child.returncode is None:
            self._board.tell(self.spec.name, state="stopping")
            child.terminate()
            await _first_of(child.wait(), at_once.wait(), seconds=STOP_TIMEOUT)
            _kill_group(child)
            await child.wait()
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=1.0)
            self._reading.cancel()
        self._board.tell(self.spec.name, pid=None, state="stopped")


def delay_before_restart(deaths_in_a_row: int) -> float:
    """Seconds: 0.2, 0.4, 0.8 … 10."""
    return min(FIRST_DELAY * 2.0 ** (deaths_in_a_row - 1), LONGEST_DELAY)


def outcome(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def reachable(host: str) -> str:
    """Where to ask a process that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


async def _first_of(*awaited: Coroutine[None, None, object], seconds: float) -> None:
    tasks = [asyncio.create_task(each) for each in awaited]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def _kill_group(child: Child) -> None:
    """Also what the child left running of its own: each leads a session."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of ended ones
        return
