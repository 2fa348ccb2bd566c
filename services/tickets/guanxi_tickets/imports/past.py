"""What the log says already of tickets that a file tells the past of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared.db import Connection
from guanxi_shared.imports.book import Book
from guanxi_shared.imports.prepared import Prepared

Past = list[tuple[datetime, Mapping[str, Any]]]
VERSIONS: Final = """
SELECT subject_id, occurred_at, after::text FROM events
WHERE organisation_id = $1 AND subject_type = 'ticket' AND subject_id = ANY($2::uuid[])
ORDER BY subject_id, version, id
"""


async def pasts_of(
    connection: Connection, book: Book, tickets: Sequence[Prepared]
) -> dict[UUID, Past]:
    """Of those in the book whose rows say when they became so: their versions as shown, in their order."""
    is_timed = any(row.more["said"].at for ticket in tickets for row in ticket.more["rows"])
    stored = [entry for entry in book.entries.values() if entry.stored_version]
    if not (is_timed and stored):
        return {}
    organisation, ids = stored[0].row["organisation_id"], [entry.id for entry in stored]
    found: dict[UUID, Past] = {}
    for row in await connection.fetch(VERSIONS, organisation, ids):
        shown = (row["occurred_at"], orjson.loads(row["after"]))
        found.setdefault(row["subject_id"], []).append(shown)
    return found
