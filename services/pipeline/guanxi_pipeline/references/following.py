"""What changes here when an account or a person does: merges are followed, there and back; the words
that records are found by follow an account's name."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_pipeline.opportunities.found_rules import found_by
from guanxi_pipeline.quotes.rules import found_by as found_quote_by
from guanxi_pipeline.references.followed import FOLLOWED, Followed
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.many_records import Change, load_many, write_many
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
WHERE organisation_id = $1 AND merge_id = $2 AND resource = $3 AND field = $4
"""
FORGET = "DELETE FROM merge_follows WHERE organisation_id = $1 AND merge_id = $2"
OF_ACCOUNT = """
SELECT o.*, k.name AS account_name FROM {table} o
JOIN known_accounts k ON k.organisation_id = o.organisation_id AND k.id = o.account_id
WHERE o.organisation_id = $1 AND o.account_id = $2 AND o.id > $3 ORDER BY o.id LIMIT $4
"""
FOUND = """
UPDATE {table}_search SET search_text = $3, search_grams = $4::text::text[], match_keys = $5::text::text[]
WHERE organisation_id = $1 AND id = $2
"""
NIL = UUID(int=0)

Find = Callable[..., dict[str, Any]]
# What is found by its account's name, too.
NAMED: Final[tuple[tuple[str, Find], ...]] = (
    ("opportunities", found_by), ("quotes", found_quote_by),
)  # fmt: skip


async def follow_merge(
    connection: Connection, organisation: UUID, noun: str, survivor: UUID,
    merge: Mapping[str, Any], verb: str,
) -> None:  # fmt: skip
    """Everything here that named a source names the survivor; undone, what still does goes back."""
    merge_id = UUID(str(merge["id"]))
    sources = [UUID(str(id)) for id in merge["source_ids"]]
    for followed in FOLLOWED:
        if followed.noun != noun:
            continue
        if verb == "merged":
            await move(connection, organisation, followed, sources, survivor, merge_id)
        else:
            await _give_back(connection, organisation, followed, merge_id)
    if verb == "unmerged":
        await connection.execute(FORGET, organisation, merge_id)


async def move(
    connection: Connection, organisation: UUID, followed: Followed, sources: Collection[UUID],
    survivor: UUID, merge_id: UUID | None,
) -> None:  # fmt: skip
    """Records that name a source, from now on the survivor. Deleted ones too: they may come back."""
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
        if merge_id is not None:
            rows = orjson.dumps(kept, default=str).decode()
            name = (followed.resource.name, followed.column)
            await connection.execute(KEEP, organisation, merge_id, *name, rows)


async def _give_back(
    connection: Connection, organisation: UUID, followed: Followed, merge_id: UUID
) -> None:
    """Only what is as the merge left it: whoever changed it since meant that."""
    name = (followed.resource.name, followed.column)
    rows = await connection.fetch(KEPT, organisation, merge_id, *name)
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


async def follow_name(connection: Connection, organisation: UUID, account_id: UUID) -> None:
    """The words by which the account's records are found; no record changes by it."""
    for table, find in NAMED:
        read, write, after = OF_ACCOUNT.format(table=table), FOUND.format(table=table), NIL
        while rows := await connection.fetch(read, organisation, account_id, after, AT_ONCE):
            words = [_words(organisation, dict(row), find) for row in rows]
            await connection.executemany(write, words)
            after = rows[-1]["id"]


def _words(organisation: UUID, row: Mapping[str, Any], find: Find) -> Sequence[Any]:
    found = find(row, account_name=row["account_name"])
    return (
        organisation, row["id"], found["search_text"], array_text(found["search_grams"]),
        array_text(found["match_keys"]),
    )  # fmt: skip
