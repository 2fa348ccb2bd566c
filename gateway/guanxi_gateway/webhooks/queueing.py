"""Events heard become deliveries, in the transaction that moves the endpoint's cursor."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_gateway.webhooks.endpoints import Endpoint
from guanxi_gateway.webhooks.filter_rules import fits
from guanxi_gateway.webhooks.reading import Event, reference_of
from guanxi_gateway.webhooks.turns import LeaseLost
from guanxi_shared.db import Connection, Database
from guanxi_shared.feed.patterns import matches_type
from guanxi_shared.identifiers import new_id

# How far clocks and long transactions may put an event's time before the moment it was committed.
CLOCKS: Final = timedelta(hours=1)

ADVANCE = """
UPDATE webhook_turns SET cursor = $5, heard_at = clock_timestamp(), next_number = next_number + $6,
  waiting_since = CASE WHEN $6 > 0 THEN coalesce(waiting_since, clock_timestamp()) ELSE waiting_since END
WHERE organisation_id = $1 AND webhook_id = $2 AND lease = $3 AND cursor = $4
RETURNING next_number - $6
"""
# One that waits already learns where its event is now: the place is another one after a restore.
ADD = """
INSERT INTO webhook_deliveries AS d (organisation_id, id, webhook_id, event_id, event_type, subject,
  occurred_at, service, place, number, lane)
SELECT $1, n.id, $2, n.event_id, n.event_type, n.subject, n.occurred_at, n.service, n.place, n.number, n.lane
FROM jsonb_to_recordset($3::text::jsonb) AS n (id uuid, event_id uuid, event_type text, subject text,
  occurred_at timestamptz, service text, place text, number int, lane text)
ON CONFLICT (organisation_id, webhook_id, event_id) DO UPDATE SET place = excluded.place
WHERE d.status = 'waiting'
"""
OLDEST = """
SELECT min(occurred_at) AS oldest FROM webhook_deliveries
WHERE organisation_id = $1 AND webhook_id = $2 AND status = 'waiting'
"""
START_OVER = """
UPDATE webhook_turns SET cursor = $5, hears_from = $6
WHERE organisation_id = $1 AND webhook_id = $2 AND lease = $3 AND cursor = $4 RETURNING cursor
"""


def wanted(endpoint: Endpoint, events: Sequence[Event]) -> list[Event]:
    """Those that the endpoint asked for."""
    return [
        event
        for event in events
        if matches_type(event["type"], endpoint.event_types)
        and datetime.fromisoformat(event["time"]) >= endpoint.hears_from
        and fits(endpoint.groups, event["data"]["state"] or {})
    ]


async def queue_events(
    database: Database, endpoint: Endpoint, lease: UUID, events: Sequence[Event], cursor: str
) -> None:
    """LeaseLost where another dispatcher has moved the cursor since it was read."""
    place = (endpoint.organisation_id, endpoint.id)
    async with database.transaction(endpoint.organisation_id) as connection:
        first = await connection.fetchval(
            ADVANCE, *place, lease, endpoint.cursor, cursor, len(events)
        )
        if first is None:
            raise LeaseLost
        if events:
            rows = [_row(endpoint, e, cursor, first + n) for n, e in enumerate(events)]
            await connection.execute(ADD, *place, orjson.dumps(rows).decode())
    endpoint.cursor = cursor


async def start_over(database: Database, endpoint: Endpoint, lease: UUID, cursor: str) -> None:
    """A service was restored from a backup: its feed is read from the beginning, and what is old enough to
    have been heard is passed over. What waits finds its place again on the way."""
    place = (endpoint.organisation_id, endpoint.id)
    async with database.transaction(endpoint.organisation_id) as connection:
        hears_from = await _hears_from(connection, endpoint)
        moved = await connection.fetchval(
            START_OVER, *place, lease, endpoint.cursor, cursor, hears_from
        )
        if moved is None:
            raise LeaseLost
    endpoint.cursor, endpoint.hears_from = cursor, hears_from


async def _hears_from(connection: Connection, endpoint: Endpoint) -> datetime:
    oldest: datetime | None = await connection.fetchval(
        OLDEST, endpoint.organisation_id, endpoint.id
    )
    heard = endpoint.heard_at - CLOCKS
    return max(min(heard, oldest or heard), endpoint.hears_from)


def _row(endpoint: Endpoint, event: Event, cursor: str, number: int) -> dict[str, Any]:
    found = reference_of(event, cursor)
    return {
        "id": str(new_id()), "event_id": str(found.event_id), "event_type": found.type,
        "subject": event["subject"], "occurred_at": event["time"], "service": found.service,
        "place": found.place, "number": number,
        "lane": endpoint.lane_of(found.event_id, event["subject"]),
    }  # fmt: skip
