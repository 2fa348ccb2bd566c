"""Moving children, there and back: what points at the merged records, set in a statement a kind."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_contacts.merges.children import Child, Kind
from guanxi_contacts.merges.rules import links_after
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.merging_rules import list_after
from guanxi_shared.statements import type_of

KEEP = """
INSERT INTO merge_moves (organisation_id, merge_id, child, record_id, before, after)
SELECT $1, $2, m.child, m.record_id, m.before, m.after
FROM jsonb_to_recordset($3::text::jsonb) AS m (child text, record_id uuid, before jsonb, after jsonb)
"""
KEPT = """
SELECT child, record_id, before::text, after::text FROM merge_moves
WHERE organisation_id = $1 AND merge_id = $2 ORDER BY child, record_id
"""


@dataclass(frozen=True, slots=True)
class Move:
    """What one child holds of the merged records, before and after, as JSON holds it: an id, a list
    of ids, or its links."""

    child: Child
    record_id: UUID
    before: Any
    after: Any

    def back(self) -> "Move":
        return Move(self.child, self.record_id, self.after, self.before)


async def find_moves(
    connection: Connection, children: Iterable[Child], organisation: UUID, *, survivor: UUID,
    sources: Collection[UUID],
) -> list[Move]:  # fmt: skip
    """The children of the sources and what they come to hold. Held until the transaction ends."""
    found = []
    for child in children:
        merged = [survivor, *sources]
        ids = await _held_children(connection, child, organisation, merged)
        values = await held_values(connection, child, organisation, ids, merged=merged)
        found += [
            Move(child, each, values[each], _after(child, values[each], survivor, sources))
            for each in ids
        ]
    return found


def _after(child: Child, before: Any, survivor: UUID, sources: Collection[UUID]) -> Any:
    gone = {str(each) for each in sources}
    if child.kind is Kind.LINK:
        return links_after(before, gone, of=child.column, survivor=str(survivor))
    if child.kind is Kind.ARRAY:
        return list_after(before, gone, survivor=str(survivor))
    return str(survivor)


async def held_values(
    connection: Connection, child: Child, organisation: UUID, ids: Sequence[UUID],
    *, merged: Sequence[UUID],
) -> dict[UUID, Any]:  # fmt: skip
    """What children hold now, by their ids; of links those to the merged records alone. A record
    that is gone holds nothing and is absent, but for links, of which it has none."""
    table, key = child.table.name, child.key
    if child.kind is Kind.LINK:
        sql = (
            f"SELECT {key} AS id, jsonb_agg(to_jsonb(l) - 'organisation_id' ORDER BY {child.column})::text"
            f" AS held FROM {table} AS l WHERE organisation_id = $1 AND {key} = ANY($2::uuid[])"
            f" AND {child.column} = ANY($3::uuid[]) GROUP BY {key}"
        )
        rows = await connection.fetch(sql, organisation, list(ids), list(merged))
        found = {row["id"]: orjson.loads(row["held"]) for row in rows}
        return {id: found.get(id, []) for id in ids}
    sql = (
        f"SELECT {key} AS id, to_jsonb({child.column})::text AS held FROM {table}"
        f" WHERE organisation_id = $1 AND {key} = ANY($2::uuid[])"
    )
    rows = await connection.fetch(sql, organisation, list(ids))
    return {row["id"]: orjson.loads(row["held"] or "null") for row in rows}


async def _held_children(
    connection: Connection, child: Child, organisation: UUID, merged: Sequence[UUID]
) -> list[UUID]:
    """All of them, those too that were made while this waited: what follows an activity inherits
    what it points at, made by whoever held it."""
    held: list[UUID] = []
    while True:
        ids = await _children(connection, child, organisation, list(merged[1:]))
        ids = ids if child.kind is Kind.LINK else [each for each in ids if each not in merged]
        if not set(ids) - set(held):
            return ids
        await _hold(connection, child, organisation, ids)
        held = ids


async def _children(
    connection: Connection, child: Child, organisation: UUID, sources: Sequence[UUID]
) -> list[UUID]:
    operator = "&& $2::uuid[]" if child.kind is Kind.ARRAY else "= ANY($2::uuid[])"
    rows = await connection.fetch(
        f"SELECT DISTINCT {child.key} AS id FROM {child.table.name}"
        f" WHERE organisation_id = $1 AND {child.column} {operator} ORDER BY 1",
        organisation,
        sources,
    )
    return [row["id"] for row in rows]


async def _hold(
    connection: Connection, child: Child, organisation: UUID, ids: Sequence[UUID]
) -> None:
    """Under their locks, in the order of the ids: those of the records that show the reference, else
    of the rows themselves."""
    table, key = child.table.name, child.key
    if child.kind is Kind.LINK and child.shown_by is not None:
        table, key = child.shown_by.table.name, "id"
    await connection.execute(
        f"SELECT 1 FROM {table} WHERE organisation_id = $1 AND {key} = ANY($2::uuid[])"
        f" ORDER BY {key} FOR NO KEY UPDATE",
        organisation,
        list(ids),
    )


async def apply_moves(
    connection: Connection, moves: Sequence[Move], organisation: UUID, *, merged: Sequence[UUID],
    actor: Actor,
) -> None:  # fmt: skip
    """Set what children come to hold, with version and event of those whose state shows it.

    A deleted record has no event: it tells its state when it is restored, and whoever follows the
    feed would take an event for a sign of life.
    """
    by_resource: dict[str, list[Move]] = {}
    for move in moves:
        resource = move.child.shown_by
        by_resource.setdefault(resource.name if resource is not None else "", []).append(move)
    for child, own in _by_child(by_resource.pop("", ())):
        await _set(connection, child, own, organisation, merged=merged)
    for own in by_resource.values():
        await _set_and_tell(connection, own, organisation, merged=merged, actor=actor)


async def _set_and_tell(
    connection: Connection, moves: Sequence[Move], organisation: UUID, *, merged: Sequence[UUID],
    actor: Actor,
) -> None:  # fmt: skip
    resource = moves[0].child.shown_by
    assert resource is not None
    loaded = await load_many(connection, resource, [move.record_id for move in moves])
    alive = {id for id, each in loaded.items() if each.row["deleted_at"] is None}
    columns: dict[UUID, dict[str, Any]] = {id: {} for id in loaded}
    for move in moves:
        if move.child.kind is not Kind.LINK:
            columns[move.record_id][move.child.column] = _ids(move.after)
    for child, own in _by_child(moves):
        quiet = own if child.kind is Kind.LINK else [m for m in own if m.record_id not in alive]
        await _set(connection, child, quiet, organisation, merged=merged)
    has_links = any(move.child.kind is Kind.LINK for move in moves)
    now = await load_many(connection, resource, alive) if has_links else loaded
    changes = [Change(loaded[id], columns[id], now[id].computed) for id in sorted(alive)]
    await write_many(connection, resource, changes, actor=actor)


def _by_child(moves: Iterable[Move]) -> list[tuple[Child, list[Move]]]:
    found: dict[str, tuple[Child, list[Move]]] = {}
    for move in moves:
        found.setdefault(move.child.name, (move.child, []))[1].append(move)
    return list(found.values())


def _ids(value: Any) -> Any:
    """Ids as the driver takes them."""
    if isinstance(value, list):
        return [UUID(each) for each in value]
    return None if value is None else UUID(value)


async def _set(
    connection: Connection, child: Child, moves: Sequence[Move], organisation: UUID,
    *, merged: Sequence[UUID],
) -> None:  # fmt: skip
    if not moves:
        return
    if child.kind is Kind.LINK:
        await _set_links(connection, moves, organisation, merged=merged)
    else:
        await _set_columns(connection, child, moves, organisation)


async def _set_columns(
    connection: Connection, child: Child, moves: Sequence[Move], organisation: UUID
) -> None:
    kind = type_of(child.table.c[child.column])
    await connection.execute(
        f"UPDATE {child.table.name} AS t SET {child.column} = s.held"
        f" FROM jsonb_to_recordset($2::text::jsonb) AS s (id uuid, held {kind})"
        f" WHERE t.organisation_id = $1 AND t.{child.key} = s.id",
        organisation,
        _json({"id": move.record_id, "held": move.after} for move in moves),
    )


async def _set_links(
    connection: Connection, moves: Sequence[Move], organisation: UUID, *, merged: Sequence[UUID]
) -> None:
    child = moves[0].child
    table, names = child.table, [c.name for c in child.table.columns if c.name != "organisation_id"]
    await connection.execute(
        f"DELETE FROM {table.name} WHERE organisation_id = $1 AND {child.key} = ANY($2::uuid[])"
        f" AND {child.column} = ANY($3::uuid[])",
        organisation,
        [move.record_id for move in moves],
        list(merged),
    )
    listed = ", ".join(names)
    kinds = ", ".join(f"{name} {type_of(table.c[name])}" for name in names)
    await connection.execute(
        f"INSERT INTO {table.name} (organisation_id, {listed}) SELECT $1, {listed}"
        f" FROM jsonb_to_recordset($2::text::jsonb) AS s ({kinds})",
        organisation,
        _json(link for move in moves for link in move.after),
    )


async def keep_moves(
    connection: Connection, organisation: UUID, merge_id: UUID, moves: Sequence[Move]
) -> None:
    if not moves:
        return
    rows = (
        {"child": m.child.name, "record_id": m.record_id, "before": m.before, "after": m.after}
        for m in moves
    )
    await connection.execute(KEEP, organisation, merge_id, _json(rows))


async def kept_moves(
    connection: Connection, children: Iterable[Child], organisation: UUID, merge_id: UUID
) -> list[Move]:
    by_name = {child.name: child for child in children}
    return [
        Move(
            by_name[r["child"]], r["record_id"], orjson.loads(r["before"]), orjson.loads(r["after"])
        )
        for r in await connection.fetch(KEPT, organisation, merge_id)
    ]


def _json(rows: Iterable[Mapping[str, Any]]) -> str:
    return orjson.dumps(list(rows), default=str).decode()
