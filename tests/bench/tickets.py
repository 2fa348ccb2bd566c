"""Tickets: what is due first, search, creates and replies under a policy, and what its timers cost."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import orjson

from tests.bench import goals
from tests.bench.bench import Bench
from tests.bench.cases import Case
from tests.bench.loading import load_tickets, superuser
from tests.bench.report import Row
from tests.bench.stock import TICKETS
from tests.bench.ticket_stock import SUBJECTS, calendar, policy
from tests.bench.traffic import COUNTER, Traffic, request, shuffled
from tests.tickets.past import set_tickets_back

PATH = "/v1/tickets"
NUMBER = COUNTER.decode()
REPLIED, FEW, DUE = 200, 1_000, 500
LOOK = """
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT t.organisation_id, t.id FROM tickets t
WHERE t.sla_next_at IS NOT NULL AND t.sla_next_at <= now() ORDER BY t.sla_next_at LIMIT 200
"""
DUE_NOW = "SELECT count(*) FROM tickets WHERE sla_next_at <= now()"
PATIENCE = 60.0


def measure_timers(bench: Bench) -> Iterator[Row]:
    """A look at what is due beside a thousand open tickets, then beside all; then how fast what is due
    is told and done."""
    with admin(bench) as client:
        client.post("/v1/business-calendars", json=calendar()).raise_for_status()
        client.post("/v1/sla-policies", json=policy()).raise_for_status()
    few, many = (asyncio.run(_pages(bench, count)) for count in (FEW, bench.size.tickets))
    yield Row(
        "sla: an idle look", many, "pages", share=many / few, goal=goals.IDLE_LOOK,
        of=f"those at {FEW:,} open tickets ({bench.size.tickets:,} here)",
    )  # fmt: skip
    yield asyncio.run(_told(bench))


async def _pages(bench: Bench, count: int) -> int:
    """What a look at what is due reads, with so many tickets open: unlike a time, always the same."""
    await load_tickets(bench.suite.admin_url, bench.organisation, count)
    async with superuser(bench.suite.admin_url, TICKETS) as connection:
        for _ in range(2):  # the first one also reads the catalogue
            [plan] = orjson.loads(await connection.fetchval(LOOK))
    pages: int = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return pages


async def _told(bench: Bench) -> Row:
    """Tickets whose clocks are all late, until the worker has told of each and raised it."""
    with admin(bench) as client:
        ids = [_made(client, number)["id"] for number in range(DUE)]
    url, organisation = bench.suite.admin_url, bench.organisation.id
    await set_tickets_back(url, organisation, ids, timedelta(days=30))
    async with superuser(url, TICKETS) as connection:
        left = await _until(connection, lambda due: due < DUE)  # the worker has come by
        began = time.perf_counter()
        now = await _until(connection, lambda due: due == 0)
    seconds = time.perf_counter() - began
    note = "five alerts of each, and a priority raised"
    return Row("sla: tickets told of", (left - now) / seconds, "/s", note=note)


async def _until(connection: asyncpg.Connection, holds: Callable[[int], bool]) -> int:
    """How many are due when that holds, or patience ends."""
    until, pause = time.monotonic() + PATIENCE, asyncio.Event()
    while True:
        due: int = await connection.fetchval(DUE_NOW)
        if holds(due) or time.monotonic() > until:
            return due
        with suppress(TimeoutError):
            await asyncio.wait_for(pause.wait(), 0.01)


def admin(bench: Bench) -> httpx.Client:
    headers = {"authorization": f"Bearer {bench.organisation.admin.token}"}
    return httpx.Client(base_url=bench.suite.url, headers=headers, timeout=30)


def _made(client: httpx.Client, number: int) -> dict[str, Any]:
    sent = {"subject": f"{SUBJECTS[number % len(SUBJECTS)]} {number}"}
    answer: dict[str, Any] = client.post(PATH, json=sent).raise_for_status().json()
    return answer


def by_what_is_due(bench: Bench, *, who: str) -> Traffic:
    url, member = bench.suite.url, getattr(bench.organisation, who)
    paths = [
        f"{PATH}?limit=50&sort=sla_due_at&status_kind={kind}" for kind in ("new", "open", "pending")
    ]
    return Traffic(url, tuple(request(url, "GET", path, token=member.token) for path in paths))


def search(bench: Bench) -> Traffic:
    url, token = bench.suite.url, bench.organisation.admin.token
    words = ["发票", "fapiao", "warranty", "machine start", "baoxiu", "000123"]
    paths = [f"{PATH}?limit=20&q={quote(word)}" for word in words]
    return Traffic(url, shuffled([request(url, "GET", p, token=token) for p in paths]))


def create(bench: Bench) -> Traffic:
    url, token = bench.suite.url, bench.organisation.seller.token
    asked = [
        request(
            url, "POST", PATH, token=token, body={"subject": f"{subject} {NUMBER}"},
            idempotency_key=f"ticket-{NUMBER}",
        )
        for subject in SUBJECTS
    ]  # fmt: skip
    return Traffic(url, shuffled(asked), status=201)


def reply(bench: Bench) -> Traffic:
    url, token = bench.suite.url, bench.organisation.admin.token
    with admin(bench) as client:
        ids = [_made(client, number)["id"] for number in range(REPLIED)]
    asked = [
        request(
            url, "POST", f"{PATH}/{ticket_id}/comments", token=token, body={"body": f"Reply {NUMBER}"},
            idempotency_key=f"reply-{NUMBER}",
        )
        for ticket_id in ids
    ]  # fmt: skip
    return Traffic(url, shuffled(asked), status=201)


CASES = (
    Case("tickets: list of 50 by what is due", lambda b: by_what_is_due(b, who="seller"), is_brief=True),
    Case("tickets: list of 50 by what is due, admin", lambda b: by_what_is_due(b, who="admin"), is_brief=True),
    Case("tickets: search, admin", search, is_brief=True),
    Case("tickets: create under a policy", create, is_brief=True),
    Case("tickets: reply under a policy", reply, is_brief=True),
)  # fmt: skip
