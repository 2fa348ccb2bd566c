"""Sessions that ended before their access tokens: refused at the door until these expire."""

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from guanxi_gateway.callers import revoked_sessions
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
READ = "SELECT session_id FROM revocations WHERE until > now()"
FORGET = "DELETE FROM revocations WHERE until < now()"


async def add_revocations(connection: Connection, session_ids: Iterable[UUID]) -> None:
    """In the transaction that ends them. Afterwards `revoked_here` shuts them out at once in this
    process; other replicas see them within a second."""
    await connection.execute(ADD, list(session_ids), datetime.now(UTC) + LIFE)


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
