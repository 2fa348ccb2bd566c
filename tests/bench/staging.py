"""Rows of contacts as the service itself would store them, made by its own rules, in a staging
table: two processes, so that the suite's machine is not waited for."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from guanxi_contacts.people import rules
from guanxi_contacts.records import DEFAULTS
from guanxi_contacts.resources import CONTACTS
from guanxi_shared import bulk
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import state_bytes
from guanxi_shared.resources import DOCUMENT
from tests.bench.people import person

CHUNK = 5_000
SPREAD = timedelta(days=400)
SETTINGS = {"search_path": "contacts,public", "timezone": "UTC"}
COLUMNS = bulk.columns_of(CONTACTS)  # the words included
# Nobody shall tidy it up while something is measured.
MAKE = f"""
CREATE UNLOGGED TABLE staging WITH (autovacuum_enabled = false) AS
SELECT {", ".join(COLUMNS)} FROM contacts AS c JOIN contacts_search AS s USING (organisation_id, id, owner_id, team_id, tags, deleted_at) WITH NO DATA
"""


@dataclass(frozen=True)
class Order:
    """Which rows to make: person `n` belongs to `owners[n % len(owners)]`."""

    admin_url: str
    organisation_id: UUID
    owners: tuple[UUID, ...]
    first: int
    count: int


async def stage(admin_url: str, organisation_id: UUID, owners: Sequence[UUID], count: int) -> None:
    """Fill a new table `staging` with so many contacts."""
    connection = await asyncpg.connect(admin_url, server_settings=SETTINGS)
    try:
        await connection.execute(MAKE)
    finally:
        await connection.close()
    orders = [
        Order(admin_url, organisation_id, tuple(owners), first, min(CHUNK, count - first))
        for first in range(0, count, CHUNK)
    ]
    loop = asyncio.get_running_loop()
    workers = min(os.cpu_count() or 1, 4)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, fill, order) for order in orders))


def fill(order: Order) -> None:
    asyncio.run(_copy(order))


async def _copy(order: Order) -> None:
    connection = await asyncpg.connect(order.admin_url, server_settings=SETTINGS)
    try:
        await connection.copy_records_to_table("staging", records=records(order), columns=COLUMNS)
    finally:
        await connection.close()


def records(order: Order) -> Iterator[tuple[Any, ...]]:
    now = datetime.now(UTC)
    for number in range(order.first, order.first + order.count):
        owner = order.owners[number % len(order.owners)]
        at = now - SPREAD * (number * 7919 % 1000 / 1000)
        row = stored(person(number), owner_id=owner, at=at)
        row["organisation_id"] = order.organisation_id
        row[DOCUMENT] = state_bytes(shown(row)).decode()
        yield tuple(_encoded(name, row.get(name)) for name in COLUMNS)


def stored(sent: Mapping[str, Any], *, owner_id: UUID, at: datetime) -> dict[str, Any]:
    """Every column that the service would fill for this create."""
    row = {**DEFAULTS["contacts"], **rules.columns_from(sent, region="CN")}
    row |= {"id": new_id(), "owner_id": owner_id, "custom": {}, "version": 1}
    row |= {"created_at": at, "updated_at": at}
    return row | rules.found_by(row)


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a contact without accounts."""
    return CONTACTS.state({**dict.fromkeys(COLUMNS), **row}, {"accounts": []})


def _encoded(name: str, value: Any) -> Any:
    is_json = name in bulk.json_columns(CONTACTS) and value is not None
    return orjson.dumps(value).decode() if is_json else value
