"""Puts contacts and accounts into the suite's database: plain COPY into the indexed tables, and what that
takes, which an import is compared with."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import Table

from tests.bench.organisation import Organisation
from tests.bench.staging import stage
from tests.bench.stock import COMPANIES, DEALS, PEOPLE, TICKETS, Kind

OWNERS = 100
OWNERLESS_EVERY = 10
WORD_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = current_schema() AND tablename = ANY($1::text[]) AND indexdef LIKE '% USING gin %'
"""


@asynccontextmanager
async def superuser(admin_url: str, kind: Kind = PEOPLE) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        admin_url, server_settings=kind.settings, command_timeout=300
    )
    try:
        yield connection
    finally:
        await connection.close()


def owners_of(organisation: Organisation) -> list[UUID]:
    """A hundred, so that each owns one in a hundred; all but the first five sit in other teams."""
    own = [member.id for member in (organisation.seller, *organisation.mates)]
    return own + [uuid4() for _ in range(OWNERS - len(own))]


def holders_of(organisation: Organisation) -> list[UUID | None]:
    """The same hundred, nobody in place of each tenth: what lies in pools."""
    owners = owners_of(organisation)
    return [
        None if place % OWNERLESS_EVERY == OWNERLESS_EVERY - 1 else owner
        for place, owner in enumerate(owners)
    ]


async def load_contacts(admin_url: str, organisation: Organisation, count: int) -> float:
    """Stage and copy so many contacts; the seconds that the plain COPY took."""
    await stage(PEOPLE, admin_url, organisation.id, owners_of(organisation), count)
    async with superuser(admin_url) as connection:
        with TemporaryDirectory(prefix="guanxi-bench-") as folder:
            await copy_out(connection, PEOPLE, Path(folder))
            seconds = await copy_in(connection, PEOPLE.tables, Path(folder))
        await tidy(connection, PEOPLE)
    return seconds


async def load_accounts(admin_url: str, organisation: Organisation, count: int) -> float:
    """Stage so many accounts and take them over, the search indexes built at the end: nothing is
    compared with these seconds."""
    await stage(COMPANIES, admin_url, organisation.id, holders_of(organisation), count)
    return await take_over(COMPANIES, admin_url)


async def load_deals(admin_url: str, organisation: Organisation, count: int) -> float:
    """The same of opportunities; their pipeline is there already."""
    await stage(DEALS, admin_url, organisation.id, owners_of(organisation), count)
    return await take_over(DEALS, admin_url)


async def load_tickets(admin_url: str, organisation: Organisation, count: int) -> float:
    """So many open tickets in all: those that were loaded before go."""
    async with superuser(admin_url, TICKETS) as connection:
        for table in reversed(TICKETS.tables):
            await connection.execute(
                f"DELETE FROM {table.name} WHERE organisation_id = $1", organisation.id
            )
    await stage(TICKETS, admin_url, organisation.id, owners_of(organisation), count)
    return await take_over(TICKETS, admin_url)


async def take_over(kind: Kind, admin_url: str) -> float:
    began = time.perf_counter()
    async with superuser(admin_url, kind) as connection:
        async with connection.transaction(), without_word_indexes(connection, kind):
            for table in kind.tables:
                names = ", ".join(f'"{name}"' for name in named(table))
                await connection.execute(
                    f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {kind.staging}"
                )
        await connection.execute(f"DROP TABLE {kind.staging}")
        await tidy(connection, kind)
    return time.perf_counter() - began


@asynccontextmanager
async def without_word_indexes(connection: asyncpg.Connection, kind: Kind) -> AsyncIterator[None]:
    tables = [table.name for table in kind.tables]
    indexes = await connection.fetch(WORD_INDEXES, tables)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    yield
    await connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for index in indexes:
        await connection.execute(index["indexdef"])


async def tidy(connection: asyncpg.Connection, kind: Kind) -> None:
    for table in kind.tables:
        await connection.execute(f"VACUUM (ANALYZE) {table.name}")
    await connection.execute("CHECKPOINT")  # else it falls into the first measurements


def named(table: Table) -> list[str]:
    return [str(column.name) for column in table.columns]


async def copy_out(
    connection: asyncpg.Connection,
    kind: Kind,
    folder: Path,
    *,
    other: UUID | None = None,
    count: int | None = None,
) -> None:
    """A file for each table; for another organisation if one is named."""
    for table in kind.tables:
        names = ", ".join(f'"{name}"' for name in named(table))
        if other is not None:
            names = names.replace('"organisation_id"', f"'{other}'::uuid", 1)
        query = f"SELECT {names} FROM {kind.staging}" + (f" LIMIT {count}" if count else "")
        await connection.copy_from_query(query, output=folder / table.name)


async def copy_in(connection: asyncpg.Connection, tables: Sequence[Table], folder: Path) -> float:
    began = time.perf_counter()
    for table in tables:
        with (folder / table.name).open("rb") as rows:
            await connection.copy_to_table(table.name, source=rows, columns=named(table))
    return time.perf_counter() - began


async def rate_of_plain_copy(admin_url: str, count: int) -> float:
    """Rows a second of a COPY of so many contacts into the tables as they are now, for an
    organisation of their own; rolled back."""
    async with superuser(admin_url) as connection:
        with TemporaryDirectory(prefix="guanxi-bench-") as folder:
            await copy_out(connection, PEOPLE, Path(folder), other=uuid4(), count=count)
            transaction = connection.transaction()
            await transaction.start()
            try:
                seconds = await copy_in(connection, PEOPLE.tables, Path(folder))
            finally:
                await transaction.rollback()
    return count / seconds


async def ids_of(
    admin_url: str, owner: UUID, *, kind: Kind = PEOPLE, most: int = 2_000
) -> list[tuple[UUID, int]]:
    """Ids and versions of what somebody owns."""
    async with superuser(admin_url, kind) as connection:
        rows: Sequence[asyncpg.Record] = await connection.fetch(
            f"SELECT id, version FROM {kind.resource.table.name} WHERE owner_id = $1 AND deleted_at IS NULL "
            "ORDER BY id LIMIT $2",
            owner,
            most,
        )
    return [(row["id"], row["version"]) for row in rows]


async def ownerless(admin_url: str, *, most: int) -> list[UUID]:
    """Accounts that lie in pools now."""
    async with superuser(admin_url) as connection:
        rows = await connection.fetch(
            "SELECT id FROM accounts WHERE owner_id IS NULL AND deleted_at IS NULL LIMIT $1", most
        )
    return [row["id"] for row in rows]
