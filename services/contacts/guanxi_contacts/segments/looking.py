"""Looking at segments: with their count, at their members, and from a record's side."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Text, Uuid, bindparam, case, cast, select

from guanxi_contacts.resources import BY_NAME
from guanxi_contacts.segments.meaning import Meaning, meaning_of, within_segment
from guanxi_contacts.segments.members import segment_row
from guanxi_contacts.segments.resources import SEGMENT, SEGMENTS
from guanxi_shared import pages, reads
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Binder
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_shared.kept_filters import BrokenFilter
from guanxi_shared.pages import ListQuery
from guanxi_shared.resources import Resource
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.visibility import predicate

MOST_ASKED: Final = 500


async def segment_with_count(call: Call, segment_id: UUID) -> bytes:
    """The segment, and how many of its members the caller sees at this moment."""
    row = await reads.find_record(call, SEGMENTS, segment_id)
    counted: dict[str, Any] = {"count": None, "counted_at": call.clock.now, "problem": None}
    resource = BY_NAME[row["resource"]]
    stored = await segment_row(call, segment_id, resource.name)
    counted |= {name: stored[name] for name in ("looked_at", "not_told")}
    try:
        meaning = await meaning_of(call, resource, stored)
        everything = pages.from_query_string(b"", resource, resource.fields, call.clock)
        members = _within(everything, resource, meaning, segment_id)
        counted["count"] = await reads.count_records(call, resource, members)
    except (BrokenFilter, Malformed) as problem:
        counted["problem"] = problem.detail
    return orjson.dumps({**row, **counted}, option=JSON_OPTIONS)


async def members_page(call: Call, segment_id: UUID, raw: bytes) -> tuple[Resource, ListQuery]:
    """The list that a query string means, of the members that the caller sees."""
    row = await reads.find_record(call, SEGMENTS, segment_id)
    resource, meaning = await _meaning(call, row)
    call.by.demand(resource.permission("read"))
    fields = await reads.all_fields(call, resource)
    query = pages.from_query_string(raw, resource, fields, call.clock)
    query = await reads.prepared(call, query)
    return resource, _within(query, resource, meaning, segment_id)


async def segments_of(call: Call, resource: Resource, record_id: UUID) -> list[dict[str, Any]]:
    """The segments shown to the caller in which a record is that they see; two statements."""
    await reads.find_record(call, resource, record_id)
    bind, asked = Binder(), []
    for row in await _shown(call, resource):
        try:
            meaning = await meaning_of(call, resource, row)
        except (BrokenFilter, Malformed):  # it means nothing: nobody is in it
            continue
        asked.append((row, meaning.build(bind)))
    if not asked:
        return []
    columns = [case((c, 1), else_=0).label(f"c{i}") for i, (_, c) in enumerate(asked)]
    compiled = compile_after_binding(
        select(*columns).where(
            resource.table.c.organisation_id == bindparam("organisation", type_=Uuid),
            resource.table.c.id == bindparam("record", type_=Uuid),
        )
    )
    values = {"organisation": call.organisation, "record": record_id, **bind.values}
    among = await call.db.pool.fetchrow(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    found = among.values() if among is not None else ()
    pairs = zip(asked, found, strict=False)
    return [{n: row[n] for n in ("id", "name", "kind")} for (row, _), is_in in pairs if is_in]


async def _shown(call: Call, resource: Resource) -> list[Any]:
    scope = await call.scope_of(SEGMENTS)
    names = ("id", "name", "kind", "owner_id", "team_id")
    compiled = compile_after_binding(
        select(
            *(SEGMENT.c[name] for name in names), cast(SEGMENT.c.document, Text).label("document")
        )
        .where(
            SEGMENT.c.organisation_id == bindparam("organisation", type_=Uuid),
            SEGMENT.c.resource == bindparam("resource", type_=Text),
            SEGMENT.c.deleted_at.is_(None),
            predicate(SEGMENT, scope),
        )
        .order_by(SEGMENT.c.name, SEGMENT.c.id)
        .limit(MOST_ASKED)
    )
    values = {"organisation": call.organisation, "resource": resource.name, **scope.params()}
    found: list[Any] = await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    return found


async def _meaning(call: Call, row: reads.Row) -> tuple[Resource, Meaning]:
    resource = BY_NAME[row["resource"]]
    stored = await segment_row(call, UUID(row["id"]), resource.name)
    return resource, await meaning_of(call, resource, stored)


def _within(query: ListQuery, resource: Resource, meaning: Meaning, segment_id: UUID) -> ListQuery:
    return replace(query, within=(within_segment(resource.table, meaning, segment_id),))
