"""Other services' feeds on timelines, any event as often as it comes (who hears them: heard.py)."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson

from guanxi_contacts.timeline.heard_rules import (
    TYPES,
    Entry,
    Source,
    entries_of,
    newest_of,
    source_of,
)
from guanxi_shared.db import Connection
from guanxi_shared.heard import Event
from guanxi_shared.identifiers import new_id

__all__ = ["TYPES", "apply_timeline_events"]

FOLLOW = """
INSERT INTO timeline_sources AS s (organisation_id, id, resource, owner_id, team_id, version, deleted_at)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[], $7::timestamptz[])
ON CONFLICT (organisation_id, id) DO UPDATE SET
  owner_id = excluded.owner_id, team_id = excluded.team_id, version = excluded.version,
  deleted_at = excluded.deleted_at WHERE s.version < excluded.version
"""
FOLLOWED = ("id", "resource", "owner_id", "team_id", "version", "deleted_at")
FORGET = "DELETE FROM timeline_entries WHERE organisation_id = $1 AND source_id = ANY($2::uuid[])"
ENTER = """
INSERT INTO timeline_entries (organisation_id, event_id, subject_id, subject_type, id, at, type, title, summary,
                              source_type, source_id, actor_id, data)
SELECT $1, e.event_id, e.subject_id, e.subject_type, e.id, e.at, e.type, e.title, e.summary, e.source_type,
       e.source_id, e.actor_id, e.data
FROM jsonb_to_recordset($2::text::jsonb)
  AS e (event_id uuid, subject_id uuid, subject_type text, id uuid, at timestamptz, type text, title text,
        summary text, source_type text, source_id uuid, actor_id uuid, data jsonb)
ON CONFLICT (organisation_id, event_id, subject_id) DO NOTHING
"""
# Held until the entry stands: a merge or an erasure that comes meanwhile finds it there.
HOLD = """
SELECT id, merged_into_id, erased_at FROM {table}
WHERE organisation_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR KEY SHARE
"""
TABLES = {"account": "accounts", "contact": "contacts"}

Told = tuple[Event, Source]
Entered = tuple[Told, Entry]


async def apply_timeline_events(
    connection: Connection, organisation: UUID, events: Sequence[Event]
) -> None:
    """Who may see what is known of the records, and an entry for each of our records that an event names. An
    older version of a record never takes back what a newer one said."""
    told = [(event, source) for event in events if (source := source_of(event)) is not None]
    for is_erased, run in groupby(told, key=lambda each: each[1].is_erased):
        await _apply(connection, organisation, list(run), is_erased=is_erased)


async def _apply(
    connection: Connection, organisation: UUID, told: Sequence[Told], *, is_erased: bool
) -> None:
    entered = await _settled(
        connection, organisation, [(each, entry) for each in told for entry in entries_of(each[0])]
    )
    sources = newest_of([source for _, source in told])
    columns = ([getattr(source, name) for source in sources] for name in FOLLOWED)
    await connection.execute(FOLLOW, organisation, *columns)
    if is_erased:
        await connection.execute(FORGET, organisation, [source.id for source in sources])
    if entered:
        rows = orjson.dumps([_row(*each) for each in entered], default=str).decode()
        await connection.execute(ENTER, organisation, rows)


def _row(told: Told, entry: Entry) -> dict[str, Any]:
    event, source = told
    return {
        "event_id": event["id"], "subject_id": entry.subject_id, "subject_type": entry.subject_type,
        "id": new_id(), "at": event["occurred_at"], "type": event["type"], "title": entry.title,
        "summary": entry.summary, "source_type": event["subject_type"], "source_id": source.id,
        "actor_id": event.get("actor_id"), "data": entry.data,
    }  # fmt: skip


async def _settled(
    connection: Connection, organisation: UUID, entered: Sequence[Entered]
) -> list[Entered]:
    """The entries under the records that ours have become, each once an event: merged away, told of the
    survivor; erased, not told at all. One that is not known here yet may still come."""
    named: dict[str, set[UUID]] = {}
    for _, entry in entered:
        named.setdefault(entry.subject_type, set()).add(entry.subject_id)
    became = {
        noun: await _became(connection, organisation, noun, named[noun]) for noun in sorted(named)
    }
    found: dict[tuple[int, UUID], Entered] = {}
    for told, entry in entered:
        now = became[entry.subject_type][entry.subject_id]
        if now is not None:
            found.setdefault((id(told), now), (told, entry.of(now)))
    return list(found.values())


async def _became(
    connection: Connection, organisation: UUID, noun: str, ids: set[UUID]
) -> Mapping[UUID, UUID | None]:
    """Chains of merges followed to their ends, a link of all of them at a time."""
    became: dict[UUID, UUID | None] = {id: id for id in ids}
    asked = set(ids)
    while asked:
        rows = await connection.fetch(HOLD.format(table=TABLES[noun]), organisation, list(asked))
        moved = {row["id"]: row["merged_into_id"] for row in rows if row["merged_into_id"]}
        gone = {row["id"] for row in rows if row["erased_at"]}
        if not (moved or gone):
            break
        became = {
            id: None if now in gone else moved.get(now, now) if now is not None else None
            for id, now in became.items()
        }
        asked = set(moved.values())
    return became
