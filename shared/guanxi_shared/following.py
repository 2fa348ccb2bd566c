"""Another service's records change, and what points to them here follows: merges there and back, words by
which it is found, what was taken on trust.

A schema that follows has a table `merge_follows` (organisation_id, merge_id, resource, field, record_id,
before, after: which records a merge moved, and what they named until then) and small copies `known_<noun>s`
with `merged_into_id`.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.resources import Resource
from guanxi_shared.statements import array_text

ACTOR = Actor(id=None, kind="service", channel="merge")
AT_ONCE = 500

KEEP = """
INSERT INTO merge_follows AS f (organisation_id, merge_id, resource, field, record_id, before, after)
SELECT $1, $2, $3, $4, k.record_id, k.before, k.after
FROM jsonb_to_recordset($5::text::jsonb) AS k (record_id uuid, before jsonb, after jsonb)
ON CONFLICT (organisation_id, merge_id, resource, field, record_id) DO NOTHING
"""
KEPT = """
SELECT record_id, before::text, after::text FROM merge_follows
WHERE organisation_id = $1 AND merge_id = ANY($2::uuid[]) AND resource = $3 AND field = $4
"""
FORGET = "DELETE FROM merge_follows WHERE organisation_id = $1 AND merge_id = ANY($2::uuid[])"
OVERTAKEN = """
SELECT k.id, k.merged_into_id FROM known_{noun}s k
WHERE k.organisation_id = $1 AND k.merged_into_id IS NOT NULL
  AND EXISTS (SELECT 1 FROM {table} t WHERE t.organisation_id = $1 AND {names})
"""

FOUND = """
UPDATE {table}_search SET search_text = $3, search_grams = $4::text::text[], match_keys = $5::text::text[]
WHERE organisation_id = $1 AND id = $2
"""
VERIFIED = """
SELECT t.id FROM {table} t JOIN known_{noun}s k ON k.organisation_id = t.organisation_id AND k.id = t.{noun}_id
WHERE t.organisation_id = $1 AND NOT t.is_{noun}_verified AND t.deleted_at IS NULL ORDER BY t.id LIMIT 500
"""
NIL = UUID(int=0)

Columns = dict[str, Any]
Find = Callable[[Mapping[str, Any]], Mapping[str, Any]]  # a row's search columns
Name = tuple[str, UUID]  # noun and id
# (connection, organisation, noun, id): this record is named by others now, so their words change.
Renamed = Callable[[Connection, UUID, str, UUID], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Followed:
    """`finds` is the condition under which a row names any of `$2`, `names` that under which a row `t`
    names the copy `k`; `after` gives the columns that change when these ids become the survivor;
    `column` is the one that is kept to be given back."""

    noun: str
    resource: Resource
    column: str
    finds: str
    names: str
    after: Callable[[Mapping[str, Any], Collection[UUID], UUID], Columns]
    back: Callable[[Any], Columns]


async def follow_merge(
    connection: Connection, organisation: UUID, followed: Iterable[Followed], survivor: UUID,
    merge: Mapping[str, Any], verb: str, *, renamed: Renamed,
) -> None:  # fmt: skip
    """Everything here that named a source names the survivor; undone, what still does goes back.
    `merge` has `id` and `source_ids`, `verb` is `merged` or `unmerged`. Words come last: whoever holds
    one of these records may be about to write its words."""
    merge_id = UUID(str(merge["id"]))
    sources = [UUID(str(id)) for id in merge["source_ids"]]
    named: set[Name] = set()
    for each in followed:
        if verb == "merged":
            named |= await move(connection, organisation, each, sources, survivor, merge_id)
        else:
            named |= await _give_back(connection, organisation, each, [merge_id, *sources])
    await _tell(connection, organisation, named, renamed)
    if verb == "unmerged":
        await connection.execute(FORGET, organisation, [merge_id, *sources])


async def move(
    connection: Connection, organisation: UUID, followed: Followed, sources: Collection[UUID],
    survivor: UUID, kept_as: UUID,
) -> set[Name]:  # fmt: skip
    """Records that name a source, from now on the survivor. Deleted ones too: they may come back. Answers
    with what is named by others now.

    What they named is kept under `kept_as`: the merge or, where nobody knows of it yet, the source."""
    table = followed.resource.table.name
    sql = f"SELECT id FROM {table} WHERE organisation_id = $1 AND {followed.finds} ORDER BY id"
    ids = [row["id"] for row in await connection.fetch(sql, organisation, list(sources))]
    for start in range(0, len(ids), AT_ONCE):
        loaded = await load_many(connection, followed.resource, ids[start : start + AT_ONCE])
        changes, kept = [], []
        for record in loaded.values():
            columns = followed.after(record.row, sources, survivor)
            before = record.row[followed.column]
            kept.append(
                {"record_id": record.id, "before": before, "after": columns[followed.column]}
            )
            changes.append(Change(record, columns))
        await write_many(connection, followed.resource, changes, actor=ACTOR)
        rows = orjson.dumps(kept, default=str).decode()
        name = (followed.resource.name, followed.column)
        await connection.execute(KEEP, organisation, kept_as, *name, rows)
    return {(followed.noun, survivor)} if ids else set()


async def _give_back(
    connection: Connection, organisation: UUID, followed: Followed, kept_as: Sequence[UUID]
) -> set[Name]:
    """Only what is as the merge left it: whoever changed it since meant that. Answers as `move` does."""
    name = (followed.resource.name, followed.column)
    rows = await connection.fetch(KEPT, organisation, list(kept_as), *name)
    kept = {
        row["record_id"]: (orjson.loads(row["before"]), orjson.loads(row["after"])) for row in rows
    }
    loaded = await load_many(connection, followed.resource, kept)
    changes = []
    for record in loaded.values():
        before, after = kept[record.id]
        present = orjson.loads(orjson.dumps(record.row[followed.column], default=str))
        if present == after:
            changes.append(Change(record, followed.back(before)))
    await write_many(connection, followed.resource, changes, actor=ACTOR)
    return {(followed.noun, UUID(before)) for before, _ in kept.values() if isinstance(before, str)}


async def settle_overtaken(
    connection: Connection, organisation: UUID, followed: Iterable[Followed], *, renamed: Renamed
) -> None:
    """What was written between a merge and the moment that the feed told of it here."""
    named: set[Name] = set()
    for each in followed:
        sql = OVERTAKEN.format(noun=each.noun, table=each.resource.table.name, names=each.names)
        for row in await connection.fetch(sql, organisation):
            id, survivor = row["id"], row["merged_into_id"]
            named |= await move(connection, organisation, each, [id], survivor, id)
    await _tell(connection, organisation, named, renamed)


async def settle_trusted(
    connection: Connection, organisation: UUID, resource: Resource, noun: str
) -> set[UUID]:
    """What the copy knows by now is no longer taken on trust (`<noun>_id`, `is_<noun>_verified`). Answers
    with the ids that are known now."""
    sql = VERIFIED.format(table=resource.table.name, noun=noun)
    ids = [row["id"] for row in await connection.fetch(sql, organisation)]
    loaded = await load_many(connection, resource, ids)
    changes = [Change(record, {f"is_{noun}_verified": True}) for record in loaded.values()]
    await write_many(connection, resource, changes, actor=ACTOR)
    return {record.row[f"{noun}_id"] for record in loaded.values()}


async def renew_words(
    connection: Connection, organisation: UUID, table: str, naming: str, id: UUID, find: Find
) -> None:
    """The words by which the records that name `id` are found; no record changes by it. `naming` selects
    them: $1 organisation, $2 `id`, those after $3 in the order of their ids, at most $4."""
    write, after = FOUND.format(table=table), NIL
    while rows := await connection.fetch(naming, organisation, id, after, AT_ONCE):
        words = [(organisation, row["id"], *_words(find(dict(row)))) for row in rows]
        await connection.executemany(write, words)
        after = rows[-1]["id"]


def _words(found: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        found["search_text"], array_text(found["search_grams"]), array_text(found["match_keys"]),
    )  # fmt: skip


async def _tell(
    connection: Connection, organisation: UUID, named: Iterable[Name], renamed: Renamed
) -> None:
    for noun, id in sorted(named):
        await renamed(connection, organisation, noun, id)
