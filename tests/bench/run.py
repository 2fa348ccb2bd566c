"""A whole run, from an empty folder to the table."""

import asyncio
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from guanxi_shared.launch.place import remove_cluster
from tests.bench import (
    accounts,
    articles,
    columns,
    dashboard,
    deals,
    feed,
    goals,
    heard_orders,
    phones,
    queues,
    reads,
    texts,
    tickets,
    writes,
)
from tests.bench.bench import Bench
from tests.bench.cases import Case, measure
from tests.bench.hop import measure_hop
from tests.bench.imports import measure_import
from tests.bench.load import generator
from tests.bench.loading import load_accounts, load_contacts, load_deals
from tests.bench.memory import resident
from tests.bench.models import measure_models
from tests.bench.order_imports import measure_order_import
from tests.bench.organisation import Organisation, found_organisation
from tests.bench.processes import Hello, Suite
from tests.bench.recounting import measure_recounting
from tests.bench.report import Report, Row
from tests.bench.sizes import CONNECTIONS, Size
from tests.bench.webhooks import measure_webhooks

Load = Callable[[str, Organisation, int], Coroutine[Any, Any, float]]
BEGAN = time.monotonic()


def say(line: str) -> None:
    print(f"{time.monotonic() - BEGAN:6.1f} s  {line}", flush=True)


def run(size: Size, *, only: str = "") -> Report:
    """`only` keeps the rows whose name has this word; what they need is done all the same."""
    report = Report(about_this_run(size))
    with running_suite() as suite:
        say("starting the suite in an empty folder …")
        first = suite.start()
        with Hello() as hello:
            organisation = found_organisation(suite.url)
            bench = Bench(size, suite, hello, organisation, report, say)
            bench.add(Row("first start", first, "s", goal=goals.FIRST_START_SECONDS))
            bench.attempt("memory", lambda: idle_memory(bench))
            load_all(bench, "contacts", load_contacts)
            measure_all(bench, only)
            bench.tell_hello()
        if only in "next start":
            bench.attempt("next start", lambda: next_start(bench))
    return report


def measure_all(bench: Bench, only: str) -> None:
    """Reads first: writes change what is there, and an import most of all.

    The accounts come when all rows of contacts but the import's are done: those are measured with
    the same tables in the same buffer cache as ever, and stay comparable from run to run. The import
    is compared with a COPY beside it, which the accounts slow down alike; after it, 200,000 more
    contacts would still be vacuumed and analysed while the accounts are measured.
    """
    keep = bench.size.import_seconds
    attempt_cases(bench, reads.CASES, only)
    if only in "gateway":
        bench.attempt("gateway", lambda: measure_hop(bench))
    attempt_cases(bench, writes.CASES, only)
    attempt_cases(bench, texts.CASES, only, leaving=keep)
    if any(only in case.name for case in accounts.CASES):
        bench.attempt("accounts", lambda: load_all(bench, "accounts", load_accounts), leaving=keep)
        attempt_cases(bench, accounts.CASES, only, leaving=keep)
    if any(only in case.name for case in deals.CASES):
        bench.attempt("deals", lambda: load_them(bench), leaving=keep)
        attempt_cases(bench, deals.CASES, only, leaving=keep)
    of_tickets = (*tickets.CASES, *queues.CASES)
    if any(only in case.name for case in of_tickets) or only in "sla: recomputation":
        bench.attempt("sla", lambda: tickets.measure_timers(bench), leaving=keep)
        attempt_cases(bench, of_tickets, only, leaving=keep)
        if only in "sla: recomputation":
            bench.attempt("sla: recomputation", lambda: measure_recounting(bench), leaving=keep)
    if any(only in case.name for case in articles.CASES):
        bench.attempt("articles", lambda: articles.load_articles(bench), leaving=keep)
        attempt_cases(bench, articles.CASES, only, leaving=keep)
    if only in phones.NAME:
        bench.attempt(phones.NAME, lambda: phones.measure_phones(bench), leaving=keep)
    if only in "models":
        bench.attempt("models", measure_models, leaving=keep)
    if only in heard_orders.NAME:
        bench.attempt(
            heard_orders.NAME, lambda: heard_orders.measure_heard_orders(bench), leaving=keep
        )
    for name, measured_by in (
        (dashboard.REPORTS, dashboard.measure_dashboard),
        (dashboard.SCORES, dashboard.measure_scores),
        (columns.ROW, columns.measure_columns),
    ):
        if only in name:
            bench.attempt(name, partial(measured_by, bench), leaving=keep)
    if only in feed.NAME:
        bench.attempt(feed.NAME, lambda: feed.measure_feed(bench), leaving=keep)
    if only in "webhooks":
        bench.attempt("webhooks", lambda: measure_webhooks(bench), leaving=keep)
    if only in "import: orders":
        bench.attempt("import: orders", lambda: measure_order_import(bench), leaving=keep)
    if only in "import":
        bench.attempt("import", lambda: measure_import(bench))


def load_all(bench: Bench, name: str, load: Load) -> tuple[Row, ...]:
    """No rows of the report."""
    bench.say(f"loading {bench.size.contacts:,} {name} …")
    seconds = asyncio.run(load(bench.suite.admin_url, bench.organisation, bench.size.contacts))
    bench.say(f"loaded in {seconds:.1f} s")
    return ()


def load_them(bench: Bench) -> tuple[Row, ...]:
    deals.make_pipeline(bench)
    return load_all(bench, "deals", load_deals)


def attempt_cases(bench: Bench, cases: Sequence[Case], only: str, *, leaving: float = 0.0) -> None:
    for case in cases:
        if only in case.name:
            bench.attempt(case.name, partial(measured, bench, case), leaving=leaving)


def measured(bench: Bench, case: Case) -> Iterator[Row]:
    yield measure(bench, case)


def about_this_run(size: Size) -> dict[str, Any]:
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
        "contacts": f"{size.contacts:,}, and as many accounts; the salesperson owns one in a hundred",
        "load": f"{generator()}, {CONNECTIONS} connections, {size.rounds} turns of {size.seconds:g} s",
        "load of the machine before": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


@contextmanager
def running_suite() -> Iterator[Suite]:
    """A suite in a temporary folder, not started yet; stopped and deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="guanxi-bench-"))
    folder.chmod(0o755)  # as root, Postgres runs as another user
    suite = Suite(folder / "data")
    try:
        yield suite
    finally:
        suite.stop()
        remove_cluster(suite.data_dir)
        shutil.rmtree(folder)


def idle_memory(bench: Bench) -> Iterator[Row]:
    for name, megabytes in sorted(resident(bench.suite).items()):
        yield Row(f"memory idle: {name}", megabytes, "MB", goal=goals.IDLE_MEGABYTES)


def next_start(bench: Bench) -> Iterator[Row]:
    yield Row("stop", bench.suite.stop(), "s")
    yield Row("next start", bench.suite.start(), "s", goal=goals.NEXT_START_SECONDS)
