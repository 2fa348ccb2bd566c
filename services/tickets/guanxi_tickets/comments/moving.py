"""Replies, notes and files that come to another ticket, with a version and an event each."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.events import dumps
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.records import Loaded
from guanxi_shared.resources import Resource
from guanxi_shared.statements import type_of
from guanxi_tickets.comments.resources import COMMENTS, NOTES
from guanxi_tickets.files.resources import FILES, NOTE_FILES

SAID = """
SELECT id FROM {table} WHERE organisation_id = $1 AND ticket_id = ANY($2::uuid[]) ORDER BY id
"""
# The moment of the first reply of an agent by which the clocks go (see sla_reading/service.py).
RESPONDED = """
SELECT min(at) FROM (
  SELECT CASE WHEN written_on_id IS NULL OR written_on_id = $2 THEN created_at ELSE joined_at END AS at
  FROM ticket_comments WHERE organisation_id = $1 AND (ticket_id = $2 OR written_on_id = $2)
    AND author_kind = 'agent' AND NOT id = ANY($3::uuid[])) AS said
"""
HANGING: Final = (COMMENTS, NOTES, FILES, NOTE_FILES)
Placed = tuple[Loaded, dict[str, Any]]


async def said_on(
    connection: Connection, organisation: UUID, ticket_ids: Sequence[UUID]
) -> list[tuple[Resource, list[Loaded]]]:
    """Everything that is said on tickets and kept there, what was taken back too, held."""
    found = []
    for resource in HANGING:
        sql = SAID.format(table=resource.table.name)
        rows = await connection.fetch(sql, organisation, list(ticket_ids))
        loaded = await load_many(connection, resource, [row["id"] for row in rows])
        found.append((resource, list(loaded.values())))
    return found


async def place(
    connection: Connection, resource: Resource, placed: Sequence[Placed], *, actor: Actor
) -> None:
    """What was taken back or deleted tells nothing: whoever follows would take it for a sign of life."""
    alive = [each for each in placed if each[0].row["deleted_at"] is None]
    changes = [Change(loaded, columns) for loaded, columns in alive]
    await write_many(connection, resource, changes, actor=actor)
    await set_quietly(connection, resource, [p for p in placed if p[0].row["deleted_at"]])


async def set_quietly(connection: Connection, resource: Resource, placed: Sequence[Placed]) -> None:
    if not placed:
        return
    table, names = resource.table, sorted({name for _, columns in placed for name in columns})
    kinds = ", ".join(f"{name} {type_of(table.c[name])}" for name in ("id", *names))
    sets = ", ".join(f"{name} = s.{name}" for name in names)
    rows = [
        {"id": loaded.id, **{name: loaded.row[name] for name in names}, **columns}
        for loaded, columns in placed
    ]
    await connection.execute(
        f"UPDATE {table.name} AS t SET {sets} FROM jsonb_to_recordset($2::text::jsonb) AS s ({kinds})"
        " WHERE t.organisation_id = $1 AND t.id = s.id",
        placed[0][0].row["organisation_id"],
        dumps(rows),
    )


async def first_response(
    connection: Connection, organisation: UUID, ticket_id: UUID, *, without: Sequence[UUID] = ()
) -> Any:
    return await connection.fetchval(RESPONDED, organisation, ticket_id, list(without))
