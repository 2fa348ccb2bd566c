"""Counting failed sign-ins, for addresses and networks known or not."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from guanxi_gateway.identity.errors import SignInLocked
from guanxi_gateway.identity.lockout_rules import (
    ADDRESS_POLICY,
    NETWORK_POLICY,
    Failures,
    LockPolicy,
    address_key,
    after_failure,
    locked_for,
    network_key,
)
from guanxi_gateway.identity.rows import written
from guanxi_shared.db import Connection, Database

READ = """
SELECT key, count, last_failed_at, locked_until FROM failed_sign_ins WHERE key = ANY($1::bytea[])
"""
# The no-op update locks the row whether it is new or not.
LOCK = """
INSERT INTO failed_sign_ins AS held (key, count, last_failed_at) VALUES ($1, 0, $2)
ON CONFLICT (key) DO UPDATE SET count = held.count RETURNING count, last_failed_at, locked_until
"""
WRITE = """
UPDATE failed_sign_ins SET count = $2, last_failed_at = $3, locked_until = $4 WHERE key = $1
"""
FORGET = "DELETE FROM failed_sign_ins WHERE key = $1"


class Attempts:
    """The two counters one attempt is held against."""

    def __init__(self, email: str, network_address: str | None) -> None:
        self.address = address_key(email)
        self._policies: dict[bytes, LockPolicy] = {self.address: ADDRESS_POLICY}
        if network_address:
            self._policies[network_key(network_address)] = NETWORK_POLICY

    async def demand_unlocked(self, db: Database) -> None:
        now = datetime.now(UTC)
        rows = await db.pool.fetch(READ, list(self._policies))
        wait = max((locked_for(_failures(dict(row)), now) for row in rows), default=timedelta(0))
        if wait > timedelta(0):
            seconds = max(ceil(wait.total_seconds()), 1)
            raise SignInLocked(
                f"Too many failed attempts; try again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )

    async def failed(self, db: Database) -> None:
        now = datetime.now(UTC)
        async with db.transaction(None) as connection:
            for key in sorted(self._policies):  # one order everywhere, or two attempts deadlock
                await _count(connection, key, now, self._policies[key])

    async def succeeded(self, connection: Connection) -> None:
        await connection.execute(FORGET, self.address)


async def _count(connection: Connection, key: bytes, now: datetime, policy: LockPolicy) -> None:
    row = await written(connection, LOCK, key, now)
    after = after_failure(_failures(row), now, policy=policy)
    await connection.execute(WRITE, key, after.count, now, after.locked_until)


def _failures(row: Mapping[str, Any]) -> Failures:
    return Failures(
        count=row["count"],
        last_failed_at=row["last_failed_at"],
        locked_until=row["locked_until"],
    )
