"""Counting what a request asks of Postgres: its own statements, and those alone.

    @pytest.mark.usefixtures("remembered")
    async def test_a_read_costs_one(client, organisation, service_database):
        await rep.get(path)  # scope and definitions are known from here
        with statements_of(service_database) as seen:
            await rep.get(path)
        assert len(seen) == 1, seen

What the service does meanwhile on its own (the feed's numbers, the jobs' wake-ups) runs in other tasks
and is not counted. What a request remembers for a second would be looked up again whenever a slow
machine takes longer between two lines of a test; `remembered` keeps it for a minute.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from asyncpg import Pool

from guanxi_shared import remembered, visibility
from guanxi_shared.db import Database

CONTROL = ("BEGIN", "COMMIT", "ROLLBACK")
REMEMBERING = (remembered, visibility)
A_MINUTE = 60.0

counting: ContextVar[object] = ContextVar("counting", default=None)

Asked = tuple[str, tuple[Any, ...]]


def remember_for_long(patch: pytest.MonkeyPatch) -> None:
    for module in REMEMBERING:
        patch.setattr(module, "FRESH_SECONDS", A_MINUTE)


@contextmanager
def asked_of(pools: Sequence[Pool]) -> Iterator[list[Asked]]:
    """The statements that come from here to these pools, with their values, as they come."""
    assert visibility.FRESH_SECONDS == A_MINUTE, "Ask for the fixture `remembered`."
    seen: list[Asked] = []
    before = counting.set(seen)

    def note(record: Any) -> None:  # called in the context of whoever asked
        if counting.get() is seen:
            seen.append((record.query, record.args))

    holders = [holder for pool in pools for holder in pool._holders]  # type: ignore[attr-defined]
    connections = [holder._con for holder in holders if holder._con]
    for connection in connections:
        connection.add_query_logger(note)
    try:
        yield seen
    finally:
        counting.reset(before)
        for connection in connections:
            connection.remove_query_logger(note)


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
