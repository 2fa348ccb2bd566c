"""Erasing somebody here because contacts erased them: what they typed of themselves, the files on their
tickets, their links. What stands in words on tickets stays (docs/privacy.md)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.erasing.persons import known_ids
from guanxi_shared.erasing.records import (
    Erasing,
    Said,
    erase_rows,
    forget,
    write_counts,
    write_down,
)  # fmt: skip
from guanxi_shared.erasing.rules import Told
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.records import Loaded
from guanxi_tickets.comments.resources import BY_VISIBILITY
from guanxi_tickets.files.resources import FILES_BY_VISIBILITY
from guanxi_tickets.models.privacy import ERASURE_REASONS
from guanxi_tickets.privacy.leftovers import leave_blobs
from guanxi_tickets.tickets.resources import TICKETS

NOUN: Final = "contact"
WRITTEN_DOWN: Final = (
    "SELECT 1 FROM erasures WHERE organisation_id = $1 AND subject_id = $2 LIMIT 1"
)
THEIRS: Final = """
SELECT id FROM tickets WHERE organisation_id = $1 AND requester_id = ANY($2::uuid[]) ORDER BY id
"""
TYPED: Final = ("from_name", "from_email", "from_phone", "consent")
ALIVE: Final = """
SELECT id, blob_id, storage, comment_id FROM {table}
WHERE organisation_id = $1 AND ticket_id = ANY($2::uuid[]) AND erased_at IS NULL ORDER BY id FOR UPDATE
"""
KEPT_OF_FILES: Final = (
    "ticket_id", "visibility", "written_on_id", "joined_at", "comment_id", "author_kind", "blob_id",
    "storage",
)  # fmt: skip
LINKS_GONE: Final = """
DELETE FROM portal_links WHERE organisation_id = $1 AND (requester_id = ANY($2::uuid[]) OR ticket_id = ANY($3::uuid[]))
RETURNING 1
"""
Counts = dict[str, int]


async def hear_erasure(
    connection: Connection, organisation: UUID, subject_id: UUID, tombstone: Mapping[str, Any]
) -> None:
    """What contacts tells of a contact that it erased. Heard once more, nothing is left to be done."""
    if await connection.fetchval(WRITTEN_DOWN, organisation, subject_id) is not None:
        return
    ids = await known_ids(connection, organisation, NOUN, subject_id)
    rows = await connection.fetch(THEIRS, organisation, ids)
    tickets = await load_many(connection, TICKETS, [row["id"] for row in rows])
    given, by = tombstone.get("erasure_reason"), tombstone.get("erased_by")
    user = None if by is None else UUID(str(by))
    reason = str(given) if given in ERASURE_REASONS else "other"
    erasure_id, erased_at = await write_down(
        connection, organisation, Said(NOUN, subject_id, reason, None, user)
    )
    actor = Actor(id=user, kind="service" if user is None else "user", channel="erasure")
    erasing = Erasing(
        connection=connection, organisation=organisation, person_ids=ids, erasure_id=erasure_id,
        erased_at=erased_at, reason=reason, actor=actor, needles=(),
    )  # fmt: skip
    links = await connection.fetch(LINKS_GONE, organisation, ids, list(tickets))
    counts = [
        {"portal_links": len(links)},
        await _erase_typed(erasing, list(tickets.values())),
        await _erase_files(erasing, list(tickets)),
    ]
    await write_counts(erasing, counts)


async def _erase_typed(erasing: Erasing, tickets: Sequence[Loaded]) -> Counts:
    """In the rows and wherever in their log."""
    told = [
        Told(ticket.id, name, ticket.row[name], None)
        for ticket in tickets
        for name in TYPED
        if ticket.row[name] is not None
    ]
    nothing: dict[str, Any] = {**dict.fromkeys(TYPED), "seek_requester_at": None}
    named = {each.record_id for each in told}
    changes = [Change(ticket, nothing) for ticket in tickets if ticket.id in named]
    await write_many(erasing.connection, TICKETS, changes, actor=erasing.actor)
    return {"tickets": len(changes), "events": await forget(erasing, TICKETS.noun, told)}


async def _erase_files(erasing: Erasing, ticket_ids: Sequence[UUID]) -> Counts:
    """Tombstones, here and in the log; the bytes go by a job, once this is committed."""
    counts: Counts = {}
    blobs: list[tuple[str, UUID]] = []
    for visibility, resource in FILES_BY_VISIBILITY.items():
        sql = ALIVE.format(table=resource.table.name)
        rows = await erasing.connection.fetch(sql, erasing.organisation, list(ticket_ids))
        if not rows:
            continue
        ids = [row["id"] for row in rows]
        blobs += [(row["storage"], row["blob_id"]) for row in rows]
        await _take_out(erasing, visibility, ids, [row["comment_id"] for row in rows])
        erased, events = await erase_rows(
            erasing, resource, ids, computed={}, also_kept=KEPT_OF_FILES
        )
        counts |= {
            str(resource.table.name): erased,
            "events": counts.get("events", 0) + events,
        }
    await leave_blobs(erasing.connection, erasing.organisation, blobs)
    return counts


async def _take_out(
    erasing: Erasing, visibility: str, file_ids: Sequence[UUID], comment_ids: Sequence[UUID | None]
) -> None:
    """The replies and notes that they were sent with name them no more."""
    resource, gone = BY_VISIBILITY[visibility], set(file_ids)
    loaded = await load_many(
        erasing.connection, resource, {id for id in comment_ids if id is not None}
    )
    changes = [
        Change(one, {"file_ids": [id for id in one.row["file_ids"] if id not in gone]})
        for one in loaded.values()
    ]
    await write_many(erasing.connection, resource, changes, actor=erasing.actor)
