"""The change feed through the gateway: how fast it is read, and how late a change is there, also while
another transaction that has logged something stays open for four seconds."""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from guanxi_shared.identifiers import new_id
from tests.bench.bench import Bench
from tests.bench.load import Refused
from tests.bench.loading import superuser
from tests.bench.report import Row
from tests.deadlines import eventually

NAME = "feed"
PAGE = 1_000
A_SECOND = 40  # changes, one after the other
OPEN_SECONDS = 4.0
PATH = "/v1/events"
READ = """
SELECT id, type, subject_type, subject_id, version, actor_id, actor_kind, channel, changed, before::text, after::text,
  owner_id, team_id, occurred_at, position FROM events WHERE organisation_id = $1 AND position > $2 ORDER BY position LIMIT 1000
"""
LOGGED = """
INSERT INTO events (organisation_id, id, type, subject_type, subject_id, version, actor_kind, channel, changed, after,
  occurred_at)
VALUES ($1, gen_random_uuid(), 'contacts.account.created', 'account', gen_random_uuid(), 1, 'service', 'bench', '{}',
  '{}', now())
"""


@dataclass
class Watch:
    """What a reader saw, and when: by the id of the record."""

    seen: dict[str, float] = field(default_factory=dict)
    is_over: bool = False


def measure_feed(bench: Bench) -> Iterator[Row]:
    headers = {"authorization": f"Bearer {bench.organisation.admin.token}"}
    with httpx.Client(base_url=bench.suite.url, headers=headers, timeout=60) as client:
        _change(client, 1_000 if bench.size.rounds <= 2 else 5_000)
        count, seconds, cursor = _walked(client)
        bare = asyncio.run(_bare_rate(bench))
        yield Row(
            "feed: events read", count / seconds, "a second", share=count / seconds / bare,
            of="a bare SELECT of the same rows", note=f"{count:,} events of contacts by pages of {PAGE:,}",
        )  # fmt: skip
        told = asyncio.run(_bare_lag(bench))
        quiet = _lags(bench, client, cursor, is_held=False)
        held = _lags(bench, client, cursor, is_held=True)
    for words, lags in (("", quiet), (f" beside an open transaction of {OPEN_SECONDS:g} s", held)):
        late = _p99(lags)
        yield Row(
            f"feed: lag p99{words}", late * 1e3, "ms", share=_p99(told) / late, of="a bare NOTIFY",
            note=f"{len(lags)} changes, {A_SECOND} a second, from the answer to the one who changed to the one who"
            f" reads; median {statistics.median(lags) * 1e3:.0f} ms; a bare NOTIFY {_p99(told) * 1e3:.1f} ms",
        )  # fmt: skip


def _p99(found: list[float]) -> float:
    return statistics.quantiles(found, n=100)[98]


def _change(client: httpx.Client, count: int) -> None:
    for start in range(0, count, 500):
        data = [{"op": "create", "data": {"name": f"Feed {start + n}"}} for n in range(500)]
        client.post("/v1/accounts/batch", json={"operations": data}).raise_for_status()


def _walked(client: httpx.Client) -> tuple[int, float, str]:
    """How many events there are, in how many seconds, and the cursor behind them."""
    count, cursor, began = 0, "", time.perf_counter()
    while True:
        found, cursor = _page(client, cursor)
        count += len(found)
        if not found:
            return count, time.perf_counter() - began, cursor


def _page(client: httpx.Client, cursor: str, *, wait: int = 0) -> tuple[list[Any], str]:
    asked = {"types": "contacts.*", "limit": PAGE, "after": cursor, "wait": wait}
    answer = client.get(PATH, params=asked)
    if answer.is_error:
        raise Refused(f"{PATH}: {answer.status_code} {answer.text[:300]}")
    return answer.json(), answer.headers["x-next-after"]


def _lags(bench: Bench, client: httpx.Client, cursor: str, *, is_held: bool) -> list[float]:
    """Seconds from the answer to a create to its event at a reader that waits, of each change."""
    watch, written, holds = Watch(), {}, threading.Event()
    reader = threading.Thread(target=_follow, args=(bench, cursor, watch))
    holder = threading.Thread(target=lambda: asyncio.run(_hold(bench, holds)))
    reader.start()
    if is_held:
        holder.start()
        holds.wait(30)
    try:
        for number in range(int(A_SECOND * OPEN_SECONDS)):
            began, record = time.monotonic(), str(new_id())
            client.post(
                "/v1/accounts", json={"id": record, "name": f"Lag {number}"}
            ).raise_for_status()
            written[record] = time.monotonic()
            time.sleep(max(0.0, 1 / A_SECOND - (time.monotonic() - began)))
        eventually(lambda: written.keys() <= watch.seen.keys())
    finally:
        watch.is_over = True
        if is_held:
            holder.join()
        client.post("/v1/accounts", json={"name": "wakes the reader"})
        reader.join()
    return [max(0.0, watch.seen[record] - at) for record, at in written.items()]


def _follow(bench: Bench, cursor: str, watch: Watch) -> None:
    headers = {"authorization": f"Bearer {bench.organisation.admin.token}"}
    with httpx.Client(base_url=bench.suite.url, headers=headers, timeout=60) as client:
        while not watch.is_over:
            found, cursor = _page(client, cursor, wait=5)
            now = time.monotonic()
            for event in found:
                watch.seen.setdefault(event["subject"].rpartition("/")[2], now)


async def _hold(bench: Bench, holds: threading.Event) -> None:
    """A transaction that has logged an event, and is rolled back."""
    async with superuser(bench.suite.admin_url) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(LOGGED, uuid4())
        holds.set()
        await asyncio.sleep(OPEN_SECONDS)
        await transaction.rollback()


async def _bare_rate(bench: Bench) -> float:
    async with superuser(bench.suite.admin_url) as connection:
        count, position, began = 0, 0, time.perf_counter()
        while rows := await connection.fetch(READ, bench.organisation.id, position):
            count, position = count + len(rows), rows[-1]["position"]
        return count / (time.perf_counter() - began)


@asynccontextmanager
async def _two(bench: Bench) -> Any:
    async with (
        superuser(bench.suite.admin_url) as teller,
        superuser(bench.suite.admin_url) as hearer,
    ):
        yield teller, hearer


async def _bare_lag(bench: Bench, times: int = 200) -> list[float]:
    """From the answer to whoever notifies to the one who listens."""
    heard: asyncio.Queue[float] = asyncio.Queue()

    def hear(connection: asyncpg.Connection, pid: int, channel: str, payload: str) -> None:
        heard.put_nowait(time.perf_counter())

    found = []
    async with _two(bench) as (teller, hearer):
        await hearer.add_listener("bench_bare", hear)
        for _ in range(times):
            began = time.perf_counter()
            await teller.execute("NOTIFY bench_bare")
            found.append(await heard.get() - began)
        await hearer.remove_listener("bench_bare", hear)
    return found
