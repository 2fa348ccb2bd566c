"""Counting what a request asks of Postgres: its own statements, and those alone.

    @pytest.mark.usefixtures("remembered")
    async def test_a_read_costs_one(client, organisation, service_database):
        await rep.get(path)  # scope and definitions are known from here
        with statements_of(service_database) as seen:
            await rep.get(path)
        assert len(seen) == 1, seen

What the service does meanwhile on its own (the feed's numbers, the jobs' wake-ups) runs in other tasks
and is not counted, nor what the driver asks about types that a connection sees for the first time. A
connection that the pool opens meanwhile is heard, too. What a request remembers for a second would be
looked up again whenever a slow machine takes longer between two lines of a test; `remembered` keeps it
for a minute.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from asyncpg import Pool, introspection

from guanxi_shared import remembered, visibility
from guanxi_shared.db import Database

CONTROL = ("BEGIN", "COMMIT", "ROLLBACK")
OF_TYPES = (introspection.INTRO_LOOKUP_TYPES, introspection.INTRO_LOOKUP_TYPES_13)
REMEMBERING = (remembered, visibility)
A_MINUTE = 60.0

counting: ContextVar[object] = ContextVar("counting", default=None)

Asked = tuple[str, tuple[Any, ...]]


def remember_for_long(patch: pytest.MonkeyPatch) -> None:
    for module in REMEMBERING:
        patch.setattr(module, "FRESH_SECONDS", A_MINUTE)


def is_of_driver(query: str) -> bool:
    """Whether asyncpg asks it by itself: the types that are new to a connection, and jit around that."""
    return query in OF_TYPES or "set_config('jit'" in query


@contextmanager
def heard_on(connection: Any, note: Callable[[Any], None]) -> Iterator[None]:
    """`note` is called with each statement of ours on this connection, in the context of whoever asked."""

    def hear(record: Any) -> None:
        if not is_of_driver(record.query):
            note(record)

    connection.add_query_logger(hear)
    try:
        yield
    finally:
        connection.remove_query_logger(hear)


@contextmanager
def heard_on_all(pool: Any, note: Callable[[Any], None]) -> Iterator[None]:
    """The same for every connection of a pool, with those that it opens meanwhile."""
    before = pool._init
    with ExitStack() as hearing:

        async def begin(connection: Any) -> None:
            if before is not None:
                await before(connection)
            hearing.enter_context(heard_on(connection, note))

        for holder in pool._holders:
            if holder._con:
                hearing.enter_context(heard_on(holder._con, note))
        pool._init = begin
        try:
            yield
        finally:
            pool._init = before


@contextmanager
def asked_of(pools: Sequence[Pool]) -> Iterator[list[Asked]]:
    """The statements that come from here to these pools, with their values, as they come."""
    assert visibility.FRESH_SECONDS == A_MINUTE, "Ask for the fixture `remembered`."
    seen: list[Asked] = []
    before = counting.set(seen)

    def note(record: Any) -> None:
        if counting.get() is seen:
            seen.append((record.query, record.args))

    try:
        with ExitStack() as hearing:
            for pool in pools:
                hearing.enter_context(heard_on_all(pool, note))
            yield seen
    finally:
        counting.reset(before)


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """What is asked from here of any of the service's pools, but for the control of transactions."""
    pools = [pool for pool in vars(database).values() if isinstance(pool, Pool)]
    assert len(pools) >= 2
    seen: list[str] = []
    with asked_of(pools) as asked:
        try:
            yield seen
        finally:
            seen += [query for query, _ in asked if not query.startswith(CONTROL)]
