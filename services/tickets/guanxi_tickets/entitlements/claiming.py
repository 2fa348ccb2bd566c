"""Which entitlement a new ticket is made on: looked for with every create where the organisation has any."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from guanxi_shared.calls import Call, House
from guanxi_shared.db import Connection, Database
from guanxi_shared.deferred import Deferred
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded
from guanxi_shared.remembered import Remembered, remembered
from guanxi_tickets.business_calendars.service import PARTS, document_of
from guanxi_tickets.entitlements import claim_rules
from guanxi_tickets.entitlements.booking import Line, load_any, take, write_line
from guanxi_tickets.entitlements.claim_rules import BY_TICKET, ONE
from guanxi_tickets.errors import NotEntitled
from guanxi_tickets.sla.calendar_rules import worked_seconds
from guanxi_tickets.sla.hours_rules import calendar_from

IS_THERE = "SELECT EXISTS (SELECT 1 FROM entitlements WHERE organisation_id = $2 AND deleted_at IS NULL) AS any"
# The account's own, and those of accounts above it that cover what is below.
OF_ACCOUNT = f"""
WITH RECURSIVE way AS (
  SELECT $2::uuid AS id, 0 AS distance
  UNION ALL SELECT k.parent_id, w.distance + 1 FROM way w
  JOIN known_accounts k ON k.organisation_id = $1 AND k.id = w.id WHERE k.parent_id IS NOT NULL AND w.distance < 32)
SELECT e.*, way.distance,
  (SELECT to_jsonb(c)::text FROM (SELECT {", ".join(PARTS)} FROM business_calendars b
    WHERE b.organisation_id = $1 AND b.id = e.calendar_id) AS c) AS calendar
FROM (SELECT id, min(distance) AS distance FROM way GROUP BY id) AS way
JOIN entitlements e ON e.organisation_id = $1 AND e.account_id = way.id AND (way.distance = 0 OR e.covers_children)
WHERE e.deleted_at IS NULL ORDER BY e.ends_at DESC, e.id LIMIT 500
"""


class Claim(NamedTuple):
    """`entitlement`: held, with the line that is written once the ticket is there."""

    columns: dict[str, Any]
    policy_id: UUID | None = None
    entitlement: Loaded | None = None
    line: Line | None = None


def entitlements_of(house: House) -> Remembered[bool]:
    """Whether the organisation has any."""
    return remembered(house, "entitlements", _read)


async def _read(db: Database, organisation: UUID) -> bool:
    rows = await db.lookup(organisation, IS_THERE, organisation)
    return bool(rows[0]["any"])


async def claim(
    call: Call, connection: Connection | Deferred, ticket: Mapping[str, Any], without: str
) -> Claim:
    """`without`: what the organisation says of a ticket that none covers. NotEntitled says why."""
    why = list[tuple[Mapping[str, Any], str]]()
    if ticket["account_id"] is not None and await entitlements_of(call.house).of(call.organisation):
        now = datetime.now(UTC)
        asked = (call.organisation, ticket["account_id"])
        rows = [dict(row) for row in await connection.fetch(OF_ACCOUNT, *asked)]
        for row in claim_rules.in_order(rows):
            is_open = _is_open(row["calendar"], now)
            found = claim_rules.obstacle(row, ticket, now, is_open=is_open)
            if found is None:
                held = await load_any(connection, row["id"])
                found = claim_rules.obstacle(held.row, ticket, now, is_open=is_open)
                if found is None and held.row["deleted_at"] is None:
                    return await _claimed(call, connection, held, ticket, now)
            why.append((row, found or "is put away"))
    if without == "refuse":
        sentence = claim_rules.sentence(why)
        raise NotEntitled(sentence, errors={"account_id": sentence})
    return Claim({"entitlement_id": None, "is_entitled": False if without == "mark" else None})


async def write_claim(
    call: Call, connection: Connection | Deferred, found: Claim, at: datetime
) -> None:
    """The line of the ledger, which names the ticket."""
    if found.entitlement is not None and found.line is not None:
        await write_line(
            connection, found.entitlement, found.line, new_id(), actor=call.actor, at=at
        )


async def _claimed(
    call: Call, connection: Connection | Deferred, held: Loaded, ticket: Mapping[str, Any],
    now: datetime,
) -> Claim:  # fmt: skip
    columns = {"entitlement_id": held.id, "is_entitled": True}
    policy_id = held.row["sla_policy_id"]
    if held.row["unit"] != BY_TICKET:
        return Claim(columns, policy_id)
    line = Line(ONE, "ticket", ticket["id"])
    await take(connection, held, line, actor=call.actor, at=now)
    return Claim(columns, policy_id, held, line)


def _is_open(calendar: str | None, now: datetime) -> bool:
    if calendar is None:
        return True
    read = calendar_from(document_of(orjson.loads(calendar)))
    return worked_seconds(read, now, now + timedelta(seconds=1)) > 0
