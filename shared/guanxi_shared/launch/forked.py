"""Processes forked from one that has loaded what they need (Linux); see decisions 37 and 66.

Most of a start is loading Python modules, mostly the same ones in each process. `fork_ahead` sets off a
loader. It loads what all need and forks one for each package, which loads the rest and forks server and
worker. Both loaders end then: what they forked becomes ours, and waits for its environment. All the
while Postgres starts. A process that dies later is started anew by its command.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from guanxi_shared.launch.child import adopt_orphans, die_with_parent
from guanxi_shared.launch.loading import Command, Ends, load_and_fork


class Loader:
    """Ends when the last process was forked; until then we take over what its children forked."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._is_watched = False

    def watch(self) -> None:
        if not self._is_watched:
            self._is_watched = True
            handle = os.pidfd_open(self._pid)
            asyncio.get_running_loop().add_reader(handle, self._end, handle)

    def _end(self, handle: int) -> None:
        asyncio.get_running_loop().remove_reader(handle)
        os.close(handle)
        os.waitpid(self._pid, 0)
        adopt_orphans(False)


class Forked:
    """As much of asyncio.subprocess.Process as the supervisor uses, for a process that `go` sets off."""

    def __init__(self, loader: Loader, line: int, said: int) -> None:
        self.pid = 0
        self.returncode: int | None = None
        self.stdout: asyncio.StreamReader | None = None
        self._loader = loader
        self._line = line
        self._said = said
        self._tells: asyncio.StreamWriter | None = None
        self._ended: asyncio.Task[int] | None = None

    async def is_there(self) -> bool:
        """Once it has loaded all it needs. False if it will not: started by its command, it says why."""
        self._loader.watch()
        hears, self._tells = await asyncio.open_connection(sock=socket.socket(fileno=self._line))
        try:
            self.pid = int(await hears.readline() or 0)
        finally:
            if not self.pid:
                self._tells.close()
                os.close(self._said)
        if self.pid:
            self._ended = asyncio.create_task(self._await_end())
        return bool(self.pid)

    async def go(self, env: Mapping[str, str]) -> None:
        assert self._tells is not None
        self.stdout = said = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(said), os.fdopen(self._said, "rb", 0)
        )
        with suppress(ConnectionError):  # one that has ended already is seen by `wait`
            self._tells.write(json.dumps(dict(env)).encode())
            await self._tells.drain()
            self._tells.close()

    async def wait(self) -> int:
        assert self._ended is not None
        return await asyncio.shield(self._ended)

    async def _await_end(self) -> int:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        handle = os.pidfd_open(self.pid)
        loop.add_reader(handle, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)
        _, status = os.waitpid(self.pid, 0)  # noqa: ASYNC222 (it has ended)
        self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def terminate(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGTERM)


def fork_ahead(commands: Sequence[Command]) -> dict[Command, Forked]:
    """Call it before there is an event loop, a thread, an open lock or a secret: all would be inherited.
    Empty where it cannot be done."""
    arm = die_with_parent(signal.SIGTERM)
    if arm is None or not _can_be_watched():
        return {}
    ours, theirs = {}, {}
    for command in commands:
        (line, far), (said, says) = socket.socketpair(), os.pipe()
        ours[command] = line.detach(), said
        theirs[command] = Ends(far.detach(), says)
    sys.stdout.flush()
    sys.stderr.flush()
    adopt_orphans(True)
    pid = os.fork()
    if pid == 0:
        load_and_fork(theirs, arm)
    for each in theirs.values():
        os.close(each.line)
        os.close(each.says)
    loader = Loader(pid)
    return {command: Forked(loader, *numbers) for command, numbers in ours.items()}


def _can_be_watched() -> bool:
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # an old kernel, or one that forbids it
        return False
    return True
