"""The policies of an organisation as every new ticket needs them, read once a second."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.calls import House
from guanxi_shared.db import Database
from guanxi_shared.remembered import Remembered, remembered

SELECT = """
SELECT p.id, p.version, p.calendar_id, c.version AS calendar_version, p.filter_groups::text
FROM sla_policies p JOIN business_calendars c ON c.organisation_id = p.organisation_id AND c.id = p.calendar_id
WHERE p.organisation_id = $2 AND p.deleted_at IS NULL AND p.is_active ORDER BY p.position, p.id
"""


@dataclass(frozen=True, slots=True)
class KnownPolicy:
    id: UUID
    version: int
    calendar_id: UUID
    calendar_version: int
    filter_groups: list[Mapping[str, Any]]


def policies_of(house: House) -> Remembered[list[KnownPolicy]]:
    """The active ones in their order."""
    return remembered(house, "sla_policies", _read)


async def _read(db: Database, organisation: UUID) -> list[KnownPolicy]:
    rows = await db.lookup(organisation, SELECT, organisation)
    return [
        KnownPolicy(**{**row, "filter_groups": orjson.loads(row["filter_groups"])})
        for row in map(dict, rows)
    ]
