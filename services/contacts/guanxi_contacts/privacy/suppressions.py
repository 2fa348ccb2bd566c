"""People who were erased and come back, by a file or by hand: they are not contacted by themselves.

An organisation's hashes are read once in two seconds, so that a create still costs one statement;
as long it takes until another process knows of an erasure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_contacts.privacy.suppression_rules import HASHED, hashes_of, own_key
from guanxi_contacts.settings import own_settings, settings
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection, Database
from guanxi_shared.remembered import Remembered
from guanxi_shared.settings import common

REASON: Final = "Erased before; ask them first"
READ = "SELECT key_hash FROM suppressions WHERE organisation_id = $2"
KEEP = """
INSERT INTO suppressions (organisation_id, key_hash) SELECT $1, * FROM unnest($2::bytea[])
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What was known of one organisation a moment ago; asked without waiting."""

    organisation_id: UUID
    key: bytes
    hashes: frozenset[bytes]

    def holds(self, match_keys: Iterable[str]) -> bool:
        if not self.hashes:
            return False
        return not self.hashes.isdisjoint(hashes_of(self.key, self.organisation_id, match_keys))


class SuppressionList:
    """One process's knowledge of the hashes; `key` never leaves it."""

    def __init__(self, db: Database, key: bytes) -> None:
        self._key = key
        self._known = Remembered(db, self._read)

    async def _read(self, db: Database, organisation_id: UUID) -> Suppressed:
        rows = await db.lookup(organisation_id, READ, organisation_id)
        hashes = frozenset(row["key_hash"] for row in rows)
        return Suppressed(organisation_id, self._key, hashes)

    async def of(self, organisation_id: UUID) -> Suppressed:
        return await self._known.of(organisation_id)

    async def holds(self, organisation_id: UUID, match_keys: Iterable[str]) -> bool:
        keys = [key for key in match_keys if key.startswith(HASHED)]
        return bool(keys) and (await self.of(organisation_id)).holds(keys)

    async def keep(
        self, connection: Connection, organisation_id: UUID, match_keys: Iterable[str]
    ) -> int:
        hashes = hashes_of(self._key, organisation_id, match_keys)
        await connection.execute(KEEP, organisation_id, hashes)
        self._known.forget(organisation_id)
        return len(hashes)


def worker_list(database: Database) -> SuppressionList:
    """For a worker, which has the same settings by its environment."""
    key = own_key(settings().suppression_key, common().service_secret)
    return SuppressionList(database, key)


def list_of(call: Call) -> SuppressionList:
    more = call.house.more
    if "suppressions" not in more:
        key = own_key(own_settings(call).suppression_key, call.house.common.service_secret)
        more["suppressions"] = SuppressionList(call.db, key)
    found: SuppressionList = more["suppressions"]
    return found


async def is_suppressed(call: Call, match_keys: Iterable[str]) -> bool:
    return await list_of(call).holds(call.organisation, match_keys)


async def stop_of(call: Call, match_keys: Iterable[str]) -> dict[str, Any]:
    """The columns that keep somebody from being contacted, if they were erased before."""
    return stopped(datetime.now(UTC)) if await is_suppressed(call, match_keys) else {}


def stopped(now: datetime) -> dict[str, Any]:
    return {
        "do_not_contact": True,
        "do_not_contact_reason": REASON,
        "do_not_contact_since": now,
    }
