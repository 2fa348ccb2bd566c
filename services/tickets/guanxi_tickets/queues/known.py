"""The queues that take new tickets by themselves, read once a second."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.calls import House
from guanxi_shared.db import Database
from guanxi_shared.remembered import Remembered, remembered

SELECT = """
SELECT id, team_id, filter_groups::text FROM queues
WHERE organisation_id = $2 AND deleted_at IS NULL AND is_active AND filter_groups IS NOT NULL
ORDER BY position, id
"""


@dataclass(frozen=True, slots=True)
class KnownQueue:
    id: UUID
    team_id: UUID
    filter_groups: list[Mapping[str, Any]]


def queues_of(house: House) -> Remembered[list[KnownQueue]]:
    """Those in their order."""
    return remembered(house, "queues", _read)


async def _read(db: Database, organisation: UUID) -> list[KnownQueue]:
    rows = await db.lookup(organisation, SELECT, organisation)
    return [
        KnownQueue(row["id"], row["team_id"], orjson.loads(row["filter_groups"])) for row in rows
    ]
