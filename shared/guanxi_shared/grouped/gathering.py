"""What arrives while others of its kind are being done is done together, as soon as they are.

Nobody waits for company longer than one turn of the event loop, in which those that came with it join: a
quiet service does one thing at a time and a busy one many at a time, without a setting or a timer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

Entry = TypeVar("Entry")
Outcome = TypeVar("Outcome")
Doing = Callable[[list[Any]], Awaitable[Sequence[Any]]]


class Own(Enum):
    """The outcome of an entry that could not be done with the others."""

    WAY = "goes alone"


@dataclass(slots=True)
class _Place:
    """An entry that waits for the doing under way."""

    entry: Any
    outcome: asyncio.Future[Any]


class Gathering:
    """One doing at a time for each kind, of at most `most` entries."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._waiting: dict[Hashable, deque[_Place]] = {}  # of kinds that are under way
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(
        self,
        kind: Hashable,
        entry: Entry,
        *,
        alone: Callable[[Entry], Awaitable[Outcome]],
        together: Callable[[list[Entry]], Awaitable[Sequence[Outcome | Own]]],
    ) -> Outcome:
        """What `alone` or `together` makes of the entry. Who gives up before its turn is not done; what
        `together` raises is raised for each; those to whom it gives `Own.WAY` go alone."""
        waiting = self._waiting.get(kind)
        if waiting is not None:
            place = _Place(entry, asyncio.get_running_loop().create_future())
            waiting.append(place)
        else:
            waiting = self._waiting[kind] = deque()
            try:
                await asyncio.sleep(0)
                if not waiting:
                    return await alone(entry)
                place = _Place(entry, asyncio.get_running_loop().create_future())
                waiting.appendleft(place)
            finally:
                self._go_on(kind, together)
        outcome: Outcome | Own = await place.outcome
        return await alone(entry) if isinstance(outcome, Own) else outcome

    def _go_on(self, kind: Hashable, together: Doing) -> None:
        """Those who wait by now are next."""
        if group := self._next(self._waiting[kind]):
            # Nobody's request: who gives up must not take the others along.
            doing = asyncio.get_running_loop().create_task(
                self._do(kind, group, together), context=Context()
            )
            self._tasks.add(doing)
            doing.add_done_callback(self._tasks.discard)
        else:
            del self._waiting[kind]

    def _next(self, waiting: deque[_Place]) -> list[_Place]:
        group: list[_Place] = []
        while waiting and len(group) < self._most:
            place = waiting.popleft()
            if not place.outcome.done():
                group.append(place)
        return group

    async def _do(self, kind: Hashable, group: list[_Place], together: Doing) -> None:
        try:
            outcomes = await together([place.entry for place in group])
            for place, outcome in zip(group, outcomes, strict=True):
                if not place.outcome.done():
                    place.outcome.set_result(outcome)
        except BaseException as error:
            for place in group:
                if not place.outcome.done():
                    place.outcome.set_exception(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._go_on(kind, together)
