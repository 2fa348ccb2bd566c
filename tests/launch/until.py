"""Waiting for a condition, with a deadline that fails the test."""

import asyncio
import threading
import time
from collections.abc import Callable

import psutil

EVERY = 0.02


def until(condition: Callable[[], bool], what: str, *, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        pause.wait(EVERY)


async def eventually(condition: Callable[[], bool], what: str, *, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(EVERY)


def is_alive(pid: int) -> bool:
    """False for zombies too: where nobody reaps orphans they keep their number."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
