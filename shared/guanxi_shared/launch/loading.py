"""What goes on in processes between their fork and their `main`: see forked.py."""

import gc
import io
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from functools import partial
from importlib import import_module
from itertools import groupby
from typing import NoReturn

from setproctitle import setproctitle

from guanxi_shared.garbage import collect_seldom_while_starting

Command = tuple[str, ...]
"""python -m MODULE PACKAGE"""
# What each module of a command runs, loaded before its environment is known.
PARTS = {"guanxi_shared.serve": "app", "guanxi_shared.worker": "jobs"}
COMMON = ("guanxi_shared.app", *PARTS)
Arm = Callable[[], None]
"""Lets a process end with the supervisor, and ends it if the supervisor is not its parent."""


@dataclass(frozen=True)
class Ends:
    """File numbers of a process to come: where it tells its number and hears its environment, what it
    says."""

    line: int
    says: int


def load_and_fork(ends: Mapping[Command, Ends], arm: Arm) -> NoReturn:
    """In the loader. Never returns into what went on before the fork; ends after those it forked, which
    end once all processes are there."""
    _finish(partial(_load_and_fork, ends, arm))


def _load_and_fork(ends: Mapping[Command, Ends], arm: Arm) -> None:
    os.setsid()  # Ctrl-C in the terminal is the supervisor's to handle
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    arm()
    _keep_only(_numbers(ends))
    _stand_for((0, 1, 2), os.open(os.devnull, os.O_RDWR))
    setproctitle("guanxi loads")  # finds its place by the environment
    collect_seldom_while_starting()
    _load(COMMON)
    for package, commands in groupby(sorted(ends, key=_package), key=_package):
        own = {command: ends[command] for command in commands}
        if os.fork() == 0:
            _finish(partial(_fork_those_of, package, own, arm))
    _keep_only(())
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _package(command: Command) -> str:
    return command[-1]


def _fork_those_of(package: str, ends: Mapping[Command, Ends], arm: Arm) -> None:
    _keep_only(_numbers(ends))
    _stand_for((1, 2), os.dup(next(iter(ends.values())).says))  # what goes wrong is heard of one
    _load(f"{package}.{PARTS[module]}" for *_, module, _ in ends)
    loader = os.getpid()
    for command, own in ends.items():
        if os.fork() == 0:
            _finish(partial(_become, command, own, arm, loader))


def _load(modules: Iterable[str]) -> None:
    for module in modules:
        import_module(module)
    sys.stdout.flush()  # each fork would say it again
    sys.stderr.flush()
    gc.freeze()  # a collection in one process would copy the pages that all of them share


def _become(command: Command, ends: Ends, arm: Arm, loader: int) -> None:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while os.getppid() == loader:  # it ends now, and its parent takes this one over
        time.sleep(0.001)
    arm()
    *_, module, package = command
    setproctitle(f"{package} waits")
    _stand_for((0,), ends.line)
    _stand_for((1, 2), ends.says)
    _keep_only(())
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    sys.stdout, sys.stderr = _lines_to(1), _lines_to(2)
    os.write(0, f"{os.getpid()}\n".encode())
    told = os.fdopen(0, "rb", closefd=False).read()
    if not told:  # the supervisor gave up before its processes were needed
        return
    _stand_for((0,), os.open(os.devnull, os.O_RDONLY))
    os.environ.clear()
    os.environ.update(json.loads(told))
    main = import_module(module)
    sys.argv = [str(main.__file__), package]
    sys.modules["__main__"] = main  # what multiprocessing makes its processes from
    main.main([package])


def _numbers(ends: Mapping[Command, Ends]) -> list[int]:
    return [number for each in ends.values() for number in astuple(each)]


def _stand_for(standard: Iterable[int], number: int) -> None:
    for each in standard:
        os.dup2(number, each)
    os.close(number)


def _keep_only(numbers: Iterable[int]) -> None:
    """Of open files, beside the standard ones."""
    after = 3
    for number in sorted(numbers):
        os.closerange(after, number)
        after = number + 1
    os.closerange(after, os.sysconf("SC_OPEN_MAX"))


def _lines_to(number: int) -> io.TextIOWrapper:
    raw = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", line_buffering=True)


def _finish(work: Callable[[], None]) -> NoReturn:
    code = 1
    try:
        work()
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
