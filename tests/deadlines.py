"""Waiting for something to become true, without sleeping longer than needed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Answer = TypeVar("Answer")


async def until(holds: Callable[[], Awaitable[Answer]], *, seconds: float = 15.0) -> Answer:
    """The first true answer; fails when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        if answer := await holds():
            return answer
        assert time.monotonic() < end, f"not within {seconds:g} s"
        await asyncio.sleep(0.01)


async def until_true(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    """The same for what this process knows already."""

    async def holds() -> bool:
        return condition()

    await until(holds, seconds=seconds)


def eventually(holds: Callable[[], Answer], *, seconds: float = 30.0) -> Answer:
    """The same for tests that are not asynchronous."""
    end = time.monotonic() + seconds
    while True:
        if answer := holds():
            return answer
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.05)
