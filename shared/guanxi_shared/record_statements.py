"""The statements by which records are written, each compiled once for a shape, and values as the driver takes
them and gives them back."""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from guanxi_shared import events
from guanxi_shared.resources import Resource
from guanxi_shared.schema import COPIED, WORDS
from guanxi_shared.statements import array_text, type_of

# What an update changes, if it is still as it was read. That it names something at all is asked without
# the table's columns, so before the table is looked at, by whatever plan: a binding in front of it has
# then run (see Deferred.update_alone).
TARGET = "target AS MATERIALIZED (SELECT $1::uuid AS id, $2::bigint AS version)"


def columns_and_words(
    resource: Resource, columns: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the record's own columns, and of the words it is found by."""
    if resource.search is None:
        return tuple(sorted(columns)), ()
    return (
        tuple(sorted(name for name in columns if name not in WORDS)),
        tuple(name for name in WORDS if name in columns),
    )


def parameters_of(
    table: Table,
    search: Table | None,
    names: tuple[str, ...],
    words: tuple[str, ...],
    columns: Mapping[str, Any],
) -> list[Any]:
    """The parameters of a row and of what it is found by."""
    values = _encoded_all(table, names, columns)
    if search is not None:
        values += _encoded_all(search, words, columns)
    return values


def _encoded_all(table: Table, names: tuple[str, ...], columns: Mapping[str, Any]) -> list[Any]:
    return [
        value if (value := columns[name]) is None or encode is None else encode(value)
        for name, encode in _encoders(table, names)
    ]


@lru_cache(maxsize=2048)
def _encoders(
    table: Table, names: tuple[str, ...]
) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """How the driver takes each of these columns; None for as it is."""
    known: dict[str, Callable[[Any], Any]] = dict.fromkeys(_json_columns(table), events.dumps)
    known |= dict.fromkeys(_array_columns(table), array_text)
    return tuple((name, known.get(name)) for name in names)


@lru_cache(maxsize=256)
def insert_ctes(
    table: Table, search: Table | None, names: tuple[str, ...], words: tuple[str, ...]
) -> Callable[[int, str], str]:
    """The row, its search row and its event as CTEs: parameters from `first` on, one row for a row
    of `source`."""
    columns = ", ".join(f'"{name}"' for name in names)
    types = [parameter_type(table, name) for name in names]
    copied = ", ".join(copied_columns(table, search))

    @lru_cache(maxsize=4)
    def build(first: int, source: str) -> str:
        values = ", ".join(f"${first + i}::{kind}" for i, kind in enumerate(types))
        at = first + len(names)
        found = ""
        if search is not None:
            entered = "".join(
                f", ${at + i}::{parameter_type(search, w)}" for i, w in enumerate(words)
            )
            found = (
                f"found AS (INSERT INTO {search.name} (organisation_id, id, {', '.join([copied, *words])}) "
                f"SELECT organisation_id, id, {copied}{entered} FROM inserted), "
            )
        event = events.logged(at + len(words), "inserted")
        return (
            f"inserted AS (INSERT INTO {table.name} ({columns}) SELECT {values} FROM {source} "
            f"RETURNING organisation_id, id{', ' + copied if copied else ''}), "
            f"{found}logged AS ({event}) SELECT id FROM inserted"
        )

    return build


def copied_columns(table: Table, search: Table | None) -> list[str]:
    return [] if search is None else [name for name in COPIED if name in table.c]


@lru_cache(maxsize=1024)
def update_ctes(
    table: Table, search: Table | None, names: tuple[str, ...], words: tuple[str, ...]
) -> Callable[[int], str]:
    """The same for what `target` names; the search row only if something of it changes."""
    sets = [(name, parameter_type(table, name)) for name in names]
    copied = [name for name in copied_columns(table, search) if name in names]

    @lru_cache(maxsize=4)
    def build(first: int) -> str:
        changed = ", ".join(
            f'"{name}" = ${first + i}::{kind}' for i, (name, kind) in enumerate(sets)
        )
        at = first + len(names)
        found = ""
        if search is not None and (copied or words):
            entered = [
                f"{word} = ${at + i}::{parameter_type(search, word)}"
                for i, word in enumerate(words)
            ]
            entered += [f"{name} = u.{name}" for name in copied]
            found = (
                f"found AS (UPDATE {search.name} AS s SET {', '.join(entered)} FROM updated AS u "
                "WHERE s.organisation_id = u.organisation_id AND s.id = u.id), "
            )
        event = events.logged(at + len(words), "updated")
        returned = ", ".join(f"t.{name}" for name in ["organisation_id", "id", *copied])
        return (
            f"updated AS (UPDATE {table.name} AS t SET {changed} WHERE (SELECT id FROM target) IS NOT NULL "
            "AND t.id = (SELECT id FROM target) AND t.version = (SELECT version FROM target) "
            f"RETURNING {returned}), "
            f"{found}logged AS ({event}) SELECT id FROM updated"
        )

    return build


@lru_cache(maxsize=2048)
def parameter_type(table: Table, name: str) -> str:
    """The type of a parameter for a column."""
    type_ = type_of(table.c[name])
    return f"text::{type_}" if name in _array_columns(table) else type_


@lru_cache(maxsize=64)
def _json_columns(table: Table) -> frozenset[str]:
    return frozenset(c.name for c in table.columns if isinstance(c.type, JSONB))


@lru_cache(maxsize=64)
def _array_columns(table: Table) -> frozenset[str]:
    return frozenset(c.name for c in table.columns if isinstance(c.type, ARRAY))


def decoded(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    for name in _json_columns(table):
        if row.get(name) is not None:
            row[name] = orjson.loads(row[name])
    return row


@lru_cache(maxsize=64)
def nulls_of(table: Table) -> dict[str, Any]:
    """What a column holds when a create does not name it (client-side defaults only)."""
    return {
        str(c.name): c.default.arg if c.default is not None and c.default.is_scalar else None  # type: ignore[attr-defined]
        for c in table.columns
    }
