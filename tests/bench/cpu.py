"""Processor time by process: unlike times on a clock it says where the work is, whatever else runs."""

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil

from tests.bench.processes import Suite, pids

RESTING = 0.4  # of a core
LONGEST_REST_SECONDS = 30.0
SHOWN = ("gateway", "contacts", "pipeline", "tickets", "postgres")


def spent(suite: Suite) -> dict[str, float]:
    """Seconds by process name, those of its children included."""
    found = {}
    for name, pid in pids(suite).items():
        with contextlib.suppress(psutil.NoSuchProcess):
            found[name] = seconds_of(pid)
    return found


def seconds_of(pid: int) -> float:
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return float(sum(sum(each.cpu_times()[:2]) for each in family))


def rest(suite: Suite) -> None:
    """Returns once the suite does next to nothing, or after half a minute: what one measurement leaves to be
    followed, scored and vacuumed would fall into the next."""
    began = time.monotonic()
    while time.monotonic() - began < LONGEST_REST_SECONDS:
        before = spent(suite)
        threading.Event().wait(1.0)
        after = spent(suite)
        if sum(after[name] - before.get(name, 0.0) for name in after) < RESTING:
            return


@dataclass
class Cost:
    """Adds up over several runs."""

    seconds: dict[str, float] = field(default_factory=dict)
    requests: int = 0

    def add(self, before: Mapping[str, float], after: Mapping[str, float], requests: int) -> None:
        for name in after.keys() & before.keys():
            self.seconds[name] = self.seconds.get(name, 0.0) + max(after[name] - before[name], 0.0)
        self.requests += requests

    def microseconds(self) -> dict[str, int]:
        """Of one request, by process; empty without any."""
        if self.requests == 0:
            return {}
        return {name: round(self.seconds.get(name, 0) / self.requests * 1e6) for name in SHOWN}
