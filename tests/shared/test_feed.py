"""The change feed: dense, in order, complete, however many write and whatever stays open."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.deferred import Deferred
from guanxi_shared.edge import Edge
from guanxi_shared.events import publish
from guanxi_shared.feed import bell, recent
from guanxi_shared.feed import feed as feeds
from guanxi_shared.feed.cursor import Cursor
from guanxi_shared.feed.feed import GATHER_FOR_PEERS_SECONDS, GATHER_SECONDS, Feed
from guanxi_shared.feed.numbering import WAIT_FOR_ANOTHER
from guanxi_shared.feed.patterns import matches_type
from guanxi_shared.identifiers import new_id
from tests.conftest import running, settle_environment
from tests.deadlines import until, until_true
from tests.factories import Clients, Organisation, apply_to_directory, directory_events
from tests.library.app import create as create_library
from tests.library.books import book
from tests.prepared import Clone
from tests.stand_in import GatewayStandIn
from tests.statements import heard_on_all

ACTOR = Actor(id=None, kind="service", channel="test")
LONG = 30.0  # longer than a test may take: what arrives earlier was woken, not polled


async def _write(
    database: Database, organisation: UUID, subject: UUID, version: int, *, pause: float = 0.0,
    fails: bool = False, type: str = "library.book.updated",
) -> None:  # fmt: skip
    async with database.transaction(organisation) as connection:
        await publish(
            connection, organisation_id=organisation, type=type, subject_type="book",
            subject_id=subject, version=version, actor=ACTOR, after={"id": str(subject)},
        )  # fmt: skip
        await asyncio.sleep(pause)
        if fails:
            raise ConnectionError("given up")


async def test_nothing_is_lost_or_doubled_under_concurrent_writers(
    service: Edge, service_database: Database, organisation: Organisation
) -> None:
    feed: Feed = service.state.house.feed
    await feed.number()
    start = await feed.head()
    written: list[tuple[UUID, int]] = []
    chance = random.Random(3)

    async def writer() -> None:
        subject = new_id()
        for version in range(1, 16):
            pause, fails = chance.choice([0, 0, 0.002, 0.02]), chance.random() < 0.1
            try:
                await _write(
                    service_database, organisation.id, subject, version, pause=pause, fails=fails
                )
            except ConnectionError:
                continue
            written.append((subject, version))

    async def sleeper() -> None:
        subject = new_id()
        await _write(service_database, organisation.id, subject, 1, pause=0.6)
        written.append((subject, 1))

    writers = asyncio.gather(sleeper(), *(writer() for _ in range(8)))
    readers = [
        asyncio.create_task(_read_until(feed, start, writers, organisation)) for _ in range(3)
    ]
    await writers
    for reader in readers:
        rows = await reader
        assert [row["position"] for row in rows] == list(
            range(start.position + 1, start.position + 1 + len(rows))
        )
        read = [(row["subject_id"], row["version"]) for row in rows]
        assert sorted(read) == sorted(written)
        for subject in {subject for subject, _ in read}:
            versions = [version for each, version in read if each == subject]
            assert versions == sorted(versions)


async def _read_until(
    feed: Feed, cursor: Cursor, writers: "asyncio.Future[Any]", organisation: Organisation
) -> Sequence[asyncpg.Record]:
    """All events from the cursor on, until the writers are done and nothing more comes."""
    rows: list[asyncpg.Record] = []
    while True:
        over = writers.done()
        found, cursor = await feed.read_all(cursor, types=(), limit=7, wait=0.05)
        rows += found
        if over and not found:
            return rows


async def test_an_open_transaction_holds_nobody_up(
    service: Edge, service_database: Database, organisation: Organisation
) -> None:
    feed: Feed = service.state.house.feed
    await feed.number()
    start = await feed.head()
    first, second = new_id(), new_id()
    is_over = asyncio.Event()

    async def slow() -> None:
        async with service_database.transaction(organisation.id) as connection:
            await publish(
                connection, organisation_id=organisation.id, type="library.book.created",
                subject_type="book", subject_id=first, version=1, actor=ACTOR, after={},
            )  # fmt: skip
            await is_over.wait()

    task = asyncio.create_task(slow())
    await asyncio.sleep(0.05)
    await _write(service_database, organisation.id, second, 1)
    rows, cursor = await feed.read_all(start, types=(), limit=10, wait=5)
    assert [row["subject_id"] for row in rows] == [second]
    is_over.set()
    await task
    rows, _ = await feed.read_all(cursor, types=(), limit=10, wait=5)
    assert [row["subject_id"] for row in rows] == [first]


async def test_what_was_committed_before_a_read_is_in_it_though_another_reader_is_at_work(
    client: Clients, organisation: Organisation, service: Edge
) -> None:
    """Nobody has to wait for a change of their own, with or without `wait`."""
    rep = client(organisation.rep)
    async with service.state.house.feed.pool.acquire() as other, other.transaction():
        await other.execute(WAIT_FOR_ANOTHER)  # it has looked for events, and is about to be done
        made = await book(rep)
        reading = asyncio.create_task(rep.get("/v1/events"))
        await asyncio.sleep(0.3)
    answer = await asyncio.wait_for(reading, 10)
    assert [event["data"]["id"] for event in answer.json()] == [made["id"]]


async def test_a_long_poll_is_woken_by_a_commit_in_the_same_process(
    client: Clients, organisation: Organisation, service: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "POLL_SECONDS", LONG)
    rep = client(organisation.rep)
    waiting = asyncio.create_task(rep.get("/v1/events", params={"wait": 20}))
    await asyncio.sleep(0.2)
    made = await book(rep)
    answer = await asyncio.wait_for(waiting, 5)
    assert [event["data"]["id"] for event in answer.json()] == [made["id"]]


async def test_one_who_waits_numbers_a_burst_in_few_steps(
    service: Edge, service_database: Database, organisation: Organisation
) -> None:
    feed: Feed = service.state.house.feed
    steps: list[str] = []
    number = Feed.number

    async def counted(self: Feed) -> None:
        steps.append("number")
        await number(self)

    start = await _head(service)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Feed, "number", counted)
        waiting = asyncio.create_task(
            feed.read_all(start, types=["library.book.wanted"], limit=500, wait=20)
        )
        began = time.monotonic()
        for _ in range(60):
            await _write(service_database, organisation.id, new_id(), 1)
        seconds = time.monotonic() - began
        await _write(service_database, organisation.id, new_id(), 1, type="library.book.wanted")
        rows, cursor = await asyncio.wait_for(waiting, 5)
    assert [row["type"] for row in rows] == ["library.book.wanted"]
    assert cursor.position >= start.position + 61
    # One for each pause that the burst lasted, and those at its ends.
    assert len(steps) <= seconds / GATHER_SECONDS + 4


async def test_a_peer_is_given_a_stream_in_few_batches_and_a_backlog_without_a_pause(
    service: Edge, service_database: Database, organisation: Organisation
) -> None:
    feed: Feed = service.state.house.feed
    cursor = start = await _head(service)
    heard, batches, began = 0, 0, time.monotonic()

    async def write_all() -> None:
        for _ in range(100):
            await _write(service_database, organisation.id, new_id(), 1)
            await asyncio.sleep(0.01)

    writing = asyncio.create_task(write_all())
    while heard < 100:
        rows, cursor = await asyncio.wait_for(
            feed.read_all(cursor, types=[], limit=500, wait=20), 5
        )
        heard, batches = heard + len(rows), batches + 1
        await asyncio.sleep(0.02)  # what it takes to apply them: meanwhile there is more
    await writing
    assert heard == 100
    assert batches <= (time.monotonic() - began) / GATHER_FOR_PEERS_SECONDS + 2

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feeds, "GATHER_FOR_PEERS_SECONDS", LONG)
        await _write(
            service_database, organisation.id, new_id(), 1
        )  # numbered just now: a pause is due
        for _ in range(10):
            rows, start = await asyncio.wait_for(
                feed.read_all(start, types=[], limit=10, wait=20), 5
            )
            assert len(rows) == 10


async def test_a_long_poll_is_woken_by_a_commit_of_another_process(
    client: Clients, organisation: Organisation, service: Edge, database: Clone,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(bell, "POLL_SECONDS", LONG)
    elsewhere = Database(database.urls["library"].request, pool_size=2)
    notifier = Feed(database.urls["library"].feed, schema="library")
    elsewhere.after_commit = notifier.bell.signal
    await elsewhere.open()
    await notifier.open()
    try:
        waiting = asyncio.create_task(
            service.state.house.feed.read_all(await _head(service), types=(), limit=5, wait=20)
        )
        await asyncio.sleep(0.2)
        subject = new_id()
        await _write(elsewhere, organisation.id, subject, 1)
        rows, _ = await asyncio.wait_for(waiting, 5)
        assert [row["subject_id"] for row in rows] == [subject]
    finally:
        await notifier.close()
        await elsewhere.close()


async def test_peers_who_read_the_same_ask_the_database_once_and_not_for_long(
    service: Edge, service_database: Database, organisation: Organisation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    feed: Feed = service.state.house.feed
    start, asked = await _head(service), list[str]()

    async def read() -> list[Any]:
        asked.clear()
        with heard_on_all(feed.pool, lambda record: asked.append(record.query)):
            return await asyncio.gather(
                *(feed.read_all(start, types=[], limit=50, wait=1) for _ in range(3))
            )

    subjects = [new_id() for _ in range(20)]
    for subject in subjects:
        await _write(service_database, organisation.id, subject, 1)
    for rows, _ in await read():
        assert [row["subject_id"] for row in rows] == subjects
    assert asked.count(recent.SELECT) == 1
    monkeypatch.setattr(recent, "MOST_KEPT", 5)
    await read()
    assert asked.count(recent.SELECT) == 3  # what each time is too much is not kept for the next
    for rows, _ in await read():
        [feed.recent.printed(row) for row in rows]
    monkeypatch.setattr(recent, "KEPT_SECONDS", 0.1)
    assert feed.recent._kept
    assert feed.recent._printed

    async def is_gone() -> bool:
        return not (feed.recent._kept or feed.recent._printed)

    await until(is_gone, seconds=5)


async def test_what_is_forgotten_while_the_rest_is_asked_for_is_given_all_the_same() -> None:
    kept = recent.RecentEvents()

    class Asked:
        async def fetch(self, sql: str, positions: list[int]) -> list[dict[str, int]]:
            kept._kept.clear()  # the timer, of what has just become too old
            return [{"position": each} for each in positions]

    pool: Any = Asked()
    for last in (3, 6):
        rows = await kept.rows(pool, range(1, last))
        assert [row["position"] for row in rows] == list(range(1, last))


async def test_one_poll_finds_for_all_who_wait_what_nobody_told_of(
    organisation: Organisation, database: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a feed of its own: the service's may sleep through, after a test that made its pauses long."""
    looks = 0

    async def counted() -> None:
        nonlocal looks
        looks += 1
        await Feed.number(feed)

    silent = Database(database.urls["library"].request, pool_size=2)
    feed, elsewhere = (Feed(database.urls["library"].feed, schema="library") for _ in range(2))
    await silent.open()
    await feed.open()
    await elsewhere.open()
    try:
        await feed.number()
        start = await feed.head()
        await feed.read_all(
            start, types=(), limit=5, wait=1.5 * bell.POLL_SECONDS
        )  # the first poll wakes
        waiting = [
            asyncio.create_task(feed.read_all(start, types=(), limit=5, wait=60)) for _ in range(8)
        ]
        await until_true(lambda: feed.bell.waiting == len(waiting))
        monkeypatch.setattr(feed, "number", counted)
        began = time.monotonic()
        await asyncio.sleep(2.5 * bell.POLL_SECONDS)
        assert 1 <= looks <= (time.monotonic() - began) / bell.POLL_SECONDS + 1  # not eight each
        subject = new_id()
        await _write(silent, organisation.id, subject, 1)
        await elsewhere.number()
        for rows, _ in await asyncio.wait_for(asyncio.gather(*waiting), 5):
            assert [row["subject_id"] for row in rows] == [subject]
    finally:
        await feed.close()
        await elsewhere.close()
        await silent.close()


async def test_readers_are_woken_by_what_is_logged_alone(
    service_database: Database, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[None] = []
    monkeypatch.setattr(service_database, "after_commit", lambda: woken.append(None))
    async with service_database.transaction(organisation.id) as connection:
        await connection.fetch("SELECT id FROM books WHERE organisation_id = $1", organisation.id)
        await connection.execute("UPDATE books SET title = title WHERE organisation_id = $1", organisation.id)  # fmt: skip
    assert woken == []
    for _ in range(2):  # on the same connection, which remembers nothing of the one before
        await _write(service_database, organisation.id, new_id(), 1)
        async with service_database.transaction(organisation.id) as connection:
            await connection.fetchval("SELECT 1")
    assert len(woken) == 2


async def test_readers_are_woken_by_every_way_of_writing_a_record(
    client: Clients, service_database: Database, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """One statement, one for several, a transaction that was begun when more was asked."""
    rep, woken = client(organisation.rep), list[None]()
    there = await book(rep)
    monkeypatch.setattr(service_database, "after_commit", lambda: woken.append(None))
    await book(rep)
    assert len(woken) == 1
    await asyncio.gather(*(book(rep) for _ in range(4)))
    assert len(woken) == 5
    assert (await rep.patch(f"/v1/books/{there['id']}", json={"pages": 7})).status_code == 200
    assert len(woken) == 6
    for fails in (False, True):
        with contextlib.suppress(ConnectionError):
            async with Deferred(service_database, organisation.id) as deferred:
                await deferred.fetchval("SELECT 1")
                await publish(
                    await deferred.open(), organisation_id=organisation.id, type="library.book.updated",
                    subject_type="book", subject_id=new_id(), version=1, actor=ACTOR, after={},
                )  # fmt: skip
                if fails:
                    raise ConnectionError("given up")
        assert len(woken) == 7


async def test_readers_who_come_together_number_once_and_miss_nothing(
    service: Edge, service_database: Database, organisation: Organisation
) -> None:
    feed: Feed = service.state.house.feed
    start = await _head(service)
    asked: list[str] = []
    with heard_on_all(feed.pool, lambda record: asked.append(record.query)):
        await asyncio.gather(*(feed.number() for _ in range(20)))
        turns = sum("number_events" in query for query in asked)
    assert turns <= 2  # who began, and all the others
    for _ in range(10):
        slow = asyncio.create_task(feed.number())
        await asyncio.sleep(0)
        await _write(service_database, organisation.id, new_id(), 1)
        await feed.number()  # comes while another may be at it, and after the commit
        assert (await feed.head()).position >= start.position + 1
        start = await feed.head()
        await slow


async def _head(service: Edge) -> Cursor:
    feed: Feed = service.state.house.feed
    await feed.number()
    return await feed.head()


async def test_without_any_event_a_long_poll_ends_when_it_said(
    client: Clients, organisation: Organisation
) -> None:
    start = time.monotonic()
    answer = await client(organisation.rep).get("/v1/events", params={"wait": 0.3})
    assert (answer.json(), time.monotonic() - start >= 0.3) == ([], True)


async def test_an_event_is_a_cloud_event_with_the_whole_state(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    answer = await rep.get("/v1/events")
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    (event,) = answer.json()
    assert event["specversion"] == "1.0"
    assert event["type"] == "library.book.created"
    assert event["source"] == "/guanxi/library"
    assert event["subject"] == f"book/{made['id']}"
    assert event["organisationid"] == str(organisation.id)
    assert event["data"]["state"] == made
    assert (event["data"]["version"], event["data"]["before"]) == (1, None)


async def test_paging_through_the_feed_by_its_links_sees_each_event_once(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = [await book(rep) for _ in range(5)]
    await book(client(organisation.other_rep))  # between theirs, and not theirs to see
    made.append(await book(rep))
    path, seen = "/v1/events?limit=2", []
    while True:
        answer = await rep.get(path)
        if not answer.json():
            break
        seen += [event["data"]["id"] for event in answer.json()]
        path = answer.headers["link"].partition(">")[0][1:]
    assert seen == [record["id"] for record in made]


@pytest.mark.parametrize(
    ("types", "count"),
    [
        ("library.book.created", 1),
        ("library.book.*", 2),
        ("library.*", 2),
        ("*.updated", 1),
        ("*", 2),
        ("library.book.created,library.book.deleted", 1),
        ("library.bo_k.created", 0),
        ("library%", 0),
        ("library", 0),
        ("contacts.*", 0),
    ],
)
async def test_types_are_chosen_by_pattern(
    client: Clients, organisation: Organisation, service: Edge, types: str, count: int
) -> None:
    start = await _head(service)
    rep = client(organisation.rep)
    made = await book(rep)
    await rep.patch(f"/v1/books/{made['id']}", json={"pages": 2})
    found = (await rep.get("/v1/events", params={"types": types})).json()
    assert len(found) == count
    patterns = types.split(",")
    rows, _ = await service.state.house.feed.read_all(start, types=patterns, limit=10, wait=0)
    assert len(rows) == count


@pytest.mark.parametrize(
    ("type", "pattern", "matches"),
    [
        ("contacts.account.created", "contacts.*.created", True),
        ("contacts.account.created", "*.account.*", True),
        ("contacts.account.created", "contacts.account", False),
        ("contacts.account.created", "account.created", False),
        ("contacts.account.created", "contacts.account.created.x", False),
        ("contacts.account.created", "", False),
    ],
)
def test_a_pattern_stands_for_whole_words(type: str, pattern: str, matches: bool) -> None:
    assert matches_type(type, [pattern]) is matches


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"after": "x"}, "after"),
        ({"after": "0:0"}, "after"),
        ({"after": f"{UUID(int=0).hex}:-1"}, "after"),
        ({"after": f"{UUID(int=0).hex}:{2**62}"}, "after"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "nan"}, "limit"),
        ({"wait": "26"}, "wait"),
        ({"wait": "inf"}, "wait"),
        ({"sort": "time"}, "sort"),
    ],
)
async def test_what_the_feed_does_not_take_is_400_and_named(
    client: Clients, organisation: Organisation, params: dict[str, str], field: str
) -> None:
    answer = await client(organisation.rep).get("/v1/events", params=params)
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["errors"]


async def test_a_snapshot_continues_in_the_feed_without_a_gap(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    before = [await book(rep, title=str(n)) for n in range(3)]
    await rep.delete(f"/v1/books/{before.pop()['id']}")
    answer = await rep.post("/v1/library/snapshot")
    first, *records = [orjson.loads(line) for line in answer.content.splitlines()]
    assert [line["record"] for line in records] == before
    assert {line["type"] for line in records} == {"book"}
    after = await book(rep)
    events = (await rep.get("/v1/events", params={"after": first["cursor"]})).json()
    assert [event["data"]["id"] for event in events] == [after["id"]]


@asynccontextmanager
async def _own_library(
    clone: Clone, gateway: GatewayStandIn, files: Path, **more: str
) -> AsyncIterator[Edge]:
    with pytest.MonkeyPatch.context() as patch:
        settle_environment(patch, clone, "library", gateway, files, **more)
        app = create_library()
    async with running(app) as library:
        yield library


async def test_a_cursor_from_before_a_restore_is_gone(
    own_database: Clone,
    gateway_stand_in: GatewayStandIn,
    organisation: Organisation,
    tmp_path: Path,
) -> None:
    async with _own_library(own_database, gateway_stand_in, tmp_path) as app:
        await apply_to_directory(app.state.house.db, directory_events(organisation))
        rep = Clients(app, gateway_stand_in)(organisation.rep)
        await book(rep)
        cursor = (await rep.get("/v1/events")).headers["x-next-after"]
        owner = await asyncpg.connect(own_database.urls["library"].owner)
        await owner.execute("UPDATE feed_head SET epoch = gen_random_uuid()")
        await owner.close()
        gone = await rep.get("/v1/events", params={"after": cursor})
        assert (gone.status_code, gone.json()["code"]) == (410, "feed_restarted")
        again = await rep.post("/v1/library/snapshot")
        assert again.status_code == 200


async def test_a_hole_in_the_feed_is_an_error_and_no_silence(
    own_database: Clone,
    gateway_stand_in: GatewayStandIn,
    organisation: Organisation,
    tmp_path: Path,
) -> None:
    async with _own_library(own_database, gateway_stand_in, tmp_path) as app:
        feed: Feed = app.state.house.feed
        for _ in range(3):
            await _write(app.state.house.db, organisation.id, new_id(), 1)
        await feed.number()
        admin = await asyncpg.connect(own_database.admin_url)
        await admin.execute("DELETE FROM library.events WHERE position = 2")
        await admin.close()
        with pytest.raises(RuntimeError, match="hole"):
            await feed.read_all(await feed.checked(Cursor(None, 0)), types=(), limit=10, wait=0)


async def test_the_feed_listens_again_after_its_connection_was_cut(
    client: Clients, organisation: Organisation, database: Clone, service: Edge
) -> None:
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'library_feed' AND datname = current_database()"
    )
    await admin.close()
    rep = client(organisation.rep)
    made = await book(rep)

    async def is_heard() -> bool:
        answer = await rep.get("/v1/events")
        return answer.status_code == 200 and answer.json()[0]["data"]["id"] == made["id"]

    assert await until(is_heard)


async def test_health_tells_how_far_numbering_is_behind(
    client: Clients, organisation: Organisation, service: Edge, service_database: Database
) -> None:
    await _head(service)
    await _write(service_database, organisation.id, new_id(), 1)
    answer = await client().get("/health/ready")
    assert (answer.status_code, answer.json()["feed"]["waiting"]) == (200, 1)
    await _head(service)
    assert (await client().get("/health/ready")).json()["feed"]["waiting"] == 0
