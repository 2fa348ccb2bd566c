"""The signing keys of the suite: kept sealed in the database, made and dropped by `key_rules`."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from joserfc.jwk import ECKey, OctKey

from guanxi_gateway.identity.key_rules import (
    KeyTimes,
    RotationPolicy,
    plan_rotation,
    published_kids,
    signing_kid,
)
from guanxi_gateway.identity.sealing import SealedOtherwise
from guanxi_gateway.identity.tokens import key_id, new_signing_key, public_jwk, seal_key, unseal_key
from guanxi_shared import logs
from guanxi_shared.db import Connection, Database

FRESH_SECONDS = 30.0
LOCK = 4_771_002  # any number, the same for every replica
POLICY = RotationPolicy()

READ = "SELECT kid, sealed_key, public_jwk::text AS jwk, signs_from FROM signing_keys"
ADD = """
INSERT INTO signing_keys (kid, sealed_key, public_jwk, signs_from)
VALUES ($1, $2, $3::jsonb, $4)
"""
DROP = "DELETE FROM signing_keys WHERE kid = ANY($1::text[])"


@dataclass(slots=True)
class _Held:
    times: list[KeyTimes] = field(default_factory=list)
    private: dict[str, ECKey] = field(default_factory=dict)
    public: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def usable(self) -> list[KeyTimes]:
        """Those we can sign with: a key sealed with another secret only verifies."""
        return [times for times in self.times if times.kid in self.private]


class Keyring:
    def __init__(self, db: Database, wrapping: OctKey, *older: OctKey) -> None:
        """`wrapping` seals; what one of the `older` keys has sealed is opened, too."""
        self._db = db
        self._wrapping = (wrapping, *older)
        self._held = _Held()
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def signer(self, now: datetime) -> ECKey:
        held = await self._fresh()
        kid = signing_kid(held.usable, now)
        if kid is None:
            await self.rotate(now)
            kid = signing_kid(self._held.usable, datetime.now(UTC))
        if kid is None:
            raise LookupError("no signing key could be made")
        return self._held.private[kid]

    async def document(self, now: datetime) -> dict[str, Any]:
        """The JWKS document; makes the first key when there is none."""
        await self.signer(now)
        held = await self._fresh()
        kids = published_kids(held.times, now, policy=POLICY)
        return {"keys": [held.public[kid] for kid in kids]}

    async def rotate(self, now: datetime) -> None:
        """Make and drop what `plan_rotation` says; harmless to run often and on every replica."""
        async with self._db.transaction(None) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            held = await self._load(connection)
            plan = plan_rotation(held.usable, now, policy=POLICY)
            if plan.make_from is not None:
                await self._add(connection, plan.make_from)
            if plan.drop:
                await connection.execute(DROP, list(plan.drop))
            self._held = await self._load(connection)
        self._read_at = time.monotonic()

    async def _fresh(self) -> _Held:
        if time.monotonic() - self._read_at < FRESH_SECONDS:
            return self._held
        async with self._reading:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._held = await self._load(self._db.pool)
                self._read_at = time.monotonic()
        return self._held

    async def _load(self, connection: "Connection | Any") -> _Held:
        held = _Held()
        for row in await connection.fetch(READ):
            held.times.append(KeyTimes(row["kid"], row["signs_from"]))
            held.public[row["kid"]] = orjson.loads(row["jwk"])
            try:
                held.private[row["kid"]] = unseal_key(row["sealed_key"], *self._wrapping)
            except SealedOtherwise:
                _log.warning("signing key sealed with another secret", kid=row["kid"])
        return held

    async def _add(self, connection: Connection, signs_from: datetime) -> None:
        key = new_signing_key()
        jwk = orjson.dumps(public_jwk(key)).decode()
        await connection.execute(
            ADD, key_id(key), seal_key(key, self._wrapping[0]), jwk, signs_from
        )


_log = logs.logger("keyring")
