"""Refresh tokens in the database: a family per session, one token alive at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.refresh_rules import (
    RefreshDecision,
    RefreshState,
    decide_refresh,
    expiry,
    new_refresh_token,
    successor_of,
    token_digest,
)
from guanxi_gateway.identity.revocations import add_revocations
from guanxi_gateway.identity.rows import Row, found
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id

WIPED = "device_wiped"  # why a session was revoked
FORGOTTEN = "device_forgotten"
ADD_SESSION = """
INSERT INTO sessions (organisation_id, id, user_id, method, client_id, scopes, user_agent,
  network_address, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
"""
ADD_TOKEN = """
INSERT INTO refresh_tokens (organisation_id, id, session_id, digest, expires_at)
VALUES ($1, $2, $3, $4, $5)
"""
# The family's lock comes first: two answers to one spent token must not both rotate it.
LOCK_FAMILY = """
SELECT s.id, s.user_id, s.client_id, s.scopes, s.created_at, s.revoked_at, s.revoked_because,
  s.device_id FROM sessions s
WHERE s.organisation_id = $1
  AND s.id = (SELECT session_id FROM refresh_tokens WHERE organisation_id = $1 AND id = $2)
FOR UPDATE
"""
TOKEN = """
SELECT t.digest, t.spent_at, t.expires_at, t.successor_id IS NOT NULL AS has_successor,
       n.spent_at IS NOT NULL AS successor_spent
FROM refresh_tokens t
LEFT JOIN refresh_tokens n ON n.organisation_id = t.organisation_id AND n.id = t.successor_id
WHERE t.organisation_id = $1 AND t.id = $2
"""
SPEND = """
UPDATE refresh_tokens SET spent_at = $3, successor_id = $4 WHERE organisation_id = $1 AND id = $2
"""
USED = "UPDATE sessions SET last_used_at = $3 WHERE organisation_id = $1 AND id = $2"
REVOKE = """
UPDATE sessions SET revoked_at = clock_timestamp(), revoked_because = $3
WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND revoked_at IS NULL RETURNING id
"""
OPEN = """
SELECT id FROM sessions WHERE organisation_id = $1 AND user_id = $2 AND revoked_at IS NULL
  AND ($3::uuid IS NULL OR id <> $3)
"""


@dataclass(frozen=True, slots=True)
class NewSession:
    """`method` says how the person proved who they are: password, oidc, code, device."""

    organisation_id: UUID
    user_id: UUID
    method: str
    client_id: UUID | None = None
    scopes: Sequence[str] | None = None
    user_agent: str | None = None
    network_address: str | None = None
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Family:
    organisation_id: UUID
    session_id: UUID
    user_id: UUID
    client_id: UUID | None
    scopes: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """`token` is set when the decision is to rotate or to repeat."""

    decision: RefreshDecision
    family: Family | None = None
    token: str | None = None
    wiped_device: UUID | None = None  # of a family that a wipe has ended


async def start_family(connection: Connection, new: NewSession) -> str:
    """The session's first refresh token."""
    now = datetime.now(UTC)
    await connection.execute(
        ADD_SESSION,
        new.organisation_id,
        new.id,
        new.user_id,
        new.method,
        new.client_id,
        None if new.scopes is None else list(new.scopes),
        (new.user_agent or "")[:300] or None,
        new.network_address,
        now,
    )
    token = new_refresh_token()
    await _add_token(connection, new.organisation_id, new.id, token, now, started_at=now)
    return token


async def refresh_family(
    connection: Connection,
    organisation_id: UUID,
    token: str,
    *,
    token_id: UUID,
    key: bytes,
    client_id: UUID | None,
) -> Refreshed:
    """Decide and do it. A revocation must be committed: raise only after the transaction."""
    family = await found(connection, LOCK_FAMILY, organisation_id, token_id)
    row = await found(connection, TOKEN, organisation_id, token_id)
    if family is None or row is None or family["client_id"] != client_id:
        return Refreshed(RefreshDecision.REFUSE)
    now = datetime.now(UTC)
    decision = decide_refresh(_state(family, row), now)
    known = Family(
        organisation_id, family["id"], family["user_id"], family["client_id"], family["scopes"]
    )
    if decision is RefreshDecision.REVOKE_FAMILY:
        await revoke_sessions(connection, organisation_id, [family["id"]], because="refresh_reused")
    if decision not in (RefreshDecision.ROTATE, RefreshDecision.REPEAT):
        wiped = family["device_id"] if family["revoked_because"] == WIPED else None
        return Refreshed(decision, known, wiped_device=wiped)
    successor = successor_of(token, key)
    if decision is RefreshDecision.ROTATE:
        await _rotate(connection, known, token_id, successor, now, family["created_at"])
    return Refreshed(decision, known, successor)


async def revoke_sessions(
    connection: Connection, organisation_id: UUID, session_ids: Sequence[UUID], *, because: str
) -> list[UUID]:
    """Those that were still open. Call `revoked_here` with them after the commit."""
    rows = await connection.fetch(REVOKE, organisation_id, list(session_ids), because)
    revoked = [row["id"] for row in rows]
    await add_revocations(connection, revoked)
    return revoked


async def revoke_user(
    connection: Connection,
    organisation_id: UUID,
    user_id: UUID,
    *,
    because: str,
    but: UUID | None = None,
) -> list[UUID]:
    """End every session of a user, `but` one if given."""
    rows = await connection.fetch(OPEN, organisation_id, user_id, but)
    opened = [row["id"] for row in rows]
    return await revoke_sessions(connection, organisation_id, opened, because=because)


async def _rotate(
    connection: Connection,
    family: Family,
    token_id: UUID,
    successor: str,
    now: datetime,
    started_at: datetime,
) -> None:
    organisation_id = family.organisation_id
    successor_id = await _add_token(
        connection, organisation_id, family.session_id, successor, now, started_at=started_at
    )
    await connection.execute(SPEND, organisation_id, token_id, now, successor_id)
    await connection.execute(USED, organisation_id, family.session_id, now)


async def _add_token(
    connection: Connection,
    organisation_id: UUID,
    session_id: UUID,
    token: str,
    now: datetime,
    *,
    started_at: datetime,
) -> UUID:
    token_id, digest, until = new_id(), token_digest(token), expiry(now, started_at)
    await connection.execute(ADD_TOKEN, organisation_id, token_id, session_id, digest, until)
    await lookups.add(
        connection,
        lookups.REFRESH,
        digest,
        organisation_id=organisation_id,
        subject_id=token_id,
        expires_at=until,
    )
    return token_id


def _state(family: Row, row: Row) -> RefreshState:
    return RefreshState(
        spent_at=row["spent_at"],
        successor_spent=row["successor_spent"] if row["has_successor"] else None,
        family_revoked=family["revoked_at"] is not None,
        expires_at=row["expires_at"],
    )
