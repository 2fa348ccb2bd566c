"""Rate limits: exact across replicas, and no question to the database for each call.

The truth is `limits_rules.TAKE_SQL` on the unlogged table `rate_limits`. A process takes a chunk of
a credential's quota there (a lease) and spends it call by call in memory; the next chunk is fetched
before the last call of the old one. While Postgres is away, a bucket in the process with the same
limit decides (reads and writes stay open) or the call is refused (sign-in and tokens).
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from guanxi_gateway.limits_rules import TAKE_SQL, Limit, Verdict, rate_limit_headers, take, verdict
from guanxi_shared import logs
from guanxi_shared.db import AWAY
from guanxi_shared.errors import TooMany, Unavailable

CHUNKS = 50  # a lease is a fiftieth of the burst: what a crash of this process can waste
SECONDS_FOR_POSTGRES = 0.5
REMEMBERED = 50_000
FORGET_SQL = """
DELETE FROM rate_limits WHERE arrival < extract(epoch FROM clock_timestamp()) - 3600
"""
FAILURES = (*AWAY, asyncpg.PostgresError, TimeoutError, Unavailable, OSError)

Fetchrow = Callable[..., Awaitable[Any]]
_log = logs.logger("limits")


class Budget:
    """What one credential may still spend here before the database is asked again."""

    __slots__ = (
        "_arrival", "_ends_at", "_fetchrow", "_held", "_lock", "_policy", "_refused_until",
        "_renewal", "_reset", "beyond", "key", "left", "limit",
    )  # fmt: skip

    def __init__(self, key: str, limit: Limit, fetchrow: Fetchrow) -> None:
        self.key = key
        self.limit = limit
        self.left = 0
        self.beyond = limit.burst
        self._fetchrow = fetchrow
        self._held = max(limit.burst // CHUNKS, 1)
        self._ends_at = 0.0
        self._reset = 0
        self._refused_until = 0.0
        self._arrival: float | None = None
        self._lock = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None
        self._policy = f'"{limit.name}";q={limit.quota};w={limit.window}'.encode()

    def spend(self, cost: int) -> bool:
        """Pay out of the lease; False when it is used up and `renew` has to be awaited."""
        left = self.left - cost
        if left < 0 or self._ends_at < time.monotonic():
            return False
        self.left = left
        if left < self._held >> 2 and self._renewal is None:
            self._renewal = asyncio.get_running_loop().create_task(self._renew_early())
        return True

    async def renew(self, cost: int, *, fail_open: bool = True) -> None:
        """Lease the next chunk and pay out of it; TooMany when there is none."""
        async with self._lock:
            if self.spend(cost):
                return
            now = time.monotonic()
            if now < self._refused_until:
                raise self._too_many(self._refused_until - now)
            found, amount = await self._lease(cost, fail_open=fail_open)
            if not found.allowed:
                self._refused_until = now + found.retry_after
                raise self._too_many(found.retry_after)
            self._take_over(found, amount)
            self.left -= cost

    def headers(self) -> list[tuple[bytes, bytes]]:
        """draft-ietf-httpapi-ratelimit-headers, from memory."""
        remaining = b'"%b";r=%d;t=%d' % (
            self.limit.name.encode(),
            self.left + self.beyond,
            self._reset,
        )
        return [(b"ratelimit-policy", self._policy), (b"ratelimit", remaining)]

    async def _renew_early(self) -> None:
        try:
            async with self._lock:
                found, amount = await self._lease(self._held, fail_open=True)
                if found.allowed:
                    self._take_over(found, amount)
        finally:
            self._renewal = None

    async def _lease(self, cost: int, *, fail_open: bool) -> tuple[Verdict, int]:
        """A whole chunk if the quota has it, else just what the call costs."""
        chunk = max(self._held, min(cost, self.limit.burst))
        found = await self._ask(chunk, fail_open=fail_open)
        if found.allowed or chunk == cost:
            return found, max(chunk, cost)
        return await self._ask(cost, fail_open=fail_open), cost

    async def _ask(self, cost: int, *, fail_open: bool) -> Verdict:
        limit = self.limit
        try:
            async with asyncio.timeout(SECONDS_FOR_POSTGRES):
                row = await self._fetchrow(
                    TAKE_SQL, self.key, limit.seconds_for(cost), limit.tolerance
                )
        except FAILURES as error:
            if not fail_open:
                raise Unavailable("Sign-in is not possible right now; try again.") from error
            _log.warning("rate limit from memory", error=repr(error))
            found = take(self._arrival, time.monotonic(), cost=cost, limit=limit)
            self._arrival = found.arrival
            return found
        if row is None:  # made by a concurrent call that this snapshot could not see
            return Verdict(False, 0.0, 0, retry_after=limit.interval, reset_after=0.0)
        return verdict(row["allowed"], row["arrival"], row["now"], cost=cost, limit=limit)

    def _take_over(self, found: Verdict, amount: int) -> None:
        now = time.monotonic()
        self.left = (self.left if self._ends_at >= now else 0) + amount
        self._ends_at = now + self.limit.window
        self.beyond = found.remaining
        self._reset = math.ceil(found.reset_after)

    def _too_many(self, seconds: float) -> TooMany:
        refused = Verdict(False, 0.0, 0, retry_after=seconds, reset_after=seconds)
        wait = max(math.ceil(seconds), 1)
        return TooMany(
            f"Too many requests; try again in {wait} s.",
            headers=rate_limit_headers(refused, self.limit),
        )


class Budgets:
    """The budgets of the credentials seen lately."""

    def __init__(self, fetchrow: Fetchrow) -> None:
        self._fetchrow = fetchrow
        self._known: dict[str, Budget] = {}

    def of(self, key: str, limit: Limit) -> Budget:
        known = self._known.get(key)
        if known is not None and known.limit == limit:
            return known
        if len(self._known) >= REMEMBERED:
            self._known.clear()  # costs each credential one question, and no credential its limit
        budget = self._known[key] = Budget(key, limit, self._fetchrow)
        return budget

    async def pay(self, key: str, limit: Limit, *, cost: int, fail_open: bool) -> Budget:
        budget = self.of(key, limit)
        if not budget.spend(cost):
            await budget.renew(cost, fail_open=fail_open)
        return budget
