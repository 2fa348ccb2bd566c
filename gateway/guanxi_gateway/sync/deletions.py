"""Deletions that reach over several services, noted before the first of them writes.

A phone pulls before it pushes: once it has heard that a record is gone it says no more that it was to be
deleted, nor what belongs to it elsewhere. So a push that ended in between is completed by the pull.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id

# Another device's push may be under way; by then it has ended, one way or the other.
UNDER_WAY_SECONDS: Final = 180

NOTE: Final = """
INSERT INTO sync_deletions (organisation_id, id, user_id, device_id, part) VALUES ($1, $2, $3, $4, $5::jsonb)
"""
LEFT: Final = """
SELECT id, part::text AS part FROM sync_deletions
WHERE organisation_id = $1 AND user_id = $2
  AND (device_id = $3 OR at < clock_timestamp() - make_interval(secs => $4))
ORDER BY at, id
"""
DONE: Final = "DELETE FROM sync_deletions WHERE organisation_id = $1 AND id = $2"


def deletions_in(part: Mapping[str, Any]) -> dict[str, Any]:
    """Of what a service is asked to apply, the deletions alone; empty without any."""
    changes = {
        table: {"deleted": each["deleted"]}
        for table, each in part["changes"].items()
        if each.get("deleted")
    }
    return {**part, "changes": changes} if changes else {}


def without(part: Mapping[str, Any], conflicts: Mapping[str, list[str]]) -> dict[str, Any]:
    """The same but for what somebody changed or brought back since: that is the phone's to look at."""
    changes = {
        table: {"deleted": [id for id in each["deleted"] if id not in conflicts.get(table, ())]}
        for table, each in part["changes"].items()
    }
    return {**part, "changes": changes}


async def note(
    db: Database, organisation: UUID, user: UUID, device: str | None, part: Mapping[str, Any]
) -> UUID:
    id = new_id()
    text = orjson.dumps(dict(part)).decode()
    async with db.transaction(organisation) as connection:
        await connection.execute(NOTE, organisation, id, user, device, text)
    return id


async def left(
    db: Database, organisation: UUID, user: UUID, device: str | None
) -> list[tuple[UUID, dict[str, Any]]]:
    """What pushes of this device, or earlier ones of this user, left half done."""
    async with db.transaction(organisation) as connection:
        rows = await connection.fetch(LEFT, organisation, user, device, UNDER_WAY_SECONDS)
    return [(row["id"], orjson.loads(row["part"])) for row in rows]


async def done(db: Database, organisation: UUID, id: UUID) -> None:
    async with db.transaction(organisation) as connection:
        await connection.execute(DONE, organisation, id)
