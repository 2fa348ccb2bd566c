"""The purchases of CDNOW through `POST /v1/imports`, against a plain COPY of such orders and their lines
into the same tables."""

import asyncio
import csv
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from statistics import mean
from typing import Any
from uuid import uuid4

import httpx

from guanxi_pipeline.orders.resources import LINE, ORDER
from tests.bench import goals
from tests.bench.bench import Bench
from tests.bench.imports import LEAST_SECONDS, follow, note_of, of_job, upload
from tests.bench.load import Refused
from tests.bench.loading import copy_in, named, superuser
from tests.bench.purchases import OPTIONS, cdnow_file, read_purchases, write_orders
from tests.bench.report import Row
from tests.bench.stock import DEALS

ACCOUNTS = {
    "mapping": {"name": "name", "number": "external_id"},
    "key": "external_id",
    "duplicates": "skip",
}
KNOWN = "SELECT count(*) FROM known_accounts WHERE organisation_id = $1 AND external_id = ANY($2::text[])"
SAME = "SELECT id FROM orders ORDER BY organisation_id, id LIMIT {count}"
HEARD_SECONDS = 120.0


def measure_order_import(bench: Bench) -> Iterator[Row]:
    path = cdnow_file()
    if path is None:
        raise Refused("the data set cdnow is not here: put it under GUANXI_DATASETS")
    headers = {"authorization": f"Bearer {bench.organisation.admin.token}"}
    with (
        tempfile.TemporaryDirectory(prefix="guanxi-bench-") as folder,
        httpx.Client(base_url=bench.suite.url, headers=headers, timeout=120) as client,
    ):
        file = Path(folder, "orders.csv")
        customers = write_orders(file, read_purchases(path, bench.size.purchases))
        bench.say(f"importing {len(customers):,} customers and {bench.size.purchases:,} orders …")
        enter_customers(bench, client, Path(folder, "customers.csv"), customers)
        began = time.monotonic()
        job = upload(client, file, "orders", OPTIONS)
        uploaded = time.monotonic() - began
        seconds = max(min(bench.size.import_seconds, bench.seconds_left), LEAST_SECONDS)
        ended = follow(client, job, say=bench.say, seconds=seconds)
    found = of_job(ended, total=bench.size.purchases, upload=uploaded)
    count = min(found.done - found.errors, bench.size.copy_sample)
    copied = [asyncio.run(rate_of_order_copy(bench.suite.admin_url, count)) for _ in range(2)]
    yield Row(
        "import: orders", found.rate, "rows/s", share=found.rate / mean(copied), of="plain COPY",
        goal=goals.IMPORT, note=note_of(found),
        details={"copied": copied, "upload_seconds": found.upload},
    )  # fmt: skip


def enter_customers(
    bench: Bench, client: httpx.Client, file: Path, customers: Collection[str]
) -> None:
    """As accounts; back when the pipeline knows them all from the feed."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("name", "number"))
        writer.writerows((f"Customer {number}", number) for number in sorted(customers))
    ended = follow(
        client, upload(client, file, "accounts", ACCOUNTS), say=bench.say, seconds=HEARD_SECONDS
    )
    if ended["done"] - ended["errors"] != len(customers):
        raise Refused(f"not all customers became accounts: {ended['counts']}")
    asyncio.run(heard_of(bench, customers))


async def heard_of(bench: Bench, customers: Collection[str]) -> None:
    began = time.monotonic()
    async with superuser(bench.suite.admin_url, DEALS) as connection:
        asked: tuple[Any, ...] = (KNOWN, bench.organisation.id, list(customers))
        while await connection.fetchval(*asked) < len(customers):
            if time.monotonic() - began > HEARD_SECONDS:
                raise Refused("the pipeline did not hear of all customers in time")
            await asyncio.sleep(0.5)


async def rate_of_order_copy(admin_url: str, count: int) -> float:
    """Orders a second of a COPY of so many, each with its lines, into the tables as they are now, for an
    organisation of their own; rolled back."""
    other, same = uuid4(), SAME.format(count=count)
    async with superuser(admin_url, DEALS) as connection:
        with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as folder:
            for table, id in ((ORDER, "id"), (LINE, "order_id")):
                names = ", ".join(f'"{name}"' for name in named(table))
                names = names.replace('"organisation_id"', f"'{other}'::uuid", 1)
                query = f"SELECT {names} FROM {table.name} WHERE {id} IN ({same})"
                await connection.copy_from_query(query, output=Path(folder, table.name))
            transaction = connection.transaction()
            await transaction.start()
            try:
                seconds = await copy_in(connection, (ORDER, LINE), Path(folder))
            finally:
                await transaction.rollback()
    return count / seconds
