"""Faults at random moments: kill -9, and processes that stop answering for a while."""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter

from tests.suite import Suite

STALL_SECONDS = (0.3, 2.0)
PAUSE_SECONDS = (1.0, 3.0)


async def storm(suite: Suite, *, seconds: float, seed: int) -> Counter[str]:
    """Kills and stalls until the time is up; what was done how often."""
    dice = random.Random(seed)
    done: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        await asyncio.sleep(dice.uniform(*PAUSE_SECONDS))
        names = [p["name"] for p in suite.processes() if p.get("pid")]
        if not names:
            continue
        name = dice.choice(names)
        pid = suite.pid_of(name)
        if pid is None:
            continue
        if dice.random() < 0.3:
            await _stall(pid, dice.uniform(*STALL_SECONDS))
            done[f"stalled {name}"] += 1
        else:
            _signal(pid, signal.SIGKILL)
            done[f"killed {name}"] += 1
    return done


async def _stall(pid: int, seconds: float) -> None:
    _signal(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
