"""The change feed: positions given after commit by whoever reads, then read in their order.

A cursor is `epoch:position`. Numbering happens under one locked row (`number_events()` in the
schema), so that positions are dense; a writer never waits for it. A reader is woken by an
in-process signal and a debounced NOTIFY sent outside of the writers' transactions; a poll once a
second, one for all who wait in a process, is the safety net. The `<service>_feed` role sees the
events of all organisations, for numbering and for peers; what a person reads goes through the
ordinary bound role.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID
from weakref import WeakSet

import asyncpg
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    MetaData,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    false,
    or_,
    select,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared.db import Database, Kept, bound, keep
from guanxi_shared.errors import Malformed, Problem, Unavailable
from guanxi_shared.recent_events import RecentEvents
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

NUMBERED_AT_ONCE = 5_000
BUSY = -1  # another reader is at it
WAIT_FOR_ANOTHER = "SELECT FROM feed_head WHERE feed = 'events' FOR UPDATE"
POLL_SECONDS = 1.0
NOTIFY_PAUSE_SECONDS = 0.1
# A reader who waits lets commits gather for so long: giving one event its position costs 280 µs of
# Postgres' time, giving a hundred theirs 17 µs each. The first after a quiet while does not wait.
GATHER_SECONDS = 0.05
# Peers keep copies and ring bells, which nobody looks at so closely: reading and applying a batch costs each
# of them some milliseconds, whatever is in it.
GATHER_FOR_PEERS_SECONDS = 0.25
CHANNEL = "guanxi_events"
SHAPES = Shapes()


class Gone(Problem):
    status, code, title = 410, "feed_restarted", "The feed was restored from a backup"


@dataclass(frozen=True, slots=True)
class Cursor:
    epoch: UUID | None
    position: int

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        if not text:
            return cls(None, 0)
        epoch, _, position = text.rpartition(":")
        epoch = epoch.rpartition(":")[2]  # a snapshot's cursor begins with its service's name
        try:
            return cls(UUID(epoch), _position(position))
        except ValueError as error:
            raise Malformed(
                "The cursor is not one of this feed.",
                errors={"after": "Use the cursor of the answer before, or none to start."},
                code="bad_cursor",
            ) from error

    def __str__(self) -> str:
        return f"{self.epoch.hex if self.epoch else ''}:{self.position}"


def _position(text: str) -> int:
    position = int(text)
    if not 0 <= position < 2**62:
        raise ValueError(text)
    return position


# Every open feed of this process, so that a stopping server lets its long polls go at once.
OPEN: WeakSet["Feed"] = WeakSet()


def stop_waiting() -> None:
    """Called from the signal handler: no reader waits any more, here or later."""
    for feed in list(OPEN):
        feed.is_stopping = True
        feed.wake_from_anywhere()


# Its statements are few and always alike: over the log's partitions a plan anew takes four times a small read.
SETTINGS: Final = {"timezone": "UTC", "jit": "off", "plan_cache_mode": "force_generic_plan"}


class Feed:
    is_stopping = False

    def __init__(self, url: str, *, schema: str) -> None:
        self._url = url
        self._channel = f"{CHANNEL}_{schema}"
        self._pool: asyncpg.Pool | None = None
        self._listener: asyncpg.Connection | None = None
        self._changed = asyncio.Event()
        self._looked_at = self._numbered_at = 0.0
        self._numbering = asyncio.Lock()
        self._next_numbering: asyncio.Task[None] | None = None
        self._notify_due: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._poll: asyncio.Task[None] | None = None
        self._waiting = 0
        self.recent = RecentEvents()

    @property
    def pool(self) -> asyncpg.Pool:
        if self._pool is None:
            raise Unavailable("The feed is not open yet.")
        return self._pool

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=1,
            max_size=4,
            server_settings=SETTINGS,
            connection_class=Kept,
            reset=keep,
        )
        self._watch = asyncio.create_task(self._listen(), name="feed-listener")
        self._poll = asyncio.create_task(self._look_now_and_then(), name="feed-poll")
        self._loop = asyncio.get_running_loop()
        OPEN.add(self)

    async def close(self) -> None:
        for task in (self._watch, self._poll, self._notify_due, self._next_numbering):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if self._pool is not None:
            await self._pool.close()

    def signal(self) -> None:
        """Called after each commit: wakes readers here now, those elsewhere within a tenth."""
        self._wake()
        if self._notify_due is None or self._notify_due.done():
            self._notify_due = asyncio.get_running_loop().create_task(self._notify())

    def wake_from_anywhere(self) -> None:
        self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _notify(self) -> None:
        await asyncio.sleep(NOTIFY_PAUSE_SECONDS)
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self.pool.execute("SELECT pg_notify($1, '')", self._channel)

    async def _listen(self) -> None:
        """Keep one connection listening; when it breaks the poll goes on and a new one is made."""
        lost = asyncio.Event()
        while True:
            try:
                lost.clear()
                connection = await asyncpg.connect(self._url)
                try:
                    await connection.add_listener(self._channel, lambda *_: self._wake())
                    connection.add_termination_listener(lambda _: lost.set())
                    await lost.wait()
                finally:
                    await connection.close(timeout=1)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.sleep(POLL_SECONDS)

    async def _look_now_and_then(self) -> None:
        """Wakes those who wait when the feed moved without anybody having told."""
        known = -1
        while True:
            await asyncio.sleep(POLL_SECONDS)
            self.recent.forget()
            if not self._waiting:
                continue
            with contextlib.suppress(
                OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, Problem
            ):
                await self.number()
                if (reached := (await self.head()).position) != known:
                    known = reached
                    self._wake()

    async def number(self) -> None:
        """Give positions to everything committed so far. Readers who come while another of this process is
        at it share the next turn: what was committed before they came is committed before that begins."""
        if self._next_numbering is None:
            self._next_numbering = asyncio.get_running_loop().create_task(self._take_turn())
            self._next_numbering.add_done_callback(_seen)
        await asyncio.shield(self._next_numbering)

    async def _take_turn(self) -> None:
        async with self._numbering:
            self._next_numbering = None
            await self._number()

    async def _number(self) -> None:
        """A reader elsewhere who is at it may have looked before the last commit, and is waited for; whoever
        came next after that one looks later than this call."""
        self._looked_at = time.monotonic()
        waits, numbered = 0, NUMBERED_AT_ONCE
        while numbered == NUMBERED_AT_ONCE or (numbered == BUSY and waits < 2):
            if numbered == BUSY:
                waits += 1
                await self.pool.execute(WAIT_FOR_ANOTHER)
            numbered = await self.pool.fetchval("SELECT number_events($1)", NUMBERED_AT_ONCE)
            if numbered:
                self._numbered_at = time.monotonic()

    async def head(self) -> Cursor:
        row = await self.pool.fetchrow(
            "SELECT epoch, position FROM feed_head WHERE feed = 'events'"
        )
        if row is None:
            raise Unavailable("The feed has no head row; run the migrations.")
        return Cursor(row["epoch"], row["position"])

    async def lag(self) -> tuple[int, float]:
        """How many events wait for a position, and the age of the oldest in seconds."""
        row = await self.pool.fetchrow(
            "SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(occurred_at)), 0)"
            "::float8 AS age FROM events WHERE position IS NULL"
        )
        return (row["waiting"], row["age"]) if row is not None else (0, 0.0)

    async def checked(self, cursor: Cursor) -> Cursor:
        """The cursor with this feed's epoch; Gone when it was made before a restore."""
        head = await self.head()
        if cursor.epoch is not None and cursor.epoch != head.epoch:
            raise Gone("Start over from a snapshot: the cursor is of a feed before a restore.")
        return Cursor(head.epoch, cursor.position)

    @property
    def changed(self) -> asyncio.Event:
        """Set by the next commit. Taken before a look, so that none in between is missed."""
        return self._changed

    async def woken(
        self, changed: asyncio.Event, seconds: float, *, gather: float = GATHER_SECONDS
    ) -> None:
        """Until something is committed and others had time to follow it, or the time is over."""
        self._waiting += 1
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), seconds)
        finally:
            self._waiting -= 1
        until = max(self._numbered_at + gather, self._looked_at + GATHER_SECONDS)
        pause = min(until - time.monotonic(), seconds)
        if pause > 0 and not self.is_stopping:
            await asyncio.sleep(pause)

    async def read_all(
        self, cursor: Cursor, *, types: Sequence[str], limit: int, wait: float
    ) -> tuple[list[asyncpg.Record], Cursor]:
        """Events of every organisation for a peer, and the cursor behind the last one looked at.

        Of what nobody asked for only the type is read. Raises a plain error on a hole: positions are
        dense, a missing one is a bug.
        """
        deadline = time.monotonic() + wait
        start = cursor.position
        while True:
            changed = self.changed
            seen = await self._look(TYPES_SELECT, cursor.position, limit, until=deadline)
            if seen:
                _refuse_holes(seen, cursor.position)
                cursor = Cursor(cursor.epoch, seen[-1]["position"])
            wanted = [row["position"] for row in seen if matches_type(row["type"], types)]
            if wanted:
                return await self.recent.rows(self.pool, wanted), cursor
            left = deadline - time.monotonic()
            if left <= 0 or self.is_stopping or cursor.position - start > 50_000:
                return [], cursor
            if len(seen) < limit:
                await self.woken(changed, left, gather=GATHER_FOR_PEERS_SECONDS)

    async def _look(
        self, select: str, after: int, limit: int, *, until: float
    ) -> list[asyncpg.Record]:
        """What there is for a peer behind a position. Where events come all the time, one who may wait is
        given those of a while together; who is far behind gets full pages without a pause."""
        pause = min(self._numbered_at + GATHER_FOR_PEERS_SECONDS, until) - time.monotonic()
        if pause > 0:
            seen: list[asyncpg.Record] = await self.pool.fetch(select, after, limit)
            if len(seen) == limit or self.is_stopping:
                return seen
            await asyncio.sleep(pause)
        await self.number()
        return await self.pool.fetch(select, after, limit)

    async def news(self, cursor: Cursor, *, limit: int, wait: float) -> tuple[list[UUID], Cursor]:
        """Whose events there are behind a cursor, for who reads them in somebody's name, and the cursor
        behind the last one looked at."""
        deadline = time.monotonic() + wait
        while True:
            changed = self.changed
            seen = await self._look(WHOSE_SELECT, cursor.position, limit, until=deadline)
            left = deadline - time.monotonic()
            if seen or left <= 0 or self.is_stopping:
                break
            await self.woken(changed, left, gather=GATHER_FOR_PEERS_SECONDS)
        reached = seen[-1]["position"] if seen else cursor.position
        whose = sorted({UUID(str(row["organisation_id"])) for row in seen})
        return whose, Cursor(cursor.epoch, reached)

    async def read_organisation(
        self, organisation_id: UUID, after: int, *, types: Sequence[str], limit: int
    ) -> tuple[list[asyncpg.Record], int]:
        """One organisation's events for a peer that starts over with it, and the position it has reached:
        the feed's end once nothing is left."""
        await self.number()
        end = (await self.head()).position
        seen = await self.pool.fetch(OWN_SELECT, organisation_id, after, limit)
        wanted = [row["position"] for row in seen if matches_type(row["type"], types)]
        last = seen[-1]["position"] if seen else after
        reached = last if len(seen) == limit else max(end, last)
        return (await self.recent.rows(self.pool, wanted) if wanted else []), reached


def _seen(task: "asyncio.Task[None]") -> None:
    """Whoever waits for it hears what went wrong; nobody may be left who does."""
    if not task.cancelled():
        task.exception()


TYPES_SELECT = "SELECT position, type FROM events WHERE position > $1 ORDER BY position LIMIT $2"
WHOSE_SELECT = """
SELECT position, organisation_id FROM events WHERE position > $1 ORDER BY position LIMIT $2
"""
OWN_SELECT = """
SELECT position, type FROM events WHERE organisation_id = $1 AND position > $2 ORDER BY position LIMIT $3
"""


def _refuse_holes(rows: Sequence[asyncpg.Record], after: int) -> None:
    if rows[0]["position"] != after + 1 or rows[-1]["position"] - rows[0]["position"] + 1 != len(
        rows
    ):
        raise RuntimeError(f"the feed has a hole after position {after}")


def matches_type(type: str, patterns: Sequence[str]) -> bool:
    """`contacts.account.*` and `*.created` match as they look; no pattern matches all."""
    return not patterns or any(_like(type, pattern) for pattern in patterns)


@lru_cache(maxsize=4096)
def _like(type: str, pattern: str) -> bool:
    parts, wanted = type.split("."), pattern.split(".")
    if wanted[-1] == "*" and len(wanted) <= len(parts):
        wanted += ["*"] * (len(parts) - len(wanted))
    if wanted[0] == "*" and len(wanted) < len(parts):
        wanted = ["*"] * (len(parts) - len(wanted)) + wanted
    return len(wanted) == len(parts) and all(
        w in ("*", p) for w, p in zip(wanted, parts, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Audience:
    """What one caller may hear of: a scope for each kind of subject they may read."""

    scopes: tuple[tuple[str, Scope], ...]

    @property
    def shape(self) -> tuple[Any, ...]:
        return tuple((noun, scope.shape) for noun, scope in self.scopes)


async def read_visible(
    db: Database, metadata: MetaData, organisation_id: UUID, audience: Audience, *,
    after: int, types: Sequence[str], limit: int,
) -> list[asyncpg.Record]:  # fmt: skip
    """The organisation's numbered events behind a position that this caller may see."""
    patterns = [
        pattern.replace("_", "\\_").replace("%", "\\%").replace("*", "%") for pattern in types
    ]
    key = ("events", id(metadata), audience.shape, bool(patterns))
    compiled = SHAPES.get(key, lambda: _visible_select(metadata, audience, bool(patterns)))
    values: dict[str, Any] = {
        "organisation": organisation_id, "after": after, "most": limit, "patterns": patterns,
    }  # fmt: skip
    for noun, scope in audience.scopes:
        values |= {f"{noun}_{name}": value for name, value in scope.params().items()}
    return await db.pool.fetch(bound(compiled.sql), str(organisation_id), *compiled.args(values))


def _visible_select(metadata: MetaData, audience: Audience, has_patterns: bool) -> Any:
    events = metadata.tables["events"]
    allowed: list[ColumnElement[bool]] = [
        and_(events.c.subject_type == noun, predicate(events, scope, prefix=noun))
        for noun, scope in audience.scopes
    ]
    shown = [
        column if column.name not in ("before", "after") else cast(column, Text).label(column.name)
        for column in events.columns
    ]
    statement = select(*shown).where(
        events.c.organisation_id == bindparam("organisation", type_=Uuid),
        events.c.position > bindparam("after", type_=BigInteger),
        or_(false(), *allowed),  # nobody who may read nothing hears everything
    )
    if has_patterns:
        statement = statement.where(
            events.c.type.like(any_(bindparam("patterns", type_=ARRAY(Text))))
        )
    return statement.order_by(events.c.position).limit(bindparam("most", type_=BigInteger))
