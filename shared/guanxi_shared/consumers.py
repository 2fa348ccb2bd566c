"""Applying a peer's feed once: cursor and effect in one transaction of this service's schema."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import structlog

from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import Problem
from guanxi_shared.heard import Event, id_of

LOG = structlog.get_logger()
BATCH = 500
WAIT_SECONDS = 20
PAUSE_SECONDS = 1.0
QUIET_FAILURES = 10

AT = "SELECT epoch, position FROM feed_cursors WHERE consumer = $1"
LOCK = f"{AT} FOR UPDATE"
START = "INSERT INTO feed_cursors (consumer, position) VALUES ($1, 0) ON CONFLICT DO NOTHING"
ADVANCE = """
UPDATE feed_cursors SET epoch = $2, position = $3, updated_at = clock_timestamp() WHERE consumer = $1
"""


class FeedSource(Protocol):
    """Where events come from: the peer's `/internal/events` in life, a list in a test."""

    async def __call__(
        self, *, epoch: UUID | None, after: int, types: Sequence[str], limit: int, wait: float
    ) -> tuple[UUID, int, list[Event]]: ...


Read = tuple[UUID, int, list[Event]]
Place = tuple[UUID | None, int]
Apply = Callable[[Connection, Event], Awaitable[None]]
ApplyMany = Callable[[Connection, UUID, Sequence[Event]], Awaitable[None]]


@dataclass(slots=True)
class Consumer:
    """`apply` is called once per event inside the transaction that moves the cursor, with the
    event's organisation bound; `apply_many`, where it is given instead, once for all that a batch holds of
    an organisation. When the peer's epoch changed (a restore) its source starts from 0: what applies must
    be an upsert guarded by the version, or `restarted` forgets what was heard before."""

    name: str
    types: tuple[str, ...]
    source: FeedSource
    apply: Apply | None
    applied: Callable[[Sequence[Event]], None] = lambda _: None
    apply_many: ApplyMany | None = None
    restarted: Callable[[Connection], Awaitable[None]] | None = None
    batch: int = BATCH
    _ahead: tuple[Place, asyncio.Task[Read]] | None = field(default=None, init=False)

    async def run(self, db: Database) -> None:
        """Until cancelled. A peer that is away is asked again each second; an event that cannot be
        applied is tried again as loudly, because what comes after it must not overtake it."""
        try:
            await self._run(db)
        finally:
            self._read_nothing_ahead()

    async def _run(self, db: Database) -> None:
        in_vain = 0
        while True:
            try:
                async with db.transaction(None) as connection:
                    await connection.execute(START, self.name)
                while True:
                    await self.step(db, wait=WAIT_SECONDS, ahead=True)
                    in_vain = 0
            except (Problem, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                in_vain += 1  # a suite that starts has peers that are not there yet
                tell = LOG.info if in_vain <= QUIET_FAILURES else LOG.warning
                tell("feed_unreachable", consumer=self.name, error=str(error))
            except Exception as error:
                LOG.error("feed_not_applied", consumer=self.name, exc_info=error)
            await asyncio.sleep(PAUSE_SECONDS)

    async def step(self, db: Database, *, wait: float, ahead: bool = False) -> int:
        """Read one batch and apply it; how many events were applied. With `ahead`, what follows a full one is
        being read meanwhile."""
        at = await db.points.fetchrow(AT, self.name)
        epoch, position = (at["epoch"], at["position"]) if at is not None else (None, 0)
        new_epoch, reached, events = await self._next(epoch, position, wait)
        if reached == position and new_epoch == epoch:
            return 0
        if ahead and reached - position >= self.batch:
            self._read_ahead(new_epoch, reached)
        async with db.transaction(None) as connection:
            locked = await connection.fetchrow(LOCK, self.name)
            if locked is None or (locked["epoch"], locked["position"]) != (epoch, position):
                return 0  # another replica was quicker
            if self.restarted is not None and epoch is not None and new_epoch != epoch:
                await self.restarted(connection)
            await self.apply_all(connection, events)
            await connection.execute(ADVANCE, self.name, new_epoch, reached)
        self.applied(events)
        return len(events)

    async def _read(self, epoch: UUID | None, position: int, wait: float) -> Read:
        return await self.source(
            epoch=epoch, after=position, types=self.types, limit=self.batch, wait=wait
        )

    async def _next(self, epoch: UUID | None, position: int, wait: float) -> Read:
        """What was read ahead, if the cursor came to stand there."""
        if self._ahead is not None and self._ahead[0] == (epoch, position):
            task, self._ahead = self._ahead[1], None
            return await task
        self._read_nothing_ahead()
        return await self._read(epoch, position, wait)

    def _read_ahead(self, epoch: UUID, position: int) -> None:
        task = asyncio.create_task(self._read(epoch, position, 0), name=f"ahead-{self.name}")
        self._ahead = (epoch, position), task

    def _read_nothing_ahead(self) -> None:
        if self._ahead is not None:
            task, self._ahead = self._ahead[1], None
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            task.cancel()

    async def apply_all(self, connection: Connection, events: Sequence[Event]) -> None:
        if self.apply_many is not None:
            for organisation, own in by_organisation(events).items():
                await bind(connection, organisation)
                await self.apply_many(connection, organisation, own)
        elif self.apply is not None:
            for event in events:
                await bind(connection, event["organisation_id"])
                await self.apply(connection, event)


def by_organisation(events: Sequence[Event]) -> dict[UUID, list[Event]]:
    """Each one's own, in their order."""
    spelt: dict[Any, list[Event]] = {}
    for event in events:
        spelt.setdefault(event["organisation_id"], []).append(event)
    found: dict[UUID, list[Event]] = {}
    for organisation, own in spelt.items():
        found.setdefault(id_of(organisation), []).extend(own)
    return found


async def bind(connection: Connection, organisation_id: UUID | str) -> None:
    """Move the transaction to an organisation (a consumer meets many in one batch)."""
    await connection.execute(
        "SELECT set_config('app.organisation_id', $1, true)", str(organisation_id)
    )


@contextlib.asynccontextmanager
async def running(consumers: Sequence[Consumer], db: Database) -> Any:
    """The consumers as tasks for as long as the service lives."""
    tasks = [asyncio.create_task(c.run(db), name=f"consumer-{c.name}") for c in consumers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
