"""Processor time by process: unlike times on a clock it says where the work is, whatever else runs."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil

from tests.bench.processes import Suite, pids

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
