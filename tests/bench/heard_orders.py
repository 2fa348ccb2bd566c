"""Orders as the pipeline tells of them, heard by analytics' own consumer batch by batch: facts, sums and cursor. Beside it
a bare COPY of the same rows of facts.

The feed is played from memory, in the bytes that the pipeline's would send, each answer after a while as from another
process (a thousand orders take 44 ms through the gateway); reading it and asking Postgres go on at once, as in the service.
"""

import asyncio
import gc
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import orjson
import uvloop

from guanxi_analytics.facts.kinds import SALES
from guanxi_analytics.heard.peers import consumer_of
from guanxi_shared.consumers import Consumer
from guanxi_shared.db import Database
from guanxi_shared.heard import Event
from guanxi_shared.identifiers import new_id
from guanxi_shared.launch.secret_file import SecretFile
from tests.bench import goals
from tests.bench.bench import Bench
from tests.bench.cpu import spent
from tests.bench.loading import copy_in, named, owners_of, superuser
from tests.bench.report import Row
from tests.bench.stock import DEALS

NAME = "analytics: orders heard"
EPOCH = UUID(int=1)
EACH = 10  # orders of a customer
PEER_SECONDS = 0.02
FIRST = date(2024, 1, 1)
DAYS = 700
LINE = {"sku": "GX-1", "name": "Gear", "quantity": 3, "unit_price": {"amount": "19.99", "currency": "CNY"}}  # fmt: skip
LOGGED = """
SELECT id::text, type, subject_type, subject_id::text, version, actor_kind, channel, changed, before::text, after::text, occurred_at
FROM events WHERE organisation_id = $1 AND subject_id = $2 AND type = 'pipeline.order.created'
"""
START = "INSERT INTO feed_cursors (consumer, epoch, position) VALUES ($1, $2, 0)"
COUNTED = "SELECT count(*) FROM sale_facts WHERE organisation_id = $1"
SUMMED = "SELECT sum(orders) FROM customer_summaries WHERE organisation_id = $1"
OF_ANALYTICS = {"search_path": "analytics,public", "timezone": "UTC"}


class Heard(NamedTuple):
    """Seconds on the clock, and of processor time."""

    seconds: float
    own: float
    postgres: float


class Feed:
    """Events from memory, each spelt as JSON already."""

    def __init__(self, events: Sequence[bytes]) -> None:
        self._events = events

    async def __call__(
        self, *, epoch: UUID | None, after: int, types: Sequence[str], limit: int, wait: float
    ) -> tuple[UUID, int, list[Event]]:
        await asyncio.sleep(PEER_SECONDS)
        told = self._events[after : after + limit]
        found = orjson.loads(b'{"events":[' + b",".join(told) + b"]}")
        return EPOCH, after + len(told), found["events"]


def measure_heard_orders(bench: Bench) -> Iterator[Row]:
    count = bench.size.contacts // 2
    other = uuid4()
    events = list(spelt(bench, an_order(bench), other, count))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        heard = runner.run(_heard(bench, other, events))
    copied = asyncio.run(_copied(bench, other))
    yield Row(
        NAME, count / heard.seconds, "events/s", goal=goals.HEARD,
        note=f"{count:,} orders of one line, {EACH} of each customer, {len(events[0]):,} bytes each;"
        f" {copied / heard.seconds:.2f} of a bare COPY of the same rows of facts",
        details={
            "copied a second": count / copied, "µs of processor time an event": heard.own / count * 1e6,
            "and of Postgres": heard.postgres / count * 1e6,
        },
    )  # fmt: skip


def an_order(bench: Bench) -> Mapping[str, Any]:
    """What the pipeline tells of one that was made over HTTP."""
    headers = {"authorization": f"Bearer {bench.organisation.admin.token}"}
    with httpx.Client(base_url=bench.suite.url, headers=headers, timeout=30) as client:
        account = client.post("/v1/accounts", json={"name": "Of the order"}).raise_for_status()
        sent = {
            "account_id": account.json()["id"], "lines": [LINE], "status": "placed", "ordered_on": FIRST.isoformat(),
        }  # fmt: skip
        made = client.post("/v1/orders", json=sent).raise_for_status().json()
    return asyncio.run(_logged(bench, UUID(made["id"])))


async def _logged(bench: Bench, order: UUID) -> Mapping[str, Any]:
    async with superuser(bench.suite.admin_url, DEALS) as connection:
        row = await connection.fetchrow(LOGGED, bench.organisation.id, order)
    assert row is not None
    return dict(row) | {"after": orjson.loads(row["after"])}


def spelt(
    bench: Bench, model: Mapping[str, Any], organisation: UUID, count: int
) -> Iterator[bytes]:
    """As many like it, of other days, customers and amounts, in the order of their days."""
    rng, owners = Random(7), [str(id) for id in owners_of(bench.organisation)]
    customers = [str(new_id()) for _ in range(max(count // EACH, 1))]
    [line] = model["after"]["lines"]
    for number in range(count):
        id, amount = str(new_id()), f"{rng.randrange(100, 99_999) / 100:.2f}"
        own = {**line, "id": str(new_id()), "sku": f"GX-{number % 300}", "amount": {"amount": amount, "currency": "CNY"}}  # fmt: skip
        state = {
            **model["after"], "id": id, "account_id": rng.choice(customers), "lines": [own],
            "ordered_on": (FIRST + timedelta(days=number * DAYS // count)).isoformat(),
            "owner_id": owners[number % len(owners)], "status": "fulfilled",
        }  # fmt: skip
        event = {
            **model, "id": str(new_id()), "subject_id": id, "organisation_id": str(organisation), "after": state,
        }  # fmt: skip
        yield orjson.dumps(event, option=orjson.OPT_UTC_Z)


async def _heard(bench: Bench, organisation: UUID, events: Sequence[bytes]) -> Heard:
    """Until all of them were facts. RuntimeError if a fact is missing."""
    password = SecretFile(bench.suite.data_dir).read()["analytics"]
    url = bench.suite.admin_url.replace("//postgres:", "//analytics:", 1)
    database = Database(url.replace(url.split(":")[2].split("@")[0], password, 1))
    consumer = consumer_of("pipeline", Feed(events))
    consumer.name = f"bench-{organisation}"
    await database.open()
    try:
        async with database.transaction(None) as connection:
            await connection.execute(START, consumer.name, EPOCH)
        with collecting_as_services_do():
            before, own, began = spent(bench.suite), time.process_time(), time.perf_counter()
            await _all_of_it(consumer, database)
            seconds, own = time.perf_counter() - began, time.process_time() - own
            postgres = spent(bench.suite)["postgres"] - before["postgres"]
        async with database.transaction(organisation) as connection:
            found = [await connection.fetchval(sql, organisation) for sql in (COUNTED, SUMMED)]
    finally:
        await database.close()
    if found != [len(events), len(events)]:
        raise RuntimeError(f"of {len(events)} orders {found} are facts")
    return Heard(seconds, own, postgres)


@contextmanager
def collecting_as_services_do() -> Iterator[None]:
    """What was there at the start is not looked through again and again (`create_app`)."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _all_of_it(consumer: Consumer, database: Database) -> None:
    while await consumer.step(database, wait=0, ahead=True):
        pass


async def _copied(bench: Bench, organisation: UUID) -> float:
    """Seconds of a COPY of the rows into the table as it is now, for an organisation of its own; rolled back."""
    names = ", ".join(f'"{name}"' for name in named(SALES.table))
    names = names.replace('"organisation_id"', f"'{uuid4()}'::uuid", 1)
    async with superuser(bench.suite.admin_url) as connection:
        await connection.execute("SET search_path = analytics, public")
        query = f"SELECT {names} FROM sale_facts WHERE organisation_id = '{organisation}'"
        with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as folder:
            await connection.copy_from_query(query, output=Path(folder, SALES.table.name))
            transaction = connection.transaction()
            await transaction.start()
            try:
                return await copy_in(connection, (SALES.table,), Path(folder))
            finally:
                await transaction.rollback()
