"""Files that are sent with a reply or a note, and what becomes of them when it is taken back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.records import Loaded
from guanxi_shared.resources import Resource
from guanxi_tickets.comments.resources import BY_VISIBILITY
from guanxi_tickets.files.resources import FILES_BY_VISIBILITY
from guanxi_tickets.files.rules import why_not_sent

SENT_WITH = """
SELECT id FROM {table} WHERE organisation_id = $1 AND comment_id = ANY($2::uuid[]) ORDER BY id
"""


async def load_unsent(
    connection: Connection,
    comment: Mapping[str, Any],
    file_ids: Sequence[UUID],
    *,
    by: str,
    user_id: UUID | None,
) -> list[Loaded]:
    """The files that a new reply or note names, held; UnknownReference for one that cannot go with it."""
    if not file_ids:
        return []
    resource = FILES_BY_VISIBILITY[comment["visibility"]]
    loaded = await load_many(connection, resource, file_ids)
    for place, id in enumerate(file_ids):
        row = loaded[id].row if id in loaded else None
        if why := why_not_sent(row, comment, by=by, user_id=user_id):
            raise UnknownReference(
                "A file cannot be sent with this.", errors={f"file_ids.{place}": why}
            )
    return list(loaded.values())


async def send_with(
    connection: Connection, visibility: str, files: Sequence[Loaded], comment_id: UUID, *, actor: Actor
) -> None:  # fmt: skip
    changes = [Change(file, {"comment_id": comment_id}) for file in files]
    await write_many(connection, FILES_BY_VISIBILITY[visibility], changes, actor=actor)


async def sent_with(
    connection: Connection, organisation: UUID, comment_ids: Sequence[UUID]
) -> list[tuple[Resource, list[Loaded]]]:
    """The files of replies and notes, those that were taken away too, held."""
    found = []
    for resource in FILES_BY_VISIBILITY.values():
        sql = SENT_WITH.format(table=resource.table.name)
        rows = await connection.fetch(sql, organisation, list(comment_ids))
        loaded = await load_many(connection, resource, [row["id"] for row in rows])
        found.append((resource, list(loaded.values())))
    return found


async def take_back(connection: Connection, comment: Loaded, *, actor: Actor) -> None:
    """The files of a reply or note that is taken back go with it."""
    organisation = comment.row["organisation_id"]
    for resource, files in await sent_with(connection, organisation, [comment.id]):
        for file in files:
            if file.row["deleted_at"] is None:
                await records.delete_record(connection, resource, file, actor=actor)


async def take_out(connection: Connection, file: Loaded, *, actor: Actor) -> None:
    """The reply or note that a file was sent with names it no more."""
    if file.row["comment_id"] is None:
        return
    resource = BY_VISIBILITY[file.row["visibility"]]
    [comment] = (await load_many(connection, resource, [file.row["comment_id"]])).values()
    left = [id for id in comment.row["file_ids"] if id != file.id]
    await records.update_record(connection, resource, comment, {"file_ids": left}, actor=actor)
