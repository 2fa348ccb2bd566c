"""Other services' feeds on timelines, any event as often as it comes (who hears them: heard.py)."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from guanxi_contacts.timeline.heard_rules import (
    TYPES,
    Entry,
    Source,
    entries_of,
    source_of,
)
from guanxi_shared.db import Connection
from guanxi_shared.heard import Event, id_of, maybe_id_of, moment_of
from guanxi_shared.identifiers import new_id

__all__ = ["TYPES", "apply_timeline_event"]

FOLLOW = """
INSERT INTO timeline_sources AS s (organisation_id, id, resource, owner_id, team_id, version, deleted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organisation_id, id) DO UPDATE SET
  owner_id = excluded.owner_id, team_id = excluded.team_id, version = excluded.version,
  deleted_at = excluded.deleted_at WHERE s.version < excluded.version
"""
FORGET = "DELETE FROM timeline_entries WHERE organisation_id = $1 AND source_id = $2"
ENTER = """
INSERT INTO timeline_entries (organisation_id, event_id, subject_id, subject_type, id, at, type, title, summary,
                              source_type, source_id, actor_id, data)
SELECT $1, $2, e.subject_id, e.subject_type, e.id, $3, $4, e.title, e.summary, $5, $6, $7, e.data
FROM jsonb_to_recordset($8::text::jsonb)
  AS e (subject_id uuid, subject_type text, id uuid, title text, summary text, data jsonb)
ON CONFLICT (organisation_id, event_id, subject_id) DO NOTHING
"""
# Held until the entry stands: a merge or an erasure that comes meanwhile finds it there.
HOLD = """
SELECT id, merged_into_id, erased_at FROM {table}
WHERE organisation_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR KEY SHARE
"""
TABLES = {"account": "accounts", "contact": "contacts"}


async def apply_timeline_event(connection: Connection, event: Event) -> None:
    """Who may see what is known of the record, and an entry for each of our records it names. An
    older version of the record never takes back what a newer one said."""
    source = source_of(event)
    if source is None:
        return
    organisation = id_of(event["organisation_id"])
    entries = await _settled(connection, organisation, entries_of(event))
    await _follow(connection, organisation, source)
    if entries:
        await _enter(connection, organisation, event, source, entries)


async def _follow(connection: Connection, organisation: UUID, source: Source) -> None:
    await connection.execute(
        FOLLOW, organisation, source.id, source.resource, source.owner_id, source.team_id,
        source.version, source.deleted_at,
    )  # fmt: skip
    if source.is_erased:
        await connection.execute(FORGET, organisation, source.id)


async def _enter(
    connection: Connection, organisation: UUID, event: Event, source: Source,
    entries: Sequence[Entry],
) -> None:  # fmt: skip
    rows = [
        {
            "subject_id": str(entry.subject_id), "subject_type": entry.subject_type,
            "id": str(new_id()), "title": entry.title, "summary": entry.summary, "data": entry.data,
        }
        for entry in entries
    ]  # fmt: skip
    await connection.execute(
        ENTER, organisation, id_of(event["id"]), moment_of(event), event["type"],
        event["subject_type"], source.id, maybe_id_of(event.get("actor_id")),
        orjson.dumps(rows, default=str).decode(),
    )  # fmt: skip


async def _settled(
    connection: Connection, organisation: UUID, entries: Sequence[Entry]
) -> list[Entry]:
    """The entries under the records that ours have become: merged away, told of the survivor; erased,
    not told at all. One that is not known here yet may still come."""
    found: list[Entry] = []
    for noun in sorted({entry.subject_type for entry in entries}):
        own = [entry for entry in entries if entry.subject_type == noun]
        became = await _became(connection, organisation, noun, {each.subject_id for each in own})
        for entry in own:
            subject_id = became[entry.subject_id]
            if subject_id is not None and subject_id not in {each.subject_id for each in found}:
                found.append(
                    Entry(noun, subject_id, entry.title, entry.summary, entry.data)
                )  # fmt: skip
    return found


async def _became(
    connection: Connection, organisation: UUID, noun: str, ids: set[UUID]
) -> dict[UUID, UUID | None]:
    """Chains of merges followed to their ends, a link of all of them at a time."""
    became: dict[UUID, UUID | None] = {id: id for id in ids}
    asked = set(ids)
    while asked:
        rows = await connection.fetch(HOLD.format(table=TABLES[noun]), organisation, list(asked))
        moved = {row["id"]: row["merged_into_id"] for row in rows if row["merged_into_id"]}
        gone = {row["id"] for row in rows if row["erased_at"]}
        became = {
            id: None if now in gone else moved.get(now, now) if now is not None else None
            for id, now in became.items()
        }
        asked = set(moved.values())
    return became
