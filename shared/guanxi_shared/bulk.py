"""Many rows at once: COPY into a temporary table, then one statement into the real one.

COPY itself is refused where row-level security holds. The temporary tables live as long as the
connection and are empty outside of a transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from guanxi_shared import events
from guanxi_shared.db import Connection
from guanxi_shared.events import dumps
from guanxi_shared.statements import DIALECT

Values = Sequence[Any]
EVENT_COLUMNS = tuple(name for name, _ in events.COLUMNS)
EXPECTED = "expected_version"


async def insert_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Whole rows as `encoded` gives them."""
    if rows:
        columns = columns_of(table)
        staged = await _stage(connection, table, columns, rows)
        await connection.execute(_insert_sql(table, columns, staged))


async def insert_events(connection: Connection, rows: Sequence[Values]) -> None:
    """The log of what was written; each row as `events.event_values` gives it, in order."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in EVENT_COLUMNS)
    await connection.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS staged_events ON COMMIT DELETE ROWS AS"
        f" SELECT {names} FROM events WITH NO DATA; TRUNCATE staged_events"
    )
    await connection.copy_records_to_table("staged_events", records=rows, columns=EVENT_COLUMNS)
    await connection.execute(f"INSERT INTO events ({names}) SELECT {names} FROM staged_events")


async def update_rows(
    connection: Connection, table: Table, rows: Sequence[tuple[int, Mapping[str, Any]]]
) -> int:
    """Write whole rows over those of the versions given; how many there still were."""
    if not rows:
        return 0
    records = [(*encoded(table, row), version) for version, row in rows]
    columns = (*columns_of(table), EXPECTED)
    staged = await _stage(connection, table, columns, records)
    done: str = await connection.execute(_update_sql(table, staged))
    return int(done.removeprefix("UPDATE "))


async def _stage(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Values]
) -> str:
    """Rows in a temporary table; its name. Arrays stand there as text: the driver takes 20 µs to
    make sure that a list of words is one, Postgres one to read it."""
    staged = f"staged_{table.name}" if EXPECTED not in columns else f"staged_changes_{table.name}"
    kinds = (f'"{name}" {staged_type(table, name)}' for name in columns)
    await connection.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged} ({', '.join(kinds)}) ON COMMIT DELETE ROWS;"
        f" TRUNCATE {staged}"
    )
    await connection.copy_records_to_table(staged, records=rows, columns=columns)
    return staged


@lru_cache(maxsize=256)
def staged_type(table: Table, name: str) -> str:
    if name == EXPECTED:
        return "bigint"
    return "text" if name in array_columns(table) else column_type(table, name)


@lru_cache(maxsize=256)
def column_type(table: Table, name: str) -> str:
    return str(table.c[name].type.compile(dialect=DIALECT))


@lru_cache(maxsize=64)
def _insert_sql(table: Table, columns: Sequence[str], staged: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(_from_staged(table, name) for name in columns)
    return f"INSERT INTO {table.name} ({names}) SELECT {values} FROM {staged} AS s"


@lru_cache(maxsize=64)
def _update_sql(table: Table, staged: str) -> str:
    names = [name for name in columns_of(table) if name not in ("organisation_id", "id")]
    sets = ", ".join(f'"{name}" = {_from_staged(table, name)}' for name in names)
    return (
        f"UPDATE {table.name} AS t SET {sets} FROM {staged} AS s"
        f" WHERE t.organisation_id = s.organisation_id AND t.id = s.id AND t.version = s.{EXPECTED}"
    )


def _from_staged(table: Table, name: str) -> str:
    return (
        f's."{name}"::{column_type(table, name)}' if name in array_columns(table) else f's."{name}"'
    )


@lru_cache(maxsize=64)
def columns_of(table: Table) -> tuple[str, ...]:
    return tuple(str(column.name) for column in table.columns)


@lru_cache(maxsize=64)
def json_columns(table: Table) -> frozenset[str]:
    return frozenset(str(c.name) for c in table.columns if isinstance(c.type, JSONB))


@lru_cache(maxsize=64)
def array_columns(table: Table) -> frozenset[str]:
    return frozenset(str(c.name) for c in table.columns if isinstance(c.type, ARRAY))


@lru_cache(maxsize=64)
def _encoders(table: Table) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    encoders: dict[str, Callable[[Any], Any]] = dict.fromkeys(json_columns(table), dumps)
    encoders |= dict.fromkeys(array_columns(table), array_text)
    return tuple((name, encoders.get(name)) for name in columns_of(table))


def encoded(table: Table, row: Mapping[str, Any]) -> Values:
    """A row as values in the order of the table's columns; documents and arrays as text."""
    return [
        row[name] if encode is None or row[name] is None else encode(row[name])
        for name, encode in _encoders(table)
    ]


def array_text(items: Sequence[Any]) -> str:
    """A list of texts or ids in Postgres' own notation."""
    if not items:
        return "{}"
    joined = '","'.join(map(str, items))
    if "\\" in joined or joined.count('"') != 2 * (len(items) - 1):
        joined = '","'.join(str(item).replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return f'{{"{joined}"}}'
