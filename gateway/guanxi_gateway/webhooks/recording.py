"""What came of tries, written down: those that end together go in one transaction."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_gateway.webhooks import measuring
from guanxi_gateway.webhooks.endpoints import Endpoint
from guanxi_gateway.webhooks.schedule_rules import (
    GONE,
    HOLDING,
    Health,
    after_failure,
    is_given_up,
    next_try,
    probe_pause,
    retry_after,
)
from guanxi_gateway.webhooks.sending import Outcome
from guanxi_gateway.webhooks.turns import hold_turn
from guanxi_shared.db import Connection, Database
from guanxi_shared.identifiers import new_id

# Each result is a fact, and is kept even by a dispatcher that has lost its turn meanwhile; but only a delivery
# that still waits for this very try is moved by a failure.
KEEP = """
WITH tried AS (
  SELECT * FROM jsonb_to_recordset($3::text::jsonb) AS t (id uuid, attempt_id uuid, attempts int, status text,
    due_at timestamptz, status_code int, error text, excerpt text, began_at timestamptz, duration_ms int, is_try bool)
), logged AS (
  INSERT INTO webhook_attempts (organisation_id, id, delivery_id, number, began_at, duration_ms, status_code, error,
    excerpt)
  SELECT $1, attempt_id, id, attempts, began_at, duration_ms, status_code, error, excerpt FROM tried WHERE is_try
)
UPDATE webhook_deliveries d SET status = t.status, due_at = coalesce(t.due_at, d.due_at), attempts = t.attempts,
  last_status = CASE WHEN t.is_try THEN t.status_code ELSE d.last_status END, last_error = t.error,
  finished_at = CASE WHEN t.status = 'waiting' THEN NULL ELSE clock_timestamp() END
FROM tried t
WHERE d.organisation_id = $1 AND d.webhook_id = $2 AND d.id = t.id AND d.status = 'waiting'
  AND (t.status = 'delivered' OR d.attempts = t.attempts - t.is_try::int)
RETURNING d.status
"""
FARE = """
UPDATE webhook_turns SET failures = $4, failing_since = $5, last_failed_at = $6, held_until = $7,
  last_delivered_at = CASE WHEN $8 THEN clock_timestamp() ELSE last_delivered_at END
WHERE organisation_id = $1 AND webhook_id = $2 AND lease = $3 RETURNING lease
"""
# The receiver is back: what waits for a later try is due.
AT_ONCE = """
UPDATE webhook_deliveries SET due_at = clock_timestamp()
WHERE organisation_id = $1 AND webhook_id = $2 AND status = 'waiting' AND due_at > clock_timestamp()
"""

Disable = Callable[[Connection, Endpoint, str], Awaitable[None]]
AWAY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Try:
    """A delivery as it was when it was tried."""

    id: UUID
    attempts: int
    queued_at: datetime


@dataclass(slots=True)
class Recorder:
    """Of one endpoint's turn. `ended` once the endpoint is switched off or somebody else's."""

    database: Database
    endpoint: Endpoint
    lease: UUID
    disable: Disable
    ended: bool = False
    _waiting: list[dict[str, Any]] = field(default_factory=list)
    _news: bool = False
    _delivered: bool = False
    _back: bool = False
    _reason: str | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tried(self, tried: Try, outcome: Outcome, began_at: datetime) -> None:
        """Returns when it is committed."""
        now = datetime.now(UTC)
        row = {
            "id": str(tried.id), "attempt_id": str(new_id()), "attempts": tried.attempts + 1,
            "status_code": outcome.status, "error": outcome.error, "excerpt": outcome.excerpt,
            "began_at": began_at, "duration_ms": outcome.duration_ms, "is_try": True,
        }  # fmt: skip
        self._waiting.append({**row, **self._consequence(tried, outcome, now)})
        self._news = True
        await self.flush()

    async def passed_over(
        self, tried: Try, status: str, error: str, due_at: datetime | None
    ) -> None:
        """Not tried: its event is not to be had, now or ever."""
        self._waiting.append({
            "id": str(tried.id), "attempts": tried.attempts, "status": status, "due_at": due_at,
            "error": error, "is_try": False,
        })  # fmt: skip
        await self.flush()

    def _consequence(self, tried: Try, outcome: Outcome, now: datetime) -> dict[str, Any]:
        endpoint = self.endpoint
        if outcome.is_success:
            self._back |= endpoint.health.is_failing
            self._delivered = True
            endpoint.health, endpoint.held_until = Health(), None
            return {"status": "delivered", "due_at": None}
        endpoint.health = after_failure(endpoint.health, now)
        pause = retry_after(outcome.retry_after, now)
        hold = probe_pause(endpoint.health)
        if outcome.status in HOLDING and pause is not None:
            hold = max(hold, pause)
        if hold:
            endpoint.held_until = max(now + hold, endpoint.held_until or now)
        if outcome.status == GONE:
            self._reason = "gone"
        elif is_given_up(endpoint.health):
            self._reason = "failing"
        age = now - tried.queued_at
        due = next_try(tried.attempts + 1, age, now, retry_after=pause, chance=random.random())
        is_over = due is None or outcome.is_unwanted or outcome.status == GONE
        return {"status": "failed" if is_over else "waiting", "due_at": due}

    async def flush(self) -> None:
        async with self._lock:
            rows, self._waiting = self._waiting, []
            if not rows:
                return
            place = (self.endpoint.organisation_id, self.endpoint.id)
            async with self.database.transaction(place[0]) as connection:
                await hold_turn(connection, *place)
                kept = await connection.fetch(KEEP, *place, _json(rows))
                await _count(connection, place, [row["status"] for row in kept], rows)
                if self._news:
                    await self._fare(connection, place)

    async def _fare(self, connection: Connection, place: tuple[UUID, UUID]) -> None:
        health = self.endpoint.health
        kept = await connection.fetchval(
            FARE, *place, self.lease, health.failures, health.failing_since, health.last_failed_at,
            self.endpoint.held_until, self._delivered,
        )  # fmt: skip
        self.ended |= kept is None
        if self._back:
            await connection.execute(AT_ONCE, *place)
        if self._reason is not None and not self.ended:
            await self.disable(connection, self.endpoint, self._reason)
            self.ended = True
        self._news = self._delivered = self._back = False


async def _count(
    connection: Connection, place: tuple[UUID, UUID], statuses: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:  # fmt: skip
    """Each delivery by what it became, each try by how long it took."""
    took = [row["duration_ms"] for row in rows if row["is_try"]]
    ended = [statuses.count(outcome) for outcome in measuring.OUTCOMES]
    await connection.execute(
        measuring.COUNT, *place, *ended, sum(took) / 1000, measuring.bucket_counts(took)
    )


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows, option=orjson.OPT_UTC_Z).decode()
