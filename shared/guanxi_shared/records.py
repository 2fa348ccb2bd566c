"""Writing records: the row, what it is found by and its event in one data-modifying statement.

A service decides (`rules.py`), these functions write: insert, load under lock, update, delete,
restore. Every one leaves an event; an update that changes nothing leaves none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Table, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import events
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred, Outrun
from guanxi_shared.errors import Conflict, Forbidden, NotFound
from guanxi_shared.grouped.rows import Row, Shape
from guanxi_shared.record_statements import (
    TARGET,
    columns_and_words,
    decoded,
    insert_ctes,
    nulls_of,
    update_ctes,
)
from guanxi_shared.resources import DOCUMENT, Resource, shown_as_stored
from guanxi_shared.schema import WORDS
from guanxi_shared.statements import Compiled, Shapes
from guanxi_shared.visibility import Scope

State = dict[str, Any]
SHAPES = Shapes()


@dataclass(slots=True)
class Loaded:
    """A record held under its row lock: stored columns, and the fields the service computes."""

    row: dict[str, Any]
    computed: dict[str, Any]

    @property
    def id(self) -> UUID:
        found: UUID = self.row["id"]
        return found

    @property
    def version(self) -> int:
        return int(self.row["version"])


async def insert_record(
    connection: Connection | Deferred,
    resource: Resource,
    columns: Mapping[str, Any],
    *,
    actor: Actor,
    computed: Mapping[str, Any] | None = None,
    verb: str = "created",
) -> State:
    """Write a new row and its event in one statement; the state as the API shows it.

    `columns` are those of the table and, with a search table, the words to find the record by.
    """
    now = datetime.now(UTC)
    row = {"created_at": now, "updated_at": now, "version": 1, **columns}
    state = resource.state({**nulls_of(resource.table), **row}, computed or {})
    after = state_bytes(state)
    if resource.has_documents:
        row[DOCUMENT] = after.decode()
    shape = _shape(resource, tuple(row))
    event = event_of(resource, verb, row, after, actor, changed=(), before=None)
    if isinstance(connection, Deferred) and connection.is_untouched:
        await connection.insert_alone(state, shape, Row(row, event))
    else:
        ctes = insert_ctes(*shape.written)
        values = shape.parameters(row)
        await connection.fetchval(f"WITH {ctes(1, '(SELECT 1) AS one')}", *values, *event)
    return state


@lru_cache(maxsize=1024)
def _shape(resource: Resource, columns: tuple[str, ...]) -> Shape:
    names, words = columns_and_words(resource, columns)
    shown = tuple(name for name in names if name in shown_as_stored(resource))
    return Shape(resource.table, resource.search, names, words, shown)


def is_same_create(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a repeated create with the client's own id asks for what is stored already; what the
    server added (E.164 forms, defaults) does not count."""
    return _within(_comparable(wanted), _comparable(existing))


def _within(wanted: Any, existing: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(existing, dict):
        return all(_within(value, existing.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(existing, list):
        return len(wanted) == len(existing) and all(map(_within, wanted, existing))
    return bool(wanted == existing) or _is_spelt_otherwise(wanted, existing)


def _is_spelt_otherwise(wanted: Any, existing: Any) -> bool:
    """One number (`"0.850"`, 0.85) or one moment (`+08:00`, `Z`) written in two ways."""
    try:
        if isinstance(existing, int | float) and isinstance(wanted, str):
            return float(wanted) == existing
        if isinstance(existing, str) and isinstance(wanted, str) and existing.endswith("Z"):
            return datetime.fromisoformat(wanted) == datetime.fromisoformat(existing)
    except (ValueError, TypeError):
        return False
    return False


def differs(new: Any, old: Any) -> bool:
    """As JSON. Most values are the very ones that they were, and are not looked into."""
    if new is old:
        return False
    if type(new) is type(old) and isinstance(new, str | int | float):
        return bool(new != old)
    return bool(_comparable(new) != _comparable(old))


def _comparable(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_UTC_Z, default=str))


async def load_record(
    connection: Connection | Deferred,
    resource: Resource,
    record_id: UUID,
    *,
    scope: Scope,
    to_write: bool = True,
    deleted: bool = False,
) -> Loaded:
    """The row under `FOR NO KEY UPDATE`; before a deferred transaction has begun, without a lock, and
    then the write makes sure that nobody was quicker. NotFound if the caller may not see it,
    Forbidden if they may see but not change it."""
    if isinstance(connection, Deferred) and connection.is_untouched:
        one = _loading(resource, deleted=deleted, locks=False)
        many = _loading(resource, deleted=deleted, locks=False, many=True)
        record = await connection.read_alone(one, many, record_id)
    else:
        compiled = _loading(resource, deleted=deleted, locks=True)
        args = compiled.args({"record": record_id})
        # The connection is bound already; $1 is unused by the text and keeps the numbering shared.
        sql = f"SELECT found.* FROM (SELECT $1::text) AS bound, LATERAL ({compiled.sql}) AS found"
        record = await connection.fetchrow(sql, "", *args)
        if record is not None and record.get("_seen", record["version"]) != record["version"]:
            # It waited for another change: what it read of other tables is older than the row.
            record = await connection.fetchrow(sql, "", *args)
    row = dict(record) if record is not None else None
    if row is None or not _covers(scope, row):
        raise NotFound(f"There is no {resource.noun} with the id {str(record_id)!r}.")
    if to_write and not _may_write(scope, row):
        raise Forbidden(f"You may read this {resource.noun} but not change it.", code="read_only")
    row.pop("_seen", None)
    computed = {
        name: orjson.loads(row.pop(f"_computed_{name}") or "[]") for name in resource.computed
    }
    return Loaded(decoded(resource.table, row), computed)


def _loading(resource: Resource, *, deleted: bool, locks: bool, many: bool = False) -> Compiled:
    key = ("load", resource.name, deleted, locks, many)
    return SHAPES.get(key, lambda: _load_select(resource, deleted=deleted, locks=locks, many=many))


def _load_select(resource: Resource, *, deleted: bool, locks: bool, many: bool) -> Any:
    table = resource.table
    stored = [column for column in table.columns if column.name != DOCUMENT]
    computed = [resource.fields[n].shown.label(f"_computed_{n}") for n in sorted(resource.computed)]
    if computed and locks:
        computed.append(_version_seen(table).label("_seen"))
    present = table.c.deleted_at.is_not(None) if deleted else table.c.deleted_at.is_(None)
    wanted = any_(bindparam("ids", type_=ARRAY(Uuid))) if many else bindparam("record", type_=Uuid)
    found = select(*stored, *computed).where(table.c.id == wanted, present)
    # References to it may be made meanwhile.
    return found.with_for_update(of=table, key_share=True) if locks else found


def _version_seen(table: Table) -> ColumnElement[Any]:
    """The version as of the statement's beginning, where the locked row itself is the newest."""
    seen = table.alias("seen")
    same = (seen.c.organisation_id == table.c.organisation_id) & (seen.c.id == table.c.id)
    return select(seen.c.version).where(same).correlate(table).scalar_subquery()


def _covers(scope: Scope, row: Mapping[str, Any]) -> bool:
    return scope.covers(id=row["id"], owner_id=row.get("owner_id"), team_id=row.get("team_id"))


def _may_write(scope: Scope, row: Mapping[str, Any]) -> bool:
    return scope.may_write(id=row["id"], owner_id=row.get("owner_id"), team_id=row.get("team_id"))


async def update_record(
    connection: Connection | Deferred,
    resource: Resource,
    loaded: Loaded,
    changes: Mapping[str, Any],
    *,
    actor: Actor,
    computed: Mapping[str, Any] | None = None,
    verb: str = "updated",
    more: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> State:
    """Write changed columns, one version up, and the event; unchanged values change nothing.

    `changes` are stored columns, `computed` the new values of computed fields (their own rows are
    written by the service, in the same transaction), `more` is added to the event's `before`, `at`
    is when it happened, if that is not now.
    """
    old_state = resource.state(loaded.row, loaded.computed)
    row = {**loaded.row, **changes}
    state = resource.state(row, {**loaded.computed, **(computed or {})})
    changed = [n for n in state if differs(state[n], old_state[n])]
    written = {n: v for n, v in changes.items() if n in WORDS or v != loaded.row.get(n)}
    hidden = [n for n in written if n not in resource.fields and n not in WORDS]
    if not changed and not hidden and verb == "updated":
        return old_state
    return await _write(
        connection, resource, loaded, written, state, old_state, changed, actor, verb, more, at
    )


async def _write(
    connection: Connection | Deferred, resource: Resource, loaded: Loaded, written: Mapping[str, Any],
    state: State, old_state: State, changed: Sequence[str], actor: Actor, verb: str,
    more: Mapping[str, Any] | None, at: datetime | None,
) -> State:  # fmt: skip
    version, now = loaded.version + 1, at or datetime.now(UTC)
    state |= {"version": version, "updated_at": now}
    after = state_bytes(state)
    columns = {**written, "version": version, "updated_at": now}
    if resource.has_documents:
        columns[DOCUMENT] = after.decode()
    before = {name: old_state[name] for name in changed} | dict(more or {})
    row = {**loaded.row, **columns}
    event = event_of(resource, verb, row, after, actor, changed=changed, before=before)
    shape = _shape(resource, tuple(columns))
    if isinstance(connection, Deferred) and connection.is_untouched:
        changed_row = Row(columns, event, at=loaded.version)
        written_id = await connection.update_alone(shape, changed_row)
    else:
        ctes, target = update_ctes(*shape.written), (loaded.id, loaded.version)
        sql, values = f"WITH {TARGET}, {ctes(1 + len(target))}", shape.parameters(columns)
        written_id = await connection.fetchval(sql, *target, *values, *event)
    if written_id is None:
        if isinstance(connection, Deferred):
            raise Outrun
        # Cannot happen under the row lock; never answer success without a write.
        raise Conflict(f"This {resource.noun} was changed at the same moment; read it again.")
    loaded.row = row
    return state


async def delete_record(
    connection: Connection, resource: Resource, loaded: Loaded, *, actor: Actor,
    more: Mapping[str, Any] | None = None, at: datetime | None = None,
) -> State:  # fmt: skip
    """A soft delete: the row stays, nothing shows it, `restore_record` brings it back. `more` are
    columns that change with it."""
    now = at or datetime.now(UTC)
    return await update_record(
        connection, resource, loaded, {**(more or {}), "deleted_at": now},
        actor=actor, verb="deleted", at=now,
    )  # fmt: skip


async def restore_record(
    connection: Connection, resource: Resource, loaded: Loaded, *, actor: Actor,
    more: Mapping[str, Any] | None = None, at: datetime | None = None,
) -> State:  # fmt: skip
    return await update_record(
        connection, resource, loaded, {**(more or {}), "deleted_at": None},
        actor=actor, verb="restored", at=at,
    )  # fmt: skip


def event_of(
    resource: Resource, verb: str, row: Mapping[str, Any], after: bytes, actor: Actor,
    *, changed: Sequence[str], before: Mapping[str, Any] | None,
) -> list[Any]:  # fmt: skip
    """What is logged of a row that was just written so; `after` is its state."""
    return events.event_values(
        organisation_id=row["organisation_id"],
        type=resource.event_type(verb),
        subject_type=resource.noun,
        subject_id=row["id"],
        version=row["version"],
        actor=actor,
        changed=changed,
        before=before,
        after=after,
        owner_id=row.get("owner_id"),
        team_id=row.get("team_id"),
        occurred_at=row["updated_at"],
    )


def state_bytes(state: State) -> bytes:
    return orjson.dumps(state, option=orjson.OPT_UTC_Z, default=str)
