"""The use case of undoing a merge: everything as it was, or field by field what stands in the way."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Numeric, Table, Uuid

from guanxi_contacts.merges.children import Kind, children_of
from guanxi_contacts.merges.loading import take_turns
from guanxi_contacts.merges.moves import Move, apply_moves, held_values, kept_moves
from guanxi_contacts.merges.queries import hold_merge, no_merge
from guanxi_contacts.merges.service import moved_ids, write_survivor
from guanxi_contacts.merges.subjects import SUBJECTS, Subject
from guanxi_contacts.merges.undo_rules import Restored, restored
from guanxi_contacts.resources import ACCOUNTS
from guanxi_contacts.segments.telling import tell_accounts
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.events import dumps
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.merging import AlreadyUndone, covers, demand_writable, refuse
from guanxi_shared.merging_rules import Obstacle
from guanxi_shared.records import Loaded
from guanxi_shared.resources import Resource

UNDONE = """
UPDATE merges SET status = 'undone', undone_at = clock_timestamp(), undone_by = $3, version = version + 1,
  updated_at = clock_timestamp(), kept = $4::text::jsonb WHERE organisation_id = $1 AND id = $2
"""
# Those of the records that have come to stand above themselves.
CYCLES = """
WITH RECURSIVE above (start, id) AS (
    SELECT id, {column} FROM {table} WHERE organisation_id = $1 AND id = ANY($2::uuid[])
    UNION SELECT above.start, t.{column} FROM {table} AS t JOIN above ON t.id = above.id
    WHERE t.organisation_id = $1
) SELECT DISTINCT start FROM above WHERE start = id
"""
OWNERS = (
    "SELECT id, owner_id, team_id FROM {table} WHERE organisation_id = $1 AND id = ANY($2::uuid[])"
)
# Those that were merged away, but for the ones that come back now.
MERGED = """
SELECT id FROM {table} WHERE organisation_id = $1 AND id = ANY($2::text[]::uuid[]) AND merged_into_id <> $3
"""
Merge = Mapping[str, Any]


async def undo_merge(call: Call, connection: Connection, merge_id: UUID, *, force: bool) -> None:
    """Back to what was before, versions going up. With `force` a field that changed since stays as
    it is now; a survivor or source that is gone, or a cycle, refuses all the same."""
    merge = await hold_merge(call, connection, merge_id)
    subject = SUBJECTS[merge["resource"]]
    await take_turns(connection, subject, call.organisation)
    survivor, sources = await _load(call, connection, subject, merge)
    call.by.demand(subject.resource.permission("update"))
    if merge["status"] == "undone":
        raise AlreadyUndone("This merge was undone already.")
    refuse(_gone(subject, merge, survivor, sources))
    back = _own_columns(subject, survivor, merge)
    name = subject.resource.name
    obstacles = [Obstacle(name, survivor.id, f, *values) for f, values in back.changed.items()]
    lost = await _merged_since(connection, subject, survivor, back.columns)
    obstacles += [
        Obstacle(name, survivor.id, f, survivor.row[f], back.columns.pop(f)) for f in lost
    ]
    children = children_of(subject.resource)
    moves = await kept_moves(connection, children, call.organisation, merge_id)
    moves, kept = await _movable(connection, merge, moves, call.organisation)
    obstacles += await _as_seen(call, connection, kept)
    if not force:
        refuse(obstacles)
    await _write(call, connection, subject, merge, survivor, sources, back.columns, moves)
    await _demand_no_cycle(connection, subject, [survivor, *sources])
    left = [{"resource": o.resource, "id": o.id, "field": o.field} for o in obstacles]
    await connection.execute(UNDONE, call.organisation, merge_id, call.by.user_id, dumps(left))


async def _load(
    call: Call, connection: Connection, subject: Subject, merge: Merge
) -> tuple[Loaded, list[Loaded]]:
    """The merged records under their locks. Whoever may not see the survivor knows of no merge."""
    ids = [merge["survivor_id"], *merge["source_ids"]]
    found = await load_many(connection, subject.resource, ids, for_update=True)
    scope = await call.scope(subject.resource.name)
    survivor = found.get(merge["survivor_id"])
    if survivor is None or not covers(scope, survivor):
        raise no_merge(merge["id"])
    for loaded in found.values():
        demand_writable(subject.resource, loaded, scope)
    return survivor, [found[id] for id in merge["source_ids"] if id in found]


def _gone(
    subject: Subject, merge: Merge, survivor: Loaded, sources: Sequence[Loaded]
) -> list[Obstacle]:
    """What no force helps against: the survivor was deleted or merged itself, a source is not what
    the merge made of it."""
    name = subject.resource.name
    obstacles: list[Obstacle] = []
    for field in ("merged_into_id", "deleted_at"):
        if survivor.row[field] is not None and not obstacles:
            obstacles.append(Obstacle(name, survivor.id, field, survivor.row[field], None))
    present = {source.id: source.row["merged_into_id"] for source in sources}
    for id in merge["source_ids"]:
        if present.get(id) != survivor.id:
            obstacles.append(Obstacle(name, id, "merged_into_id", present.get(id), survivor.id))
    return obstacles


def _own_columns(subject: Subject, survivor: Loaded, merge: Merge) -> Restored:
    """What goes back of the survivor's columns and computed fields."""
    resource = subject.resource
    fields = {n: resource.fields[n].columns for n in resource.shown if n not in resource.computed}
    fields |= {name: (name,) for name in resource.computed}
    touched = merge["after"].keys()
    now = {n: v for n, v in {**survivor.row, **survivor.computed}.items() if n in touched}
    return restored(orjson.loads(dumps(now)), merge["before"], merge["after"], fields)


async def _merged_since(
    connection: Connection, subject: Subject, survivor: Loaded, columns: Mapping[str, Any]
) -> list[str]:
    """The columns whose old values name a record that was itself merged into another one since."""
    named = {c: columns.get(c) for c in (subject.above, *subject.references) if columns.get(c)}
    sql = MERGED.format(table=subject.resource.table.name)
    organisation = survivor.row["organisation_id"]
    rows = await connection.fetch(sql, organisation, list(named.values()), survivor.id)
    gone = {str(row["id"]) for row in rows}
    return [column for column, value in named.items() if value in gone]


async def _movable(
    connection: Connection, merge: Merge, moves: Sequence[Move], organisation: UUID
) -> tuple[list[Move], list[tuple[Move, Any]]]:
    """The moves that can be taken back, turned round, and those whose child changed since, with what
    it holds now. A child that was put back by hand is neither."""
    merged = [merge["survivor_id"], *merge["source_ids"]]
    movable, kept = [], []
    for child in {move.child.name: move.child for move in moves}.values():
        own = [move for move in moves if move.child is child]
        ids = [move.record_id for move in own]
        held = await held_values(connection, child, organisation, ids, merged=merged)
        for move in own:
            now = held.get(move.record_id)
            if now == move.after:
                movable.append(move.back())
            elif now != move.before:
                kept.append((move, now))
    return movable, kept


async def _as_seen(
    call: Call, connection: Connection, kept: Sequence[tuple[Move, Any]]
) -> list[Obstacle]:
    """Obstacles as the caller may see them: of a child that is not visible, that there is one."""
    found = []
    for child in {move.child.name: move.child for move, _ in kept}.values():
        resource, own = child.shown_by, [pair for pair in kept if pair[0].child is child]
        name = resource.name if resource is not None else child.table.name
        is_link = resource is not None and child.kind is Kind.LINK
        field = min(resource.computed) if resource is not None and is_link else child.column
        seen = await _seen(call, connection, resource, [move.record_id for move, _ in own])
        for move, now in own:
            values = (move.record_id, field, now, move.before)
            found.append(
                Obstacle(name, *(values if move.record_id in seen else (None, field, None, None)))
            )
    return found


async def _seen(
    call: Call, connection: Connection, resource: Resource | None, ids: Sequence[UUID]
) -> set[UUID]:
    if resource is None:
        return set()
    scope = await call.scope_of(resource)
    sql = OWNERS.format(table=resource.table.name)
    rows = await connection.fetch(sql, call.organisation, list(ids))
    return {row["id"] for row in rows if scope.covers(**dict(row))}


async def _write(
    call: Call, connection: Connection, subject: Subject, merge: Merge, survivor: Loaded,
    sources: Sequence[Loaded], columns: Mapping[str, Any], moves: Sequence[Move],
) -> None:  # fmt: skip
    """First the sources, so that what is told to belong to them again finds them there."""
    resource = subject.resource
    alive = {"deleted_at": None, "merged_into_id": None}
    changes = [Change(source, alive, verb="restored") for source in sources]
    await write_many(connection, resource, changes, actor=call.actor)
    told = {"id": merge["id"], "source_ids": merge["source_ids"], "moved": moved_ids(moves)}
    computed = {name: columns[name] for name in resource.computed if name in columns}
    own = {n: stored(resource.table, n, v) for n, v in columns.items() if n not in computed}
    await write_survivor(
        call, connection, subject, survivor, own, computed, verb="unmerged", told=told
    )
    merged = [survivor.id, *(source.id for source in sources)]
    await apply_moves(connection, moves, call.organisation, merged=merged, actor=call.actor)
    if resource is ACCOUNTS:
        await tell_accounts(connection, call.organisation, merged, actor=call.actor)


def stored(table: Table, name: str, value: Any) -> Any:
    """A column's value out of JSON."""
    if value is None:
        return None
    if isinstance(table.c[name].type, Numeric) and isinstance(value, str):
        return Decimal(value)
    return UUID(value) if isinstance(table.c[name].type, Uuid) else value


async def _demand_no_cycle(
    connection: Connection, subject: Subject, records: Sequence[Loaded]
) -> None:
    """Somebody may have come to stand below who stood above: with the old places a cycle closes."""
    sql = CYCLES.format(table=subject.resource.table.name, column=subject.above)
    organisation = records[0].row["organisation_id"]
    rows = await connection.fetch(sql, organisation, [each.id for each in records])
    name = subject.resource.name
    refuse([Obstacle(name, row["start"], subject.above, None, "a cycle") for row in rows])
