"""Many records changed in one statement, each with its own event: `records.update_record` for sets.

The rows travel as one JSON document, so that the text does not depend on how many they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import asyncpg
import orjson
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB, dialect

from guanxi_shared import events
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict
from guanxi_shared.records import Loaded, State, state_bytes
from guanxi_shared.resources import Resource

DIALECT = dialect()  # type: ignore[no-untyped-call]
EVENT_TYPES = ", ".join(f'"{name}" {kind}' for name, kind in events.COLUMNS)
EVENT_VALUES = ", ".join(f'e."{name}"' for name, _ in events.COLUMNS)
LOGGED = (
    f"INSERT INTO events ({events.NAMES}) SELECT {EVENT_VALUES}"
    f" FROM jsonb_to_recordset($1::text::jsonb) AS e({EVENT_TYPES})"
)


@dataclass(frozen=True, slots=True)
class Change:
    """New values of stored columns of one record; `more` is added to its event's `before`."""

    loaded: Loaded
    columns: Mapping[str, Any]
    more: Mapping[str, Any] | None = None


def loaded_from(resource: Resource, row: asyncpg.Record) -> Loaded:
    """A row read with all its columns (under its lock) and `_computed_<field>` for computed fields."""
    found = dict(row)
    computed = {n: orjson.loads(found.pop(f"_computed_{n}") or "[]") for n in resource.computed}
    kept = {str(c.name): found[c.name] for c in resource.table.columns}
    for name in _json_columns(resource.table):
        kept[name] = None if kept[name] is None else orjson.loads(kept[name])
    return Loaded(kept, computed)


async def update_many(
    connection: Connection,
    resource: Resource,
    changes: Sequence[Change],
    *,
    actor: Actor,
    verb: str = "updated",
) -> list[State]:
    """Write the same columns of many records, which the caller holds under their locks; one version
    up and one event for each. The states as the API shows them, in the order of `changes`."""
    if not changes:
        return []
    now = datetime.now(UTC)
    written = [_written(resource, change, now) for change in changes]
    names = tuple(sorted(changes[0].columns))
    rows = [
        {"id": c.loaded.id, "expected": c.loaded.version, **{n: c.columns[n] for n in names}}
        for c in changes
    ]
    logged = [_event(resource, verb, *each, actor, now) for each in written]
    done = await connection.fetchval(
        _update_sql(resource.table, names),
        _dumps(logged), _dumps(rows), changes[0].loaded.row["organisation_id"], now,
    )  # fmt: skip
    if done != len(changes):  # cannot happen under the row locks; never half of a write
        raise Conflict(f"Some {resource.name} were changed at the same moment; try again.")
    for change, (row, _, _) in zip(changes, written, strict=True):
        change.loaded.row = row
    return [state for _, state, _ in written]


async def log_many(
    connection: Connection,
    resource: Resource,
    about: Sequence[tuple[Loaded, Mapping[str, Any]]],
    *,
    actor: Actor,
    verb: str,
) -> None:
    """Events of something that happened to records without changing them; each with its own `before`."""
    now = datetime.now(UTC)
    logged = [
        _event(
            resource, verb, of.row, resource.state(of.row, of.computed), ([], before), actor, now
        )
        for of, before in about
    ]
    if logged:
        await connection.execute(LOGGED, _dumps(logged))


def _written(
    resource: Resource, change: Change, now: datetime
) -> tuple[dict[str, Any], State, tuple[list[str], dict[str, Any]]]:
    """The row and state as they will be, and what of it changes from what."""
    loaded = change.loaded
    row = {**loaded.row, **change.columns, "version": loaded.version + 1, "updated_at": now}
    state, old = resource.state(row, loaded.computed), resource.state(loaded.row, loaded.computed)
    changed = [n for n in state if n not in ("version", "updated_at") and state[n] != old[n]]
    return row, state, (changed, {n: old[n] for n in changed} | dict(change.more or {}))


def _event(
    resource: Resource, verb: str, row: Mapping[str, Any], state: State,
    difference: tuple[Sequence[str], Mapping[str, Any]], actor: Actor, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    changed, before = difference
    values = events.event_values(
        organisation_id=row["organisation_id"],
        type=resource.event_type(verb),
        subject_type=resource.noun,
        subject_id=row["id"],
        version=row["version"],
        actor=actor,
        changed=changed,
        before=before,
        after=state_bytes(state),
        owner_id=row.get("owner_id"),
        team_id=row.get("team_id"),
        occurred_at=now,
    )
    named = dict(zip((name for name, _ in events.COLUMNS), values, strict=True))
    return named | {n: orjson.Fragment(named[n]) for n in ("before", "after")}


def _dumps(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows, option=orjson.OPT_UTC_Z, default=str).decode()


@lru_cache(maxsize=256)
def _update_sql(table: Table, names: tuple[str, ...]) -> str:
    types = ", ".join(f'"{n}" {table.c[n].type.compile(dialect=DIALECT)}' for n in names)
    sets = ", ".join(f'"{name}" = r."{name}"' for name in names)
    return (
        f"WITH updated AS (UPDATE {table.name} AS t"
        f" SET {sets}, version = t.version + 1, updated_at = $4::timestamptz"
        f" FROM jsonb_to_recordset($2::text::jsonb) AS r(id uuid, expected bigint, {types})"
        f" WHERE t.organisation_id = $3::uuid AND t.id = r.id AND t.version = r.expected"
        f" RETURNING t.id), logged AS ({LOGGED} JOIN updated ON updated.id = e.subject_id)"
        f" SELECT count(*) FROM updated"
    )


@lru_cache(maxsize=64)
def _json_columns(table: Table) -> frozenset[str]:
    return frozenset(str(c.name) for c in table.columns if isinstance(c.type, JSONB))
