"""Processes forked from one that has loaded what they all need (Linux); see decision 37.

Most of a start is loading Python modules, mostly the same ones in each process. `fork_ahead` loads
those once, and forks a process for each command; each loads its own package, while Postgres starts,
then waits for its environment. A process that dies later is started anew by its command.
"""

import asyncio
import gc
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from setproctitle import setproctitle

from guanxi_shared.garbage import collect_seldom_while_starting
from guanxi_shared.launch.child import die_with_parent

Command = tuple[str, ...]
"""python -m MODULE PACKAGE"""
# What each module of a command runs, loaded before its environment is known.
PARTS = {"guanxi_shared.serve": "app", "guanxi_shared.worker": "jobs"}
COMMON = ("guanxi_shared.app", *PARTS)


class Forked:
    """As much of asyncio.subprocess.Process as the supervisor uses, for a process that `go` sets off."""

    def __init__(self, pid: int, told: int, said: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdout: asyncio.StreamReader | None = None
        self._told = told
        self._said = said
        self._ended: asyncio.Task[int] | None = None

    async def go(self, env: Mapping[str, str]) -> None:
        loop, said = asyncio.get_running_loop(), asyncio.StreamReader()
        self._ended = loop.create_task(self._await_end())
        self.stdout = said
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(said), os.fdopen(self._said, "rb", 0)
        )
        await asyncio.to_thread(self._tell, json.dumps(dict(env)).encode())

    def _tell(self, text: bytes) -> None:
        with suppress(BrokenPipeError), os.fdopen(self._told, "wb") as pipe:
            pipe.write(text)  # one that has ended already is seen by `wait`

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
    if not _can_be_watched():
        return {}
    collect_seldom_while_starting()
    for module in COMMON:
        import_module(module)
    gc.freeze()  # a collection in one process would copy the pages that all of them share
    sys.stdout.flush()
    sys.stderr.flush()
    return {command: _fork(command) for command in commands}


def _can_be_watched() -> bool:
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # an old kernel, or one that forbids it
        return False
    return True


def _fork(command: Command) -> Forked:
    hears, told = os.pipe()
    said, says = os.pipe()
    end_with_parent = die_with_parent(signal.SIGTERM)
    pid = os.fork()
    if pid == 0:
        _become(command, hears, says, end_with_parent)
    os.close(hears)
    os.close(says)
    return Forked(pid, told, said)


def _become(
    command: Command, hears: int, says: int, end_with_parent: Callable[[], None] | None
) -> NoReturn:
    """Never returns into what was going on before the fork."""
    code = 1
    try:
        os.setsid()  # Ctrl-C in the terminal is the supervisor's to handle
        if end_with_parent is not None:
            end_with_parent()
        _keep_only(hears, says)
        _run(*command[-2:])
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(bool(ending.code))
        if isinstance(ending.code, str):
            print(ending.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


def _keep_only(hears: int, says: int) -> None:
    """Standard input is where the environment comes from, then nothing; nothing else stays open."""
    os.dup2(hears, 0)
    os.dup2(says, 1)
    os.dup2(says, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    sys.stdout, sys.stderr = _lines_to(1), _lines_to(2)


def _lines_to(number: int) -> io.TextIOWrapper:
    raw = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", line_buffering=True)


def _run(module: str, package: str) -> None:
    setproctitle(f"{package} waits")  # first: it finds its place by the environment
    import_module(f"{package}.{PARTS[module]}")
    told = os.fdopen(0, "rb", closefd=False).read()
    if not told:  # the supervisor gave up before its processes were needed
        return
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(json.loads(told))
    main = import_module(module)
    sys.argv = [str(main.__file__), package]
    sys.modules["__main__"] = main  # what multiprocessing makes its processes from
    main.main([package])
