"""Many records of one resource at once: loaded in one statement, written with their events in a few.

The same rules as `records.load_record` and `records.update_record`: each record its own version and
event, and a change of nothing is none. Locks are taken in the order of the ids.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Select, Table, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import events
from guanxi_shared.bulk import column_type, encoded, insert_told, json_columns
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict
from guanxi_shared.records import Loaded, State, differs, event_of, state_bytes
from guanxi_shared.resources import DOCUMENT, Resource
from guanxi_shared.schema import COPIED, WORDS
from guanxi_shared.statements import Shapes

SHAPES = Shapes()
LOG = f"""
INSERT INTO events ({events.NAMES}) SELECT {events.READ}
FROM jsonb_to_recordset($1::text::jsonb) AS logged ({events.ARRIVING})
"""


@dataclass(slots=True)
class Change:
    """What is to become of one loaded record; see `records.update_record` for the parts."""

    loaded: Loaded
    columns: Mapping[str, Any] = field(default_factory=dict)
    computed: Mapping[str, Any] = field(default_factory=dict)
    verb: str = "updated"
    more: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None


async def load_many(
    connection: Connection, resource: Resource, ids: Iterable[UUID], *, for_update: bool = False
) -> dict[UUID, Loaded]:
    """Rows under their locks, deleted ones too; who may see them is for the caller to decide.

    `for_update` also keeps others from making references to them meanwhile.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    # First the locks: values from other tables that a statement reads while it waits are old ones.
    await _rows(connection, resource, wanted, locks="update" if for_update else "change")
    records = await _rows(connection, resource, wanted, locks=None)
    return {record["id"]: loaded_from(resource, record) for record in records}


async def _rows(
    connection: Connection, resource: Resource, ids: Sequence[UUID], *, locks: str | None
) -> list[Any]:
    compiled = SHAPES.get((resource.name, locks), lambda: _select(resource, locks))
    sql = f"SELECT found.* FROM (SELECT $1::text) AS unused, LATERAL ({compiled.sql}) AS found"
    return await connection.fetch(sql, "", *compiled.args({"ids": list(ids)}))


def _select(resource: Resource, locks: str | None) -> Select[Any]:
    table = resource.table
    computed = [resource.fields[n].shown.label(f"_computed_{n}") for n in sorted(resource.computed)]
    stored = [column for column in table.columns if column.name != DOCUMENT]
    shown = [table.c.id] if locks else [*stored, *computed]
    found = select(*shown).where(table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    found = found.order_by(table.c.id)
    if locks is None:
        return found
    return found.with_for_update(of=table, key_share=locks == "change")


def loaded_from(resource: Resource, record: asyncpg.Record) -> Loaded:
    """A row with all columns of its table, read under its lock, and `_computed_<field>` for each
    computed field."""
    row = dict(record)
    row.pop(DOCUMENT, None)
    computed = {n: orjson.loads(row.pop(f"_computed_{n}") or "[]") for n in resource.computed}
    for name in json_columns(resource):
        if row[name] is not None:
            row[name] = orjson.loads(row[name])
    return Loaded(row, computed)


async def insert_many(
    connection: Connection, resource: Resource, rows: Iterable[Mapping[str, Any]], *, actor: Actor,
    verb_of: Callable[[Mapping[str, Any]], str] = lambda row: "created",
) -> None:  # fmt: skip
    """New records with what they are found by, each told in its verb. The rows are whole: all columns,
    times and version among them, and the words."""
    values, logged = [], []
    for row in rows:
        after = state_bytes(resource.state(row, {}))
        document = {DOCUMENT: after.decode()} if resource.has_documents else {}
        values.append(encoded(resource, {**row, **document}))
        logged.append(event_of(resource, verb_of(row), row, after, actor, changed=(), before=None))
    await insert_told(connection, resource, values, logged)


async def write_many(
    connection: Connection, resource: Resource, changes: Sequence[Change], *, actor: Actor
) -> int:
    """Write what differs of loaded records; how many were written. The loaded rows follow."""
    written, logged = [], []
    for change in changes:
        if (event := _written(resource, change, actor)) is not None:
            written.append(change)
            logged.append(event)
    if not written:
        return 0
    await _update(connection, resource, written)
    await connection.execute(LOG, _json(logged))
    return len(written)


async def log_many(
    connection: Connection, resource: Resource, about: Sequence[Change], *, actor: Actor
) -> None:
    """Events of what happened to records without changing them: their verb and their `more`."""
    now = datetime.now(UTC)
    logged = []
    for each in about:
        row, state = each.loaded.row, resource.state(each.loaded.row, each.loaded.computed)
        event = _event(resource, each.verb, row, state, actor, changed=(), before=each.more)
        logged.append(event | {"occurred_at": now})
    if logged:
        await connection.execute(LOG, _json(logged))


def states_of(resource: Resource, changes: Sequence[Change]) -> list[State]:
    """The records as the API shows them, once they are written."""
    return [resource.state(each.loaded.row, each.loaded.computed) for each in changes]


async def _update(connection: Connection, resource: Resource, changes: Sequence[Change]) -> None:
    """The rows, then what of their search rows follows: copies of columns, and new words."""
    rows = [change.loaded.row for change in changes]
    named = {name for change in changes for name in change.columns} - set(WORDS)
    names = sorted(named | {"version", "updated_at"} | ({DOCUMENT} & rows[0].keys()))
    done = await _set(connection, resource, resource.table, rows, names)
    if done != f"UPDATE {len(rows)}":  # cannot happen under the locks
        raise Conflict(f"Some {resource.name} were changed at the same moment; try again.")
    if resource.search is None:
        return
    if copied := [name for name in COPIED if name in named]:
        await _set(connection, resource, resource.search, rows, copied)
    worded = [change for change in changes if change.columns.keys() & set(WORDS)]
    if worded:
        words = [word for word in WORDS if word in worded[0].columns]
        entered = [{**each.loaded.row, **each.columns} for each in worded]
        await _set(connection, resource, resource.search, entered, words)


async def _set(
    connection: Connection, resource: Resource, table: Table, rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
) -> str:  # fmt: skip
    kept = ("organisation_id", "id", *names)
    kinds = ", ".join(f'"{name}" {column_type(resource, name)}' for name in kept)
    sets = ", ".join(f'"{name}" = s."{name}"' for name in names)
    guard = " AND t.version = s.version - 1" if "version" in names else ""
    sql = (
        f"UPDATE {table.name} AS t SET {sets} FROM jsonb_to_recordset($1::text::jsonb) AS s ({kinds})"
        f" WHERE t.organisation_id = s.organisation_id AND t.id = s.id{guard}"
    )
    return await connection.execute(sql, _json([{n: row[n] for n in kept} for row in rows]))


def _written(resource: Resource, change: Change, actor: Actor) -> dict[str, Any] | None:
    """The event of a change, whose row is then the new one; None when nothing differs."""
    old = change.loaded.row
    row = {**old, **{name: value for name, value in change.columns.items() if name not in WORDS}}
    computed = {**change.loaded.computed, **change.computed}
    old_state, state = resource.state(old, change.loaded.computed), resource.state(row, computed)
    changed = [name for name in state if differs(state[name], old_state[name])]
    hidden = any(row[name] != old[name] for name in row if name not in resource.fields)
    if not changed and not hidden and change.verb == "updated":
        return None
    row |= {"version": old["version"] + 1, "updated_at": change.at or datetime.now(UTC)}
    state |= {"version": row["version"], "updated_at": row["updated_at"]}
    if resource.has_documents:
        row[DOCUMENT] = state_bytes(state).decode()
    change.loaded.row, change.loaded.computed = row, computed
    before = {name: old_state[name] for name in changed} | dict(change.more)
    return _event(resource, change.verb, row, state, actor, changed=changed, before=before)


def _event(
    resource: Resource, verb: str, row: Mapping[str, Any], state: State, actor: Actor,
    *, changed: Sequence[str], before: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    after = state_bytes(state)
    values = event_of(resource, verb, row, after, actor, changed=changed, before=before)
    event = dict(zip((name for name, _ in events.COLUMNS), values, strict=True))
    return event | {name: orjson.Fragment(event[name]) for name in ("before", "after")}


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows, option=orjson.OPT_UTC_Z, default=str).decode()
