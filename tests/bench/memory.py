"""Resident memory of the suite's processes: now, and at its highest over a while."""

import contextlib
import threading
from collections.abc import Container, Mapping
from types import TracebackType
from typing import Self

import psutil

from tests.bench.processes import Suite, pids

EVERY_SECONDS = (
    0.5  # each look walks through the machine's processes, and takes from what is measured
)
MEGABYTE = 1e6
POSTGRES = "postgres"  # its processes share most of what each seems to hold


def resident(suite: Suite) -> dict[str, float]:
    """Megabytes by process name, children included; without those that have just ended."""
    wanted = {pid: name for name, pid in pids(suite).items() if name != POSTGRES}
    parents = {each.pid: each.info["ppid"] for each in psutil.process_iter(["ppid"])}
    found: dict[str, float] = {}
    for pid in parents:
        name = wanted.get(_eldest(pid, parents, among=wanted))
        if name is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                found[name] = (
                    found.get(name, 0.0) + psutil.Process(pid).memory_info().rss / MEGABYTE
                )
    return found


def _eldest(pid: int, parents: Mapping[int, int], *, among: Container[int]) -> int:
    """The process itself or its nearest ancestor that is among these; 0 without one."""
    while pid and pid not in among:
        pid = parents.get(pid, 0)
    return pid


class Peaks:
    """Looks at every process once a second for as long as the block lasts."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.highest: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            self.highest = highest_of(self.highest, resident(self._suite))


def highest_of(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: max(one.get(name, 0.0), other.get(name, 0.0)) for name in one.keys() | other}
