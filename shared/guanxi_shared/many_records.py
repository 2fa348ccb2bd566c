"""Many records of one resource at once: loaded in one statement, written with their events in two.

The same rules as `records.load_record` and `records.update_record`: each record its own version and
event, and a change of nothing is none. Locks are taken in the order of the ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, Table, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import events
from guanxi_shared.bulk import column_type, json_columns
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict
from guanxi_shared.records import Loaded, State, state_bytes
from guanxi_shared.resources import Resource
from guanxi_shared.statements import Shapes

SHAPES = Shapes()
EVENT_TYPES = ", ".join(f'"{name}" {kind}' for name, kind in events.COLUMNS)
LOG = f"""
INSERT INTO events ({events.NAMES}) SELECT {events.NAMES}
FROM jsonb_to_recordset($1::text::jsonb) AS logged ({EVENT_TYPES})
"""


@dataclass(slots=True)
class Change:
    """What is to become of one loaded record; see `records.update_record` for the parts."""

    loaded: Loaded
    columns: Mapping[str, Any] = field(default_factory=dict)
    computed: Mapping[str, Any] = field(default_factory=dict)
    verb: str = "updated"
    more: Mapping[str, Any] = field(default_factory=dict)


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
    return {record["id"]: _loaded(resource, dict(record)) for record in records}


async def _rows(
    connection: Connection, resource: Resource, ids: Sequence[UUID], *, locks: str | None
) -> list[Any]:
    compiled = SHAPES.get((resource.name, locks), lambda: _select(resource, locks))
    sql = f"SELECT found.* FROM (SELECT $1::text) AS unused, LATERAL ({compiled.sql}) AS found"
    return await connection.fetch(sql, "", *compiled.args({"ids": list(ids)}))


def _select(resource: Resource, locks: str | None) -> Select[Any]:
    table = resource.table
    computed = [resource.fields[n].shown.label(f"_computed_{n}") for n in sorted(resource.computed)]
    shown = [table.c.id] if locks else [*table.columns, *computed]
    found = select(*shown).where(table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    found = found.order_by(table.c.id)
    if locks is None:
        return found
    return found.with_for_update(of=table, key_share=locks == "change")


def _loaded(resource: Resource, row: dict[str, Any]) -> Loaded:
    computed = {n: orjson.loads(row.pop(f"_computed_{n}") or "[]") for n in resource.computed}
    for name in json_columns(resource.table):
        if row[name] is not None:
            row[name] = orjson.loads(row[name])
    return Loaded(row, computed)


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
    names = {name for change in written for name in change.columns} | {"version", "updated_at"}
    await _update(connection, resource, [change.loaded.row for change in written], sorted(names))
    await connection.execute(LOG, _json(logged))
    return len(written)


async def _update(
    connection: Connection, resource: Resource, rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
) -> None:  # fmt: skip
    kept = ("organisation_id", "id", *names)
    values = [{name: row[name] for name in kept} for row in rows]
    done: str = await connection.execute(_update_sql(resource.table, names), _json(values))
    if done != f"UPDATE {len(rows)}":  # cannot happen under the locks
        raise Conflict(f"Some {resource.name} were changed at the same moment; try again.")


def _update_sql(table: Table, names: Sequence[str]) -> str:
    kept = ("organisation_id", "id", *names)
    kinds = ", ".join(f'"{name}" {column_type(table, name)}' for name in kept)
    sets = ", ".join(f'"{name}" = s."{name}"' for name in names)
    return (
        f"UPDATE {table.name} AS t SET {sets} FROM jsonb_to_recordset($1::text::jsonb) AS s ({kinds})"
        " WHERE t.organisation_id = s.organisation_id AND t.id = s.id AND t.version = s.version - 1"
    )


def _written(resource: Resource, change: Change, actor: Actor) -> dict[str, Any] | None:
    """The event of a change, whose row is then the new one; None when nothing differs."""
    old, row = change.loaded.row, {**change.loaded.row, **change.columns}
    computed = {**change.loaded.computed, **change.computed}
    old_state, state = resource.state(old, change.loaded.computed), resource.state(row, computed)
    changed = [name for name in state if _plain(state[name]) != _plain(old_state[name])]
    hidden = any(name not in resource.fields and row[name] != old[name] for name in change.columns)
    if not changed and not hidden and change.verb == "updated":
        return None
    row |= {"version": old["version"] + 1, "updated_at": datetime.now(UTC)}
    state |= {"version": row["version"], "updated_at": row["updated_at"]}
    change.loaded.row, change.loaded.computed = row, computed
    before = {name: old_state[name] for name in changed} | dict(change.more)
    return _event(resource, change.verb, row, state, actor, changed=changed, before=before)


def _event(
    resource: Resource, verb: str, row: Mapping[str, Any], state: State, actor: Actor,
    *, changed: Sequence[str], before: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
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
        occurred_at=row["updated_at"],
    )
    event = dict(zip((name for name, _ in events.COLUMNS), values, strict=True))
    return event | {name: orjson.Fragment(event[name]) for name in ("before", "after")}


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_UTC_Z, default=str))


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows, option=orjson.OPT_UTC_Z, default=str).decode()
