"""Rows as the service itself would store them (see stock.py) in a staging table: two processes, so
that the suite's machine is not waited for."""

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

from guanxi_shared import bulk
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import state_bytes
from guanxi_shared.resources import DOCUMENT, Resource
from tests.bench.stock import KINDS, Kind

CHUNK = 5_000
SPREAD = timedelta(days=400)
SETTINGS = {"search_path": "contacts,public", "timezone": "UTC"}
# Nobody shall tidy it up while something is measured.
MAKE = """
CREATE UNLOGGED TABLE {staging} WITH (autovacuum_enabled = false) AS
SELECT {columns} FROM {table} AS t
JOIN {words} AS s USING (organisation_id, id, owner_id, team_id, tags, deleted_at) WITH NO DATA
"""
Owners = Sequence[UUID | None]


@dataclass(frozen=True)
class Order:
    """Which rows to make: record `n` belongs to `owners[n % len(owners)]`."""

    name: str  # of the kind, which does not travel to another process
    admin_url: str
    organisation_id: UUID
    owners: tuple[UUID | None, ...]
    first: int
    count: int


async def stage(
    kind: Kind, admin_url: str, organisation_id: UUID, owners: Owners, count: int
) -> None:
    """Fill a new staging table with so many records of the kind."""
    connection = await asyncpg.connect(admin_url, server_settings=kind.settings)
    try:
        await connection.execute(making(kind))
    finally:
        await connection.close()
    orders = [
        Order(
            kind.resource.name,
            admin_url,
            organisation_id,
            tuple(owners),
            first,
            min(CHUNK, count - first),
        )
        for first in range(0, count, CHUNK)
    ]
    loop = asyncio.get_running_loop()
    workers = min(os.cpu_count() or 1, 4)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, fill, order) for order in orders))


def making(kind: Kind) -> str:
    table, words = kind.tables
    columns = ", ".join(bulk.columns_of(kind.resource))
    return MAKE.format(staging=kind.staging, columns=columns, table=table.name, words=words.name)


def fill(order: Order) -> None:
    asyncio.run(_copy(order))


async def _copy(order: Order) -> None:
    kind = KINDS[order.name]
    connection = await asyncpg.connect(order.admin_url, server_settings=kind.settings)
    try:
        columns = bulk.columns_of(kind.resource)
        await connection.copy_records_to_table(
            kind.staging, records=records(kind, order), columns=columns
        )
    finally:
        await connection.close()


def records(kind: Kind, order: Order) -> Iterator[tuple[Any, ...]]:
    now = datetime.now(UTC)
    for number in range(order.first, order.first + order.count):
        row = kind.row(number)
        at = now - SPREAD * (number * 7919 % 1000 / 1000)
        row |= {"organisation_id": order.organisation_id, "id": new_id()}
        row |= {"owner_id": order.owners[number % len(order.owners)]}
        row |= {"created_at": at, "updated_at": at}
        yield encoded(kind.resource, row, kind.computed)


def encoded(
    resource: Resource, row: Mapping[str, Any], computed: Mapping[str, Any]
) -> tuple[Any, ...]:
    """A row as COPY takes it, in the order of `bulk.columns_of`, with the record as it is shown."""
    columns = bulk.columns_of(resource)
    whole = {**dict.fromkeys(columns), **row}
    whole[DOCUMENT] = state_bytes(resource.state(whole, computed)).decode()
    return tuple(_encoded(resource, name, whole[name]) for name in columns)


def _encoded(resource: Resource, name: str, value: Any) -> Any:
    is_json = name in bulk.json_columns(resource) and value is not None
    return orjson.dumps(value).decode() if is_json else value
