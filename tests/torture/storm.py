"""Faults at random moments: kill -9, processes that stop answering for a while, lines that break, hang or
lose the answer."""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Sequence

from tests.suite import Suite
from tests.torture.lines import Line

STALL_SECONDS = (0.3, 2.0)
PAUSE_SECONDS = (0.5, 2.0)
KILLED, STOPPED = 0.35, 0.15  # the rest goes to the lines


async def storm(suite: Suite, lines: Sequence[Line], *, seconds: float, seed: int) -> Counter[str]:
    """Until the time is up; what was done how often."""
    dice = random.Random(seed)
    done: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        await asyncio.sleep(dice.uniform(*PAUSE_SECONDS))
        chance = dice.random()
        busy = [line for line in lines if line.halves]
        if chance < KILLED + STOPPED or not busy:
            done[await _at_a_process(suite, dice, kills=chance < KILLED)] += 1
        else:
            done[await _at_a_line(dice.choice(busy), dice)] += 1
    return done


async def _at_a_process(suite: Suite, dice: random.Random, *, kills: bool) -> str:
    names = [p["name"] for p in suite.processes() if p.get("pid")]
    pid = suite.pid_of(name) if (name := dice.choice(names or [""])) else None
    if pid is None:
        return "found nothing to kill"
    if kills:
        _signal(pid, signal.SIGKILL)
        return f"killed {name}"
    await _stall(pid, dice.uniform(*STALL_SECONDS))
    return f"stopped {name}"


async def _at_a_line(line: Line, dice: random.Random) -> str:
    seconds = dice.uniform(*STALL_SECONDS)
    match dice.randrange(3):
        case 0:
            line.cut()
            return f"cut {line.name}"
        case 1:
            await line.stall(seconds)
            return f"stalled {line.name}"
        case _:
            await line.lose_answers(seconds)
            return f"unanswered {line.name}"


async def _stall(pid: int, seconds: float) -> None:
    _signal(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
