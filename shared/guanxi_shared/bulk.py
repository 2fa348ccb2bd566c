"""Many rows at once: COPY into a temporary table, then one statement into the real one.

COPY itself is refused where row-level security holds. The temporary tables live as long as the
connection and are empty outside of a transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from guanxi_shared import events
from guanxi_shared.db import Connection
from guanxi_shared.events import dumps
from guanxi_shared.resources import DOCUMENT, Resource
from guanxi_shared.schema import words_in
from guanxi_shared.statements import array_text, type_of

Values = Sequence[Any]
EVENT_COLUMNS = tuple(name for name, _ in events.COLUMNS)
EXPECTED = "expected_version"
# What of a new row's event is staged beside the row, with its type; and what all events of a bulk share.
TOLD = {
    "told_id": ("id", "uuid"),
    "told_type": ("type", "text"),
    "told_at": ("occurred_at", "timestamptz"),
}
ALIKE = ("subject_type", "actor_id", "actor_kind", "channel", "request_id", "trace_id")
_TOLD_AT = tuple(EVENT_COLUMNS.index(name) for name, _ in TOLD.values())
_ALIKE_AT = tuple(map(EVENT_COLUMNS.index, ALIKE))
_UNTOLD = (None,) * len(TOLD)
INSERT_EVENTS = f"INSERT INTO events ({events.NAMES}) SELECT {events.READ} FROM staged_events"


async def insert_rows(connection: Connection, resource: Resource, rows: Sequence[Values]) -> None:
    """Whole rows as `encoded` gives them, and the search rows with them."""
    if rows:
        staged = await _stage(connection, resource, columns_of(resource), rows)
        await _insert_staged(connection, resource, staged)


async def insert_told(
    connection: Connection, resource: Resource, rows: Sequence[Values],
    logged: Sequence[Values | None],
) -> None:  # fmt: skip
    """New rows, and of each the one event that tells that it is there, unless the caller tells of it: what
    a row shows is not sent again for the log where the row itself holds it."""
    told = [event for event in logged if event is not None]
    if not told or not resource.has_documents:
        await insert_rows(connection, resource, rows)
        await insert_events(connection, told)
        return
    own = [(*row, *_staged_of(event)) for row, event in zip(rows, logged, strict=True)]
    columns = (*columns_of(resource), *TOLD)
    staged = await _stage(connection, resource, columns, own, name="staged_told")
    await _insert_staged(connection, resource, staged)
    await connection.execute(_telling(resource, staged), *(told[0][at] for at in _ALIKE_AT))


def _staged_of(event: Values | None) -> Values:
    return _UNTOLD if event is None else [event[at] for at in _TOLD_AT]


async def _insert_staged(connection: Connection, resource: Resource, staged: str) -> None:
    for table, names in _parts(resource):
        columns = ", ".join(f'"{name}"' for name in names)
        values = ", ".join(_from_staged(resource, name) for name in names)
        await connection.execute(
            f"INSERT INTO {table} ({columns}) SELECT {values} FROM {staged} AS s"
        )


def _telling(resource: Resource, staged: str) -> str:
    """The INSERT of the events of the staged rows; its parameters are what is `ALIKE`."""
    kinds, known = dict(events.COLUMNS), columns_of(resource)
    values = {name: f"${n}::{kinds[name]}" for n, name in enumerate(ALIKE, 1)}
    values |= {name: f's."{staged_as}"' for staged_as, (name, _) in TOLD.items()}
    values |= {"subject_id": "s.id", "changed": "'{}'", "after": f"s.{DOCUMENT}::jsonb"}
    said = (
        values.get(name) or (f's."{name}"' if name in known else f"NULL::{kinds[name]}")
        for name, _ in events.COLUMNS
    )
    return (
        f"INSERT INTO events ({events.NAMES}) SELECT {', '.join(said)} FROM {staged} AS s"
        " WHERE s.told_id IS NOT NULL"
    )


async def insert_events(connection: Connection, rows: Sequence[Values]) -> None:
    """The log of what was written; each row as `events.event_values` gives it, in order."""
    if not rows:
        return
    await connection.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS staged_events ({events.ARRIVING}) ON COMMIT DELETE ROWS;"
        " TRUNCATE staged_events"
    )
    await connection.copy_records_to_table("staged_events", records=rows, columns=EVENT_COLUMNS)
    await connection.execute(INSERT_EVENTS)


async def update_rows(
    connection: Connection, resource: Resource, rows: Sequence[tuple[int, Mapping[str, Any]]]
) -> int:
    """Write whole rows over those of the versions given; how many there still were."""
    if not rows:
        return 0
    records = [(*encoded(resource, row), version) for version, row in rows]
    columns = (*columns_of(resource), EXPECTED)
    staged = await _stage(connection, resource, columns, records, name="staged_changes")
    own, *others = _parts(resource)
    done: str = await connection.execute(
        f"{_update_sql(resource, *own, staged)} AND t.version = s.{EXPECTED}"
    )
    for table, names in others:
        await connection.execute(_update_sql(resource, table, names, staged))
    return int(done.removeprefix("UPDATE "))


async def _stage(
    connection: Connection, resource: Resource, columns: Sequence[str], rows: Sequence[Values],
    *, name: str = "staged",
) -> str:  # fmt: skip
    """Rows in a temporary table; its name. Arrays stand there as text: the driver takes 20 µs to
    make sure that a list of words is one, Postgres one to read it."""
    staged = f"{name}_{resource.table.name}"
    kinds = (f'"{each}" {staged_type(resource, each)}' for each in columns)
    await connection.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged} ({', '.join(kinds)}) ON COMMIT DELETE ROWS;"
        f" TRUNCATE {staged}"
    )
    await connection.copy_records_to_table(staged, records=rows, columns=columns)
    return staged


def _parts(resource: Resource) -> list[tuple[str, tuple[str, ...]]]:
    """The tables that a staged row goes into, its own first, with the columns of each: what nobody owns
    has no owner in its search row."""
    tables = [resource.table, *([] if resource.search is None else [resource.search])]
    known = columns_of(resource)
    return [(t.name, tuple(str(c.name) for c in t.columns if c.name in known)) for t in tables]


@lru_cache(maxsize=256)
def staged_type(resource: Resource, name: str) -> str:
    if name == EXPECTED:
        return "bigint"
    if name in TOLD:
        return TOLD[name][1]
    return "text" if name in array_columns(resource) else column_type(resource, name)


@lru_cache(maxsize=256)
def column_type(resource: Resource, name: str) -> str:
    return type_of(_column(resource, name))


def _column(resource: Resource, name: str) -> Column[Any]:
    table = resource.table
    if name in table.c or resource.search is None:
        return table.c[name]
    return resource.search.c[name]


def _update_sql(resource: Resource, table: str, columns: Sequence[str], staged: str) -> str:
    names = [name for name in columns if name not in ("organisation_id", "id")]
    sets = ", ".join(f'"{name}" = {_from_staged(resource, name)}' for name in names)
    return (
        f"UPDATE {table} AS t SET {sets} FROM {staged} AS s"
        " WHERE t.organisation_id = s.organisation_id AND t.id = s.id"
    )


def _from_staged(resource: Resource, name: str) -> str:
    if name in array_columns(resource):
        return f's."{name}"::{column_type(resource, name)}'
    return f's."{name}"'


@lru_cache(maxsize=64)
def columns_of(resource: Resource) -> tuple[str, ...]:
    """The columns of its table, and the words that its records are found by."""
    words = () if resource.search is None else words_in(resource.search)
    return (*(str(column.name) for column in resource.table.columns), *words)


@lru_cache(maxsize=64)
def json_columns(resource: Resource) -> frozenset[str]:
    return _columns_of_type(resource, JSONB)


@lru_cache(maxsize=64)
def array_columns(resource: Resource) -> frozenset[str]:
    return _columns_of_type(resource, ARRAY)


def _columns_of_type(resource: Resource, type_: type[Any]) -> frozenset[str]:
    names = columns_of(resource)
    return frozenset(name for name in names if isinstance(_column(resource, name).type, type_))


@lru_cache(maxsize=64)
def _encoders(resource: Resource) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    encoders: dict[str, Callable[[Any], Any]] = dict.fromkeys(json_columns(resource), dumps)
    encoders |= dict.fromkeys(array_columns(resource), array_text)
    return tuple((name, encoders.get(name)) for name in columns_of(resource))


def encoded(resource: Resource, row: Mapping[str, Any]) -> Values:
    """A row as values in the order of `columns_of`; documents and arrays as text."""
    return [
        row[name] if encode is None or row[name] is None else encode(row[name])
        for name, encode in _encoders(resource)
    ]
