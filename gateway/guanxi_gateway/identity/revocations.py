"""Sessions that ended before their access tokens: refused at the door until these expire."""

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID, uuid5

import asyncpg

from guanxi_gateway.callers import revoked_sessions
from guanxi_gateway.identity.lookups import API_KEY, CLIENT
from guanxi_gateway.identity.sweeping import sweep
from guanxi_gateway.identity.tokens import LIFE
from guanxi_shared import logs
from guanxi_shared.db import AWAY, Connection, Database

LOOK_EVERY_SECONDS = 1.0
SWEEP_EVERY_SECONDS = 600.0

ADD = """
INSERT INTO revocations (session_id, until) SELECT unnest($1::uuid[]), $2
ON CONFLICT (session_id) DO UPDATE SET until = excluded.until
"""
DROP = "DELETE FROM revocations WHERE session_id = ANY($1::uuid[])"
CREDENTIALS = f"""
SELECT '{API_KEY}' AS kind, id FROM api_keys
WHERE organisation_id = $1 AND owner_id = $2 AND deleted_at IS NULL
UNION ALL
SELECT '{CLIENT}', id FROM oauth_clients
WHERE organisation_id = $1 AND user_id = $2 AND deleted_at IS NULL
"""
READ = "SELECT session_id FROM revocations WHERE until > now()"
FORGET = "DELETE FROM revocations WHERE until < now()"


def credential_session(kind: str, organisation_id: UUID, credential_id: UUID) -> UUID:
    """What tokens of a key or client name as their session. Not its id: people bring ids of their
    own choice, and to revoke what one has made must never end a session of somebody else."""
    return uuid5(organisation_id, f"{kind}/{credential_id}")


async def credentials_of(
    connection: Connection, organisation_id: UUID, user_id: UUID
) -> list[UUID]:
    """The sessions of every key and application that acts as this user without a sign-in."""
    rows = await connection.fetch(CREDENTIALS, organisation_id, user_id)
    return [credential_session(row["kind"], organisation_id, row["id"]) for row in rows]


async def add_revocations(connection: Connection, session_ids: Iterable[UUID]) -> None:
    """In the transaction that ends them. Afterwards `revoked_here` shuts them out at once in this
    process; other replicas see them within a second."""
    await connection.execute(ADD, list(session_ids), datetime.now(UTC) + LIFE)


async def drop_revocations(connection: Connection, session_ids: Iterable[UUID]) -> None:
    """In the transaction that lets them in again; `readmitted_here` after the commit."""
    await connection.execute(DROP, list(session_ids))


def readmitted_here(session_ids: Iterable[UUID]) -> None:
    revoked_sessions.difference_update(session_ids)


def revoked_here(session_ids: Iterable[UUID]) -> None:
    revoked_sessions.update(session_ids)


async def keep_revocations(db: Database) -> None:
    """Until cancelled: what other replicas revoked, and, far less often, what has run out."""
    sweep_at = time.monotonic() + SWEEP_EVERY_SECONDS
    while True:
        try:
            await read_revocations(db)
            if time.monotonic() >= sweep_at:
                sweep_at = time.monotonic() + SWEEP_EVERY_SECONDS
                await sweep(db)
        except (*AWAY, asyncpg.PostgresError, TimeoutError) as error:
            _log.warning("revocations cannot be read", error=repr(error))
        await asyncio.sleep(LOOK_EVERY_SECONDS)


async def read_revocations(db: Database) -> None:
    await db.pool.execute(FORGET)
    rows = await db.pool.fetch(READ)
    found = {row["session_id"] for row in rows}
    revoked_sessions.intersection_update(found)
    revoked_sessions.update(found)


_log = logs.logger("revocations")
