"""How a person is erased from files: tombstones, here and in the log; the bytes go by a job."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from guanxi_shared.erasing.records import erase_rows
from guanxi_shared.erasing.rules import added
from guanxi_shared.files.storage import UNFINISHED
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_tickets.comments.resources import BY_VISIBILITY
from guanxi_tickets.files.resources import FILES_BY_VISIBILITY
from guanxi_tickets.privacy.erasing import Erasing

# Those of their tickets, wherever a merge or a split brought them, and those that they sent on others'.
ALIVE: Final = """
SELECT id, blob_id, storage, comment_id FROM {table}
WHERE organisation_id = $1 AND erased_at IS NULL AND (author_id = ANY($3::uuid[])
  OR (coalesce(written_on_id, ticket_id) = ANY($2::uuid[])
      AND (ticket_id = ANY($2::uuid[]) OR written_on_id = ANY($2::uuid[]))))
ORDER BY id FOR UPDATE
"""
UPLOADS_GONE: Final = """
DELETE FROM uploads AS u WHERE u.organisation_id = $1 AND EXISTS (
  SELECT FROM jsonb_array_elements(u.links) AS l WHERE l ->> 'id' = ANY($2::uuid[]::text[]))
RETURNING blob_id
"""
KEPT_OF_FILES: Final = (
    "ticket_id", "visibility", "written_on_id", "joined_at", "comment_id", "author_kind", "blob_id",
    "storage",
)  # fmt: skip


async def erase_files(erasing: Erasing) -> dict[str, int]:
    return added([await _erase(erasing, visibility) for visibility in FILES_BY_VISIBILITY])


async def erase_uploads(erasing: Erasing) -> dict[str, int]:
    """What is not here yet of a file for one of their tickets."""
    asked = (erasing.organisation, list(erasing.person_ids))
    rows = await erasing.connection.fetch(UPLOADS_GONE, *asked)
    erasing.blobs += [(UNFINISHED, row["blob_id"]) for row in rows]
    return {"uploads": len(rows)}


async def _erase(erasing: Erasing, visibility: str) -> dict[str, int]:
    resource = FILES_BY_VISIBILITY[visibility]
    asked = (erasing.organisation, list(erasing.person_ids), list(erasing.known_ids))
    rows = await erasing.connection.fetch(ALIVE.format(table=resource.table.name), *asked)
    if not rows:
        return {}
    ids = [row["id"] for row in rows]
    erasing.blobs += [(row["storage"], row["blob_id"]) for row in rows]
    await _take_out(erasing, visibility, ids, [row["comment_id"] for row in rows])
    erased, events = await erase_rows(erasing, resource, ids, computed={}, also_kept=KEPT_OF_FILES)
    return {str(resource.table.name): erased, "events": events}


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
