"""Many rows at once: COPY into a temporary table, then one statement into the real one.

COPY itself is refused where row-level security holds. The temporary tables live as long as the
connection and are empty outside of a transaction.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB

from guanxi_shared import events
from guanxi_shared.db import Connection
from guanxi_shared.events import dumps

Values = Sequence[Any]
EVENT_COLUMNS = tuple(name for name, _ in events.COLUMNS)


async def stage(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Values]
) -> str:
    """Rows in a temporary table with the columns of a real one; its name."""
    name = f"staged_{table}"
    names = ", ".join(f'"{column}"' for column in columns)
    await connection.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS"
        f" SELECT {names} FROM {table} WITH NO DATA; TRUNCATE {name}"
    )
    await connection.copy_records_to_table(name, records=rows, columns=columns)
    return name


async def insert_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Values]
) -> None:
    if not rows:
        return
    staged = await stage(connection, table, columns, rows)
    names = ", ".join(f'"{column}"' for column in columns)
    await connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {staged}")


async def insert_events(connection: Connection, rows: Sequence[Values]) -> None:
    """The log of what was written; each row as `events.event_values` gives it, in order."""
    await insert_rows(connection, "events", EVENT_COLUMNS, rows)


async def update_rows(
    connection: Connection, table: Table, rows: Sequence[tuple[int, dict[str, Any]]]
) -> int:
    """Write whole rows over those of the versions given; how many there still were."""
    if not rows:
        return 0
    columns = columns_of(table)
    staged = f"staged_changes_{table.name}"
    names = ", ".join(f'"{column}"' for column in columns)
    await connection.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged} ON COMMIT DELETE ROWS AS"
        f" SELECT 0::bigint AS expected_version, {names} FROM {table.name} WITH NO DATA;"
        f" TRUNCATE {staged}"
    )
    records = [(version, *encoded(table, row)) for version, row in rows]
    await connection.copy_records_to_table(
        staged, records=records, columns=["expected_version", *columns]
    )
    done: str = await connection.execute(_update_sql(table, staged))
    return int(done.removeprefix("UPDATE "))


@lru_cache(maxsize=64)
def _update_sql(table: Table, staged: str) -> str:
    fixed = ("organisation_id", "id")
    sets = ", ".join(f'"{name}" = s."{name}"' for name in columns_of(table) if name not in fixed)
    return (
        f"UPDATE {table.name} AS t SET {sets} FROM {staged} AS s"
        " WHERE t.organisation_id = s.organisation_id AND t.id = s.id AND t.version = s.expected_version"
    )


@lru_cache(maxsize=64)
def columns_of(table: Table) -> tuple[str, ...]:
    return tuple(str(column.name) for column in table.columns)


@lru_cache(maxsize=64)
def json_columns(table: Table) -> frozenset[str]:
    return frozenset(str(c.name) for c in table.columns if isinstance(c.type, JSONB))


@lru_cache(maxsize=64)
def _encoders(table: Table) -> tuple[tuple[str, bool], ...]:
    return tuple((name, name in json_columns(table)) for name in columns_of(table))


def encoded(table: Table, row: dict[str, Any]) -> Values:
    """A row as values in the order of the table's columns, its documents as text."""
    return [
        dumps(value) if is_json and value is not None else value
        for name, is_json in _encoders(table)
        for value in (row[name],)
    ]
