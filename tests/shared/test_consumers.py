"""A peer's events are applied once, whatever dies in between."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from guanxi_shared import consumers
from guanxi_shared.consumers import Consumer
from guanxi_shared.db import Connection, Database
from guanxi_shared.heard import Event
from guanxi_shared.identifiers import new_id
from tests.deadlines import until
from tests.factories import Organisation
from tests.prepared import Clone

NOTE = """
INSERT INTO directory_teams (organisation_id, id, version, name) VALUES ($1, $2, 1, $3)
"""
COUNT = "SELECT count(*) AS n FROM directory_teams WHERE organisation_id = $2 AND name LIKE 'note%'"


@dataclass
class Source:
    """A feed of as many events as `length`, of one organisation; positions begin at 1."""

    organisation: UUID
    length: int = 5
    epoch: UUID = field(default_factory=uuid4)
    asked: list[tuple[UUID | None, int]] = field(default_factory=list)
    breaks: list[Exception] = field(default_factory=list)

    async def __call__(
        self, *, epoch: UUID | None, after: int, types: Sequence[str], limit: int, wait: float
    ) -> tuple[UUID, int, list[Event]]:
        self.asked.append((epoch, after))
        if self.breaks:
            raise self.breaks.pop()
        start = after if epoch in (None, self.epoch) else 0
        if start >= self.length:
            await asyncio.sleep(min(wait, 0.02))
        reached = min(start + limit, self.length)
        events = [self._event(position) for position in range(start + 1, reached + 1)]
        return self.epoch, reached, events

    def _event(self, position: int) -> Event:
        return {
            "organisation_id": str(self.organisation),
            "position": position,
            "type": "peer.note.made",
        }


async def _insert(connection: Connection, event: Event) -> None:
    """Deliberately no upsert: a second application is seen."""
    name = f"note {event['position']}"
    await connection.execute(NOTE, UUID(event["organisation_id"]), new_id(), name)


@pytest.fixture
def source(organisation: Organisation) -> Source:
    return Source(organisation.id)


def _consumer(source: Source, **more: Any) -> Consumer:
    return Consumer(f"notes-{new_id()}", ("peer.*",), source, **({"apply": _insert} | more))


async def _begun(database: Database, consumer: Consumer) -> Consumer:
    async with database.transaction(None) as connection:
        await connection.execute(consumers.START, consumer.name)
    return consumer


async def _count(database: Database, source: Source) -> int:
    row = await database.fetchrow(source.organisation, COUNT, source.organisation)
    assert row is not None
    return int(row["n"])


async def test_each_event_is_applied_once_and_the_cursor_moves_along(
    service_database: Database, source: Source
) -> None:
    consumer = await _begun(service_database, _consumer(source))
    assert await consumer.step(service_database, wait=0) == 5
    assert await consumer.step(service_database, wait=0) == 0
    assert await _count(service_database, source) == 5
    assert source.asked == [(None, 0), (source.epoch, 5)]


@pytest.mark.parametrize("death", [asyncio.CancelledError, ConnectionError, MemoryError])
async def test_who_dies_between_effect_and_cursor_has_done_nothing(
    service_database: Database, source: Source, death: type[BaseException]
) -> None:
    async def dying(connection: Connection, event: Event) -> None:
        await _insert(connection, event)
        if event["position"] == 3:
            raise death

    consumer = await _begun(service_database, _consumer(source, apply=dying))
    with pytest.raises(death):
        await consumer.step(service_database, wait=0)
    assert await _count(service_database, source) == 0
    consumer.apply = _insert
    await consumer.step(service_database, wait=0)
    assert await _count(service_database, source) == 5


async def test_a_connection_that_is_killed_in_the_middle_applies_nothing(
    service_database: Database, source: Source, database: Clone
) -> None:
    async def shot(connection: Connection, event: Event) -> None:
        await _insert(connection, event)
        if event["position"] == 3:
            admin = await asyncpg.connect(database.admin_url)
            await admin.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
            await admin.close()

    consumer = await _begun(service_database, _consumer(source, apply=shot))
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await consumer.step(service_database, wait=0)
    consumer.apply = _insert
    await consumer.step(service_database, wait=0)
    assert await _count(service_database, source) == 5


async def test_two_replicas_at_once_apply_once(service_database: Database, source: Source) -> None:
    first = await _begun(service_database, _consumer(source))
    replicas = [first, *(Consumer(first.name, first.types, source, _insert) for _ in range(4))]
    done = await asyncio.gather(*(each.step(service_database, wait=0) for each in replicas))
    assert sorted(done) == [0, 0, 0, 0, 5]
    assert await _count(service_database, source) == 5


async def test_a_new_epoch_starts_from_the_beginning(
    service_database: Database, source: Source
) -> None:
    consumer = await _begun(service_database, _consumer(source))
    await consumer.step(service_database, wait=0)
    source.epoch = uuid4()
    assert await consumer.step(service_database, wait=0) == 5
    assert await consumer.step(service_database, wait=0) == 0


async def test_events_of_many_organisations_are_each_applied_in_their_own(
    service_database: Database, organisation: Organisation, other_organisation: Organisation
) -> None:
    sources = Source(organisation.id, 2), Source(other_organisation.id, 3)

    async def both(**options: Any) -> tuple[UUID, int, list[Event]]:
        events = [
            sources[0]._event(1),
            *(sources[1]._event(n) for n in (1, 2, 3)),
            sources[0]._event(2),
        ]
        return sources[0].epoch, 5, events

    consumer = await _begun(service_database, Consumer(f"n-{new_id()}", (), both, _insert))
    await consumer.step(service_database, wait=0)
    assert [await _count(service_database, each) for each in sources] == [2, 3]


BREAKS = [
    ConnectionError("away"),
    asyncpg.InterfaceError("cut"),
    RuntimeError("a hole"),
    KeyError("after"),
]


@pytest.mark.parametrize("error", BREAKS)
async def test_a_consumer_goes_on_after_a_failure(
    service_database: Database, source: Source, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "PAUSE_SECONDS", 0.01)
    source.breaks = [error]
    consumer = _consumer(source)
    async with consumers.running([consumer], service_database):
        await until(lambda: _all_applied(service_database, source))


async def _all_applied(database: Database, source: Source) -> bool:
    return await _count(database, source) == source.length


async def test_an_event_that_cannot_be_applied_is_tried_again(
    service_database: Database, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "PAUSE_SECONDS", 0.01)
    tried: list[int] = []

    async def fussy(connection: Connection, event: Event) -> None:
        tried.append(event["position"])
        if len(tried) < 3:
            raise ValueError("not today")
        await _insert(connection, event)

    async with consumers.running([_consumer(source, apply=fussy)], service_database):
        await until(lambda: _all_applied(service_database, source))
    assert tried[:3] == [1, 1, 1]


async def test_what_follows_a_full_batch_is_read_while_it_is_applied(
    service_database: Database, source: Source
) -> None:
    consumer = await _begun(service_database, _consumer(source, batch=2))
    done = [await consumer.step(service_database, wait=0, ahead=True) for _ in range(4)]
    assert done == [2, 2, 1, 0]
    assert await _count(service_database, source) == 5
    assert source.asked == [(None, 0), *((source.epoch, after) for after in (2, 4, 5))]


async def test_what_was_read_ahead_of_a_batch_that_failed_is_read_again(
    service_database: Database, source: Source
) -> None:
    async def failing(connection: Connection, event: Event) -> None:
        await asyncio.sleep(0.01)  # what follows is read by now
        raise ConnectionError

    consumer = await _begun(service_database, _consumer(source, batch=2, apply=failing))
    with pytest.raises(ConnectionError):
        await consumer.step(service_database, wait=0, ahead=True)
    consumer.apply = _insert
    while await consumer.step(service_database, wait=0, ahead=True):
        pass
    assert await _count(service_database, source) == 5
    assert source.asked.count((None, 0)) == 2
