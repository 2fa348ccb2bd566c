"""Resident memory of the suite's processes: now, and at its highest over a while."""

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import psutil

from tests.bench.processes import Suite, pids

EVERY_SECONDS = 0.1
MEGABYTE = 1e6
POSTGRES = "postgres"  # its processes share most of what each seems to hold


def resident(suite: Suite) -> dict[str, float]:
    """Megabytes by process name."""
    found = {}
    for name, pid in pids(suite).items():
        if name != POSTGRES and (megabytes := _of(pid)) is not None:
            found[name] = megabytes
    return found


def _of(pid: int) -> float | None:
    """With its children; None when it has just ended."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(each.memory_info().rss for each in family) / MEGABYTE
    except psutil.NoSuchProcess:
        return None


class Peaks:
    """Looks at every process ten times a second for as long as the block lasts."""

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
