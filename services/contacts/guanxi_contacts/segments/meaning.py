"""What a segment means as a condition of its resource's table, and `segment_id` as a field of it.

A dynamic segment is the conditions of its document as they are now, which may name other segments;
a frozen one is a look into its members. Whoever asks sees of the members what they see anyway.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import ColumnElement, Table, Uuid, func, or_, select, true

from guanxi_contacts import models
from guanxi_shared import filters
from guanxi_shared import resources as r
from guanxi_shared.auth import Principal
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Binder, Clock, Condition, Groups
from guanxi_shared.kept_filters import BrokenFilter, understood
from guanxi_shared.reads import Asker
from guanxi_shared.resources import Field, Resource, looked_up
from guanxi_shared.visibility import Scope

MEMBER: Final = models.Account.metadata.tables["segment_members"]
DEEPEST: Final = 5

# On a connection of its own: it is asked in the middle of transactions, too.
FIND: Final = """
SELECT id, name, kind, document::text, owner_id, team_id, looked_at, not_told FROM segments
WHERE organisation_id = $2 AND id = ANY($3::uuid[]) AND resource = $4 AND deleted_at IS NULL
"""

Build = Callable[[Binder], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """`shape` is what the text that `build` makes depends on."""

    shape: Hashable
    build: Build


@dataclass(frozen=True, slots=True)
class Inside:
    """The asker of what a segment's own document says; `path` are the segments it stands in."""

    asker: Asker
    path: tuple[UUID, ...]

    @property
    def db(self) -> Database:
        return self.asker.db

    @property
    def organisation(self) -> UUID:
        return self.asker.organisation

    @property
    def by(self) -> Principal | None:
        return self.asker.by

    @property
    def clock(self) -> Clock:
        return self.asker.clock

    @property
    def custom_fields(self) -> CustomFields:
        return self.asker.custom_fields

    async def scope_of(self, resource: Resource) -> Scope:
        return await self.asker.scope_of(resource)


def segment_field(table: Table, resource: Callable[[], Resource], segments: Resource) -> Field:
    """`segment_id`: members of a segment, of any of several, of none of them."""

    async def prepare(asker: Asker, item: Condition) -> Condition:
        wanted = item.value if isinstance(item.value, list) else [item.value]
        rows = await _find(asker, resource(), segments, wanted)
        try:
            meanings = [await meaning_of(asker, resource(), row) for row in rows]
        except BrokenFilter as problem:  # for this asker a value that cannot be compared with
            raise Malformed(
                problem.detail, errors=problem.errors, code=problem.instance_code
            ) from problem
        shape = tuple(meaning.shape for meaning in meanings)
        field = replace(item.field, where=_any_of(meanings), shape=shape, prepare=None)
        return replace(item, field=field)

    only = ("eq", "in", "nin")
    return looked_up("segment_id", r.ID, table, _unprepared, only=only, prepare=prepare)


async def meaning_of(asker: Asker, resource: Resource, row: asyncpg.Record) -> Meaning:
    """A segment's row as a condition; BrokenFilter when its document means nothing any more,
    Malformed when it stands in itself."""
    if row["kind"] == "frozen":
        return Meaning("frozen", frozen(resource.table, row["id"]))
    path = (*getattr(asker, "path", ()), row["id"])
    if row["id"] in path[:-1] or len(path) > DEEPEST:
        raise Malformed(
            f"The segment {row['name']!r} is made of itself, or of too many in each other.",
            errors={"segment_id": "Take one out of the circle."},
            code="segment_cycle",
        )
    where = f"segment {row['name']!r}"
    document = orjson.loads(row["document"])
    groups = await understood(Inside(asker, path), resource, document, where=where)
    return Meaning((filters.shape_of(groups), filters.kinds_of(groups)), condition_of(groups))


def frozen(table: Table, segment_id: UUID) -> Build:
    return lambda bind: _is_member(table, segment_id, bind)


def condition_of(groups: Groups) -> Build:
    def build(bind: Binder) -> ColumnElement[bool]:
        condition = filters.compile_groups(groups, bind)
        return true() if condition is None else condition

    return build


def within_segment(table: Table, meaning: Meaning, segment_id: UUID) -> Condition:
    """A condition for `ListQuery.within`: members only."""
    field = looked_up("segment_id", r.ID, table, _any_of([meaning]))
    return Condition(replace(field, shape=meaning.shape), "eq", segment_id, str(segment_id))


async def _find(
    asker: Asker, resource: Resource, segments: Resource, wanted: Sequence[UUID]
) -> list[asyncpg.Record]:
    """The segments, in the order they were named. Those that stand in another one are vouched for by
    whoever made that; the others must be the asker's to see."""
    asked = (asker.organisation, list(wanted), resource.name)
    rows = {row["id"]: row for row in await asker.db.lookup(asker.organisation, FIND, *asked)}
    if asker.by is not None and not getattr(asker, "path", ()):
        asker.by.demand(segments.permission("read"))
        scope = await asker.scope_of(segments)
        rows = {
            id: row
            for id, row in rows.items()
            if scope.covers(id=id, owner_id=row["owner_id"], team_id=row["team_id"])
        }
    for segment_id in wanted:
        if segment_id not in rows:
            raise Malformed(
                f"There is no segment of {resource.name} with the id {str(segment_id)!r}.",
                errors={"segment_id": "There is no such segment."},
                code="unknown_reference",
            )
    return [rows[segment_id] for segment_id in wanted]


def _is_member(table: Table, segment_id: UUID, bind: Binder) -> ColumnElement[bool]:
    members = select(MEMBER.c.member_id).where(
        MEMBER.c.organisation_id == table.c.organisation_id,
        MEMBER.c.segment_id == bind(segment_id, Uuid),
    )
    return table.c.id.in_(members)


def _any_of(meanings: Sequence[Meaning]) -> Any:
    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        among = func.coalesce(or_(*(meaning.build(bind) for meaning in meanings)), False)
        return ~among if operator == "nin" else among

    return where


def _unprepared(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    raise AssertionError("segment_id was not looked up; see reads.prepared")
