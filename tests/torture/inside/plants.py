"""Bugs that are planted on purpose, one at a time: a check that finds none of them proves nothing.

Each is the kind of slip that a reader would not notice. They are put in from outside, before the service's own
modules are loaded, so that what is shipped has no place for them.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy import true

from guanxi_shared import consumers, deferred, events, idempotency, visibility
from guanxi_shared.db import BOUND
from guanxi_shared.deferred import Deferred
from guanxi_shared.feed.cursor import Cursor
from guanxi_shared.feed.feed import Feed
from guanxi_shared.feed.patterns import matches_type
from guanxi_shared.grouped import inserts, updates
from guanxi_shared.grouped.rows import Shape
from guanxi_shared.grouped.rows import logged as rows_logged
from tests.torture.inside.failpoints import Chances

DICE = random.Random(20)
LATE_SECONDS = 0.3
BY_TIME = """
SELECT (extract(epoch FROM occurred_at) * 1000000)::bigint AS position, id, organisation_id, type, subject_type,
       subject_id, version, actor_id, actor_kind, channel, changed, before::text, after::text, owner_id, team_id,
       occurred_at, trace_id
FROM events WHERE occurred_at > to_timestamp($1::float8 / 1000000) ORDER BY occurred_at LIMIT $2
"""


@dataclass(frozen=True)
class Plant:
    """`sentence` says what is wrong; `failpoints` are what it is met by within seconds."""

    sentence: str
    plant: Callable[[], None]
    failpoints: Chances = field(default_factory=dict)


def _feed_by_time() -> None:
    async def read_all(
        self: Feed, cursor: Cursor, *, types: Sequence[str], limit: int, wait: float
    ) -> tuple[list[asyncpg.Record], Cursor]:
        deadline = time.monotonic() + wait
        while True:
            await self.number()
            rows = await self.pool.fetch(BY_TIME, cursor.position, limit)
            if rows:
                cursor = Cursor(cursor.epoch, rows[-1]["position"])
            wanted = [row for row in rows if matches_type(row["type"], types)]
            if wanted or time.monotonic() > deadline or self.bell.is_stopping:
                return wanted, cursor
            await asyncio.sleep(0.05)

    Feed.read_all = read_all  # type: ignore[method-assign]


def _keys_unheard() -> None:
    idempotency.claim_of = lambda call, body: None


def _cursor_saved_first() -> None:
    async def step(self: consumers.Consumer, db: Any, *, wait: float, ahead: bool = False) -> int:
        async with db.transaction(None) as connection:
            at = await connection.fetchrow(consumers.LOCK, self.name)
        epoch, position = (at["epoch"], at["position"]) if at is not None else (None, 0)
        new_epoch, reached, found = await self.source(
            epoch=epoch, after=position, types=self.types, limit=consumers.BATCH, wait=wait
        )
        if reached == position and new_epoch == epoch:
            return 0
        async with db.transaction(None) as connection:
            await connection.execute(consumers.ADVANCE, self.name, new_epoch, reached)
        async with db.transaction(None) as connection:
            await self.apply_all(connection, found)
        self.applied(found)
        return len(found)

    consumers.Consumer.step = step  # type: ignore[method-assign]


def _everybody_sees_contacts() -> None:
    told = visibility.predicate

    def predicate(table: Any, scope: visibility.Scope, *, prefix: str = "") -> Any:
        everything = visibility.EVERYTHING if table.name == "contacts" else scope
        return told(table, everything, prefix=prefix)

    branches = visibility.branches

    def open_branches(table: Any, scope: visibility.Scope) -> Any:
        return [true()] if table.name == "contacts" else branches(table, scope)

    visibility.predicate = predicate
    visibility.branches = open_branches


def _answered_before_commit() -> None:
    insert_alone = Deferred.insert_alone
    writing: set[asyncio.Task[None]] = set()

    async def insert_late(self: Deferred, *args: Any) -> None:
        async def late() -> None:
            await asyncio.sleep(LATE_SECONDS)
            await insert_alone(self, *args)

        task = asyncio.create_task(late())
        writing.add(task)
        task.add_done_callback(writing.discard)
        self.is_done = True

    Deferred.insert_alone = insert_late  # type: ignore[method-assign]


def _change_untold() -> None:
    logged = events.logged

    def sometimes(first: int, source: str) -> str:
        return f"{logged(first, source)} WHERE random() > 0.03"

    events.logged = sometimes

    def sometimes_together(shape: Shape, rows: str) -> str:
        return rows_logged(shape, f"(SELECT * FROM {rows}) AS s WHERE random() > 0.03")

    inserts.logged = updates.logged = sometimes_together  # type: ignore[attr-defined]


def _number_of_its_own() -> None:
    from guanxi_tickets.tickets import numbering

    async def give_number(connection: Any, organisation: Any) -> str:
        async with connection._db.transaction(organisation) as own:
            return numbering.number_of(await own.fetchval(numbering.NEXT, organisation))

    numbering.give_number = give_number


def _bound_to_another() -> None:
    fetch = asyncpg.Connection.fetch
    last: list[str] = []

    async def mistaken(self: Any, query: str, *args: Any, **more: Any) -> Any:
        if query.startswith(BOUND) and args:
            other = next((each for each in last if each != args[0]), None)
            if args[0] not in last:
                last.append(args[0])
            if other is not None and DICE.random() < 0.05:
                args = tuple(
                    other if str(each) == args[0] and isinstance(each, str)
                    else type(each)(other) if str(each) == args[0] else each
                    for each in args
                )  # fmt: skip
        return await fetch(self, query, *args, **more)

    asyncpg.Connection.fetch = mistaken


def _last_writer_wins() -> None:
    statement = updates.statement
    deferred.ALONE_TARGET = deferred.ALONE_TARGET.replace("t.version = $3", "0 < $3")
    updates.statement = lambda shape: statement(shape).replace("t.version = s.at", "true")


def _facts_dropped() -> None:
    apply_all = consumers.Consumer.apply_all

    async def most(self: consumers.Consumer, connection: Any, found: Sequence[Any]) -> None:
        if self.apply_many is not None and len(found) > 2:
            found = found[:-1]
        await apply_all(self, connection, found)

    consumers.Consumer.apply_all = most  # type: ignore[method-assign]


def _deliveries_forgotten() -> None:
    from guanxi_gateway.webhooks import queueing

    told = queueing.ADD
    queueing.ADD = told.replace("ON CONFLICT", "WHERE random() > 0.1 ON CONFLICT")


WAITS: Chances = {"wait": 0.2}
DEATHS: Chances = {"before": 0.002, "after": 0.002}
PLANTS = {
    "feed_by_time": Plant(
        "a feed read by time, not by position: what is committed late is never read",
        _feed_by_time,
        {"wait": 0.5},
    ),
    "keys_unheard": Plant("Idempotency-Key is ignored: a repeat makes a second record", _keys_unheard),
    "cursor_saved_first": Plant(
        "a consumer's cursor is saved in a transaction of its own, before what it read is applied",
        _cursor_saved_first,
        {"unheard:feed_cursors": 0.3},
    ),
    "everybody_sees_contacts": Plant(
        "one list, contacts, leaves out who may see what", _everybody_sees_contacts
    ),
    "answered_before_commit": Plant("a create answers before it is written", _answered_before_commit),
    "change_untold": Plant("one change in thirty writes no event", _change_untold),
    "number_of_its_own": Plant(
        "a ticket's number is given in a transaction of its own, and lost with the ticket's",
        _number_of_its_own,
        {"unheard:ticket_numbers": 0.3},
    ),
    "bound_to_another": Plant(
        "a read is now and then bound to the organisation that was served before", _bound_to_another
    ),
    "last_writer_wins": Plant(
        "an update does not look whether it was outrun", _last_writer_wins, {"wait": 0.5}
    ),
    "deliveries_forgotten": Plant(
        "a webhook's cursor passes over one event in ten that it does not keep", _deliveries_forgotten
    ),
    "facts_dropped": Plant("analytics leaves out the last event of a batch", _facts_dropped),
}  # fmt: skip
