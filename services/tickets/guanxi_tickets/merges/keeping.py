"""What a merge moved, kept for its undoing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound
from guanxi_shared.events import dumps
from guanxi_shared.records import State
from guanxi_tickets.merges.resources import MERGES

INSERT = """
INSERT INTO ticket_merges (organisation_id, id, survivor_id, source_ids, before, after, moved, owner_id, team_id,
  created_by)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb, $7::text::jsonb, $8, $9, $10)
"""
KEEP = """
INSERT INTO ticket_merge_moves (organisation_id, merge_id, resource, field, record_id, before, after)
SELECT $1, $2, m.resource, m.field, m.record_id, m.before, m.after
FROM jsonb_to_recordset($3::text::jsonb)
  AS m (resource text, field text, record_id uuid, before jsonb, after jsonb)
"""
KEPT = """
SELECT resource, field, record_id, before::text, after::text FROM ticket_merge_moves
WHERE organisation_id = $1 AND merge_id = $2 ORDER BY resource, field, record_id
"""
HELD = """
SELECT *, before::text AS before, after::text AS after, moved::text AS moved, kept::text AS kept
FROM ticket_merges WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE
"""
UNDONE = """
UPDATE ticket_merges SET status = 'undone', undone_at = clock_timestamp(), undone_by = $3,
  version = version + 1, updated_at = clock_timestamp(), kept = $4::text::jsonb
WHERE organisation_id = $1 AND id = $2
"""
JSON = ("before", "after", "moved", "kept")


@dataclass(frozen=True, slots=True)
class Move:
    """A field of a record, as JSON holds it; of a comment its whole place under `ticket_id`."""

    resource: str
    field: str
    record_id: UUID
    before: Any
    after: Any


async def keep_merge(connection: Connection, row: Mapping[str, Any], moves: Sequence[Move]) -> None:
    await connection.execute(
        INSERT, row["organisation_id"], row["id"], row["survivor_id"], row["source_ids"],
        dumps(row["before"]), dumps(row["after"]), dumps(row["moved"]), row["owner_id"],
        row["team_id"], row["created_by"],
    )  # fmt: skip
    kept = [{name: getattr(move, name) for name in Move.__slots__} for move in moves]
    await connection.execute(KEEP, row["organisation_id"], row["id"], dumps(kept))


async def hold_merge(call: Call, connection: Connection, merge_id: UUID) -> dict[str, Any]:
    """Under its lock. Whoever asks must see the survivor."""
    row = await connection.fetchrow(HELD, call.organisation, merge_id)
    if row is None:
        raise no_merge(merge_id)
    found = dict(row.items())
    return found | {name: orjson.loads(found[name]) for name in JSON}


async def kept_moves(connection: Connection, organisation: UUID, merge_id: UUID) -> list[Move]:
    rows = await connection.fetch(KEPT, organisation, merge_id)
    return [
        Move(r["resource"], r["field"], r["record_id"], orjson.loads(r["before"]), orjson.loads(r["after"]))
        for r in rows
    ]  # fmt: skip


async def mark_undone(
    call: Call, connection: Connection, merge_id: UUID, kept: Sequence[Mapping[str, Any]]
) -> None:
    await connection.execute(UNDONE, call.organisation, merge_id, call.by.user_id, dumps(kept))


async def shown_merge(call: Call, connection: Connection, merge_id: UUID) -> State:
    return MERGES.state(await hold_merge(call, connection, merge_id), {})


def no_merge(merge_id: UUID) -> NotFound:
    return NotFound(f"There is no merge with the id {str(merge_id)!r}.")
