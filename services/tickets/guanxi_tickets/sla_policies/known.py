"""The policies of an organisation as every new ticket needs them, read once a second."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared.calls import House
from guanxi_shared.db import Database

FRESH_SECONDS = 1.0
MOST_ORGANISATIONS = 10_000
NAME: Final = "sla_policies"
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


class KnownPolicies:
    """The cache of a process; `forget` is called by whoever changes something here."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[UUID, tuple[float, list[KnownPolicy]]] = {}
        self._changing: dict[UUID, float] = {}

    async def of(self, organisation: UUID) -> list[KnownPolicy]:
        """The active ones in their order."""
        now = time.monotonic()
        found = self._known.get(organisation)
        if found is not None and found[0] > now:
            return found[1]
        rows = await self._db.lookup(organisation, SELECT, organisation)
        policies = [
            KnownPolicy(**{**row, "filter_groups": orjson.loads(row["filter_groups"])})
            for row in map(dict, rows)
        ]
        if len(self._known) >= MOST_ORGANISATIONS:
            self._known.clear()
        if self._changing.get(organisation, 0.0) <= now:
            self._known[organisation] = (now + FRESH_SECONDS, policies)
        return policies

    def forget(self, organisation: UUID) -> None:
        """Called inside the transaction that changes them: what is read before its commit is not
        remembered either."""
        if len(self._changing) >= MOST_ORGANISATIONS:
            self._changing.clear()
        self._changing[organisation] = time.monotonic() + FRESH_SECONDS
        self._known.pop(organisation, None)


def policies_of(house: House) -> KnownPolicies:
    """Those of the process, made when first asked for."""
    found = house.more.setdefault(NAME, None) or KnownPolicies(house.db)
    house.more[NAME] = found
    assert isinstance(found, KnownPolicies)
    return found
