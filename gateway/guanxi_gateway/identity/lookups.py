"""The one way from a credential to its organisation, before any organisation is bound.

`lookups` has no row-level policy and holds hashes, ids and an expiry, nothing else. What it finds
is only where to look: the organisation is bound next, and the row there decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from guanxi_shared.db import Connection, Database

EMAIL, REFRESH, API_KEY, CLIENT, CODE = "email", "refresh", "api_key", "client", "code"
DEVICE, INVITATION, RESET = "device", "invitation", "reset"
MOST_ORGANISATIONS = 4

FIND = """
SELECT organisation_id, subject_id FROM lookups
WHERE kind = $1 AND digest = $2 AND (expires_at IS NULL OR expires_at > now())
  AND ($4::uuid IS NULL OR organisation_id = $4)
ORDER BY subject_id LIMIT $3
"""
ADD = """
INSERT INTO lookups (kind, digest, organisation_id, subject_id, expires_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
ELSEWHERE = """
SELECT EXISTS (SELECT FROM lookups WHERE kind = $1 AND digest = $2 AND organisation_id <> $3)
"""
DROP = "DELETE FROM lookups WHERE organisation_id = $1 AND subject_id = $2 AND kind = $3"


@dataclass(frozen=True, slots=True)
class Place:
    organisation_id: UUID
    subject_id: UUID


async def find(
    db: Database, kind: str, digest: bytes, *, organisation_id: UUID | None = None
) -> list[Place]:
    """Several only for addresses: one person may work for several organisations."""
    rows = await db.pool.fetch(FIND, kind, digest, MOST_ORGANISATIONS, organisation_id)
    return [Place(row["organisation_id"], row["subject_id"]) for row in rows]


async def find_one(db: Database, kind: str, digest: bytes) -> Place | None:
    found: Sequence[Place] = await find(db, kind, digest)
    return found[0] if found else None


async def add(
    connection: Connection,
    kind: str,
    digest: bytes,
    *,
    organisation_id: UUID,
    subject_id: UUID,
    expires_at: datetime | None = None,
) -> None:
    await connection.execute(ADD, kind, digest, organisation_id, subject_id, expires_at)


async def is_taken_elsewhere(
    connection: Connection, kind: str, digest: bytes, *, organisation_id: UUID
) -> bool:
    """For what has to lead to one organisation alone. Waits for whoever asks about the same."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", digest.hex())
    taken: bool = await connection.fetchval(ELSEWHERE, kind, digest, organisation_id)
    return taken


async def drop(
    connection: Connection, kind: str, *, organisation_id: UUID, subject_id: UUID
) -> None:
    await connection.execute(DROP, organisation_id, subject_id, kind)
