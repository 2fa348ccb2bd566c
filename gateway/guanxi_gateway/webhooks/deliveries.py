"""Deliveries as people look at them, and ask for them again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_gateway.webhooks.payload_rules import TEST_TYPE
from guanxi_gateway.webhooks.resources import DELIVERIES
from guanxi_gateway.webhooks.schemas import Recovery
from guanxi_gateway.webhooks.service import demand_enabled, load_webhook
from guanxi_gateway.webhooks.turns import ring_one
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import new_id

_SHOWN = ", ".join(DELIVERIES.fields)
READ = f"""
SELECT {_SHOWN} FROM webhook_deliveries WHERE organisation_id = $1 AND webhook_id = $2 AND id = $3
"""
ATTEMPTS = """
SELECT number, began_at, duration_ms, status_code, error, excerpt FROM webhook_attempts
WHERE organisation_id = $1 AND delivery_id = $2 ORDER BY began_at DESC, id DESC LIMIT 100
"""
AGAIN = """
UPDATE webhook_deliveries SET status = 'waiting', attempts = 0, due_at = clock_timestamp(),
  queued_at = clock_timestamp(), finished_at = NULL
WHERE organisation_id = $1 AND webhook_id = $2
"""
ONE = f"{AGAIN} AND id = $3 RETURNING {_SHOWN}"
SINCE = f"{AGAIN} AND occurred_at >= $3 AND ($4 OR status <> 'delivered')"
TEST = f"""
WITH turn AS (
  UPDATE webhook_turns SET next_number = next_number + 1 WHERE organisation_id = $1 AND webhook_id = $2
  RETURNING next_number - 1 AS number)
INSERT INTO webhook_deliveries (organisation_id, id, webhook_id, event_id, event_type, subject, number, lane)
SELECT $1, $3, $2, $4, $5, 'webhook/' || $2::uuid::text, turn.number, $4::uuid::text FROM turn RETURNING {_SHOWN}
"""


async def read_delivery(call: Call, webhook_id: UUID, delivery_id: UUID) -> dict[str, Any]:
    async with call.db.transaction(call.organisation) as connection:
        await load_webhook(call, connection, webhook_id, to_write=False)
        row = await connection.fetchrow(READ, call.organisation, webhook_id, delivery_id)
        if row is None:
            raise _unknown(delivery_id)
        attempts = await connection.fetch(ATTEMPTS, call.organisation, delivery_id)
    return {**_plain(dict(row)), "attempt_log": [dict(each) for each in reversed(attempts)]}


async def resend_delivery(
    call: Call, connection: Connection, webhook_id: UUID, delivery_id: UUID
) -> dict[str, Any]:
    """It is sent again under the same id, whatever came of it."""
    demand_enabled(await load_webhook(call, connection, webhook_id))
    row = await connection.fetchrow(ONE, call.organisation, webhook_id, delivery_id)
    if row is None:
        raise _unknown(delivery_id)
    await ring_one(connection, call.organisation, webhook_id)
    return _plain(dict(row))


async def recover_deliveries(
    call: Call, connection: Connection, webhook_id: UUID, data: Recovery
) -> int:
    """How many are sent (again) because their event is of then or later."""
    demand_enabled(await load_webhook(call, connection, webhook_id))
    done = await connection.execute(SINCE, call.organisation, webhook_id, data.since, data.all)
    await ring_one(connection, call.organisation, webhook_id)
    return int(done.removeprefix("UPDATE "))


async def send_test(call: Call, connection: Connection, webhook_id: UUID) -> dict[str, Any]:
    demand_enabled(await load_webhook(call, connection, webhook_id))
    row = await connection.fetchrow(
        TEST, call.organisation, webhook_id, new_id(), new_id(), TEST_TYPE
    )
    assert row is not None
    await ring_one(connection, call.organisation, webhook_id)
    return _plain(dict(row))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: str(v) if isinstance(v, UUID) else v for k, v in row.items()}


def _unknown(delivery_id: UUID) -> NotFound:
    return NotFound(f"There is no delivery with the id {str(delivery_id)!r}.")
