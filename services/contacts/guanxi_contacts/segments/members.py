"""Members of segments: taken, added and removed in one statement each, as far as one sees them."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql import ClauseElement

from guanxi_contacts.resources import ACCOUNTS
from guanxi_contacts.segments.meaning import FIND, MEMBER, Build, frozen
from guanxi_contacts.segments.telling import PATIENT_SECONDS, tell_segment
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference
from guanxi_shared.filters import Binder
from guanxi_shared.resources import Resource
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.visibility import Scope, predicate

# The connection is bound already; $1 is unused by the text and keeps the numbering shared.
# A hundred thousand members take longer than a request's other statements may.
PATIENCE: Final = "SET LOCAL statement_timeout = '25s'"
UNUSED: Final = "WITH unused AS (SELECT $1::text)"


async def segment_row(call: Call, segment_id: UUID, resource: str) -> asyncpg.Record:
    """What `meaning_of` takes, of a segment that was loaded already."""
    asked = (call.organisation, [segment_id], resource)
    return (await call.db.lookup(call.organisation, FIND, *asked))[0]


async def take(
    call: Call, connection: Connection, segment_id: UUID, resource: Resource, build: Build,
    *, ids: Sequence[UUID] | None = None,
) -> int:  # fmt: skip
    """Everything visible that a condition means becomes a member, and is told to be one; how many did. `ids` are those
    that it can mean, where they are known."""
    bind, scope = Binder(), await call.scope(resource.name)
    columns = (bindparam("organisation", type_=Uuid), bindparam("segment", type_=Uuid))
    found = _visible(resource, scope, build(bind)).with_only_columns(*columns, resource.table.c.id)
    names = ["organisation_id", "segment_id", "member_id"]
    await connection.execute(PATIENCE)
    adding = insert(MEMBER).from_select(names, found).on_conflict_do_nothing()
    values = {**bind.values, **scope.params()}
    count = await _done(call, connection, adding, segment_id, values)
    await _tell(call, connection, segment_id, resource, ids)
    return count


async def add(
    call: Call, connection: Connection, segment_id: UUID, resource: Resource, ids: Sequence[UUID]
) -> int:
    """Records become members; UnknownReference for one that the caller does not see."""
    if not ids:
        return 0
    bind, scope = Binder(), await call.scope(resource.name)
    seen = _visible(resource, scope, _named(resource, ids, bind))
    compiled = compile_after_binding(seen)
    values = {"organisation": call.organisation, **bind.values, **scope.params()}
    rows = await connection.fetch(
        f"{UNUSED} {compiled.sql}", "", *compiled.args(values)
    )  # fmt: skip
    if missing := set(ids) - {row["id"] for row in rows}:
        raise UnknownReference(
            f"There is no {resource.noun} {str(min(missing))!r}.",
            errors={"add": f"There is no such {resource.noun}."},
        )
    return await take(
        call, connection, segment_id, resource, lambda b: _named(resource, ids, b), ids=ids
    )


async def remove(
    call: Call, connection: Connection, segment_id: UUID, resource: Resource, ids: Sequence[UUID]
) -> int:
    """Those of the records that the caller sees are members no more."""
    if not ids:
        return 0
    bind, scope = Binder(), await call.scope(resource.name)
    seen = _visible(resource, scope, _named(resource, ids, bind))
    removing = delete(MEMBER).where(
        MEMBER.c.organisation_id == bindparam("organisation", type_=Uuid),
        MEMBER.c.segment_id == bindparam("segment", type_=Uuid),
        MEMBER.c.member_id.in_(seen),
    )
    values = {**bind.values, **scope.params()}
    count = await _done(call, connection, removing, segment_id, values)
    await _tell(call, connection, segment_id, resource, ids)
    return count


async def _tell(
    call: Call, connection: Connection, segment_id: UUID, resource: Resource, ids: Sequence[UUID] | None
) -> None:  # fmt: skip
    """Of people nobody is told: what is measured is of accounts."""
    if resource is ACCOUNTS:
        build = frozen(ACCOUNTS.table, segment_id)
        await tell_segment(
            connection, call.organisation, segment_id, build, actor=call.actor, ids=ids
        )


def combined(operation: str, one: Build, other: Build) -> Build:
    """Two conditions as one; what a condition cannot tell of a record, it does not mean."""

    def build(bind: Binder) -> ColumnElement[bool]:
        first, second = _told(one(bind)), _told(other(bind))
        if operation == "union":
            return or_(first, second)
        return and_(first, second if operation == "intersect" else not_(second))

    return build


def _told(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return func.coalesce(condition, False)


def _visible(resource: Resource, scope: Scope, condition: ColumnElement[bool]) -> Select[Any]:
    table = resource.table
    return select(table.c.id).where(
        table.c.organisation_id == bindparam("organisation", type_=Uuid),
        table.c.deleted_at.is_(None),
        predicate(table, scope),
        condition,
    )


def _named(resource: Resource, ids: Sequence[UUID], bind: Binder) -> ColumnElement[bool]:
    return resource.table.c.id == any_(bind(list(ids), ARRAY(Uuid)))


async def _done(
    call: Call, connection: Connection, statement: ClauseElement, segment_id: UUID,
    values: dict[str, Any],
) -> int:  # fmt: skip
    compiled = compile_after_binding(statement)
    values = {"organisation": call.organisation, "segment": segment_id, **values}
    sql, args = f"{UNUSED} {compiled.sql}", compiled.args(values)
    done = await connection.execute(sql, "", *args, timeout=PATIENT_SECONDS)
    return int(done.rpartition(" ")[2])
