"""The clocks of a ticket, explained stretch by stretch, from its log and its replies."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_tickets.business_calendars.service import document_of as calendar_document
from guanxi_tickets.sla.clock_rules import explain
from guanxi_tickets.sla.hours_rules import calendar_from
from guanxi_tickets.sla.policy_rules import policy_from
from guanxi_tickets.sla.run_rules import Policy
from guanxi_tickets.sla.sentence_rules import told
from guanxi_tickets.sla_policies.service import document_of as policy_document
from guanxi_tickets.sla_reading.event_rules import events_from
from guanxi_tickets.ticket_settings.rules import RANKS
from guanxi_tickets.tickets.resources import TICKETS

PROMISED = """
SELECT sla_policy_id, sla_policy_version, sla_calendar_id, sla_calendar_version FROM tickets
WHERE organisation_id = $2 AND id = $3
"""
LOG = """
SELECT occurred_at AS at, split_part(type, '.', 3) AS verb, after->>'status' AS status,
  after->>'status_kind' AS status_kind, after->>'priority' AS priority
FROM events WHERE organisation_id = $2 AND subject_id = $3 AND subject_type = 'ticket' ORDER BY version, id
"""
# What was taken back later was said nevertheless. A reply counts where it was written; one that a merge or a
# split brought counts from that moment on, too, so that neither moves what was counted before.
REPLIES = """
SELECT at, author_kind FROM (
  SELECT created_at AS at, created_at, id, author_kind FROM ticket_comments
  WHERE organisation_id = $2 AND ticket_id = $3 AND written_on_id IS NULL
  UNION ALL SELECT created_at, created_at, id, author_kind FROM ticket_comments
  WHERE organisation_id = $2 AND written_on_id = $3
  UNION ALL SELECT joined_at, created_at, id, author_kind FROM ticket_comments
  WHERE organisation_id = $2 AND ticket_id = $3 AND written_on_id <> $3) AS said
ORDER BY at, created_at, id
"""
AS_IT_WAS = """
SELECT after::text FROM events
WHERE organisation_id = $2 AND subject_id = $3 AND subject_type = $4 AND version = $5
"""


async def explain_sla(call: Call, ticket_id: UUID) -> dict[str, Any]:
    """Every run of every clock until now; without a policy there are none."""
    await reads.find_record(call, TICKETS, ticket_id)
    asked = (call.organisation, ticket_id)
    promised = await call.db.fetchrow(call.organisation, PROMISED, *asked)
    assert promised is not None
    policies, key = await _policies(call, dict(promised))
    log = await call.db.fetch(call.organisation, LOG, *asked)
    replies = await call.db.fetch(call.organisation, REPLIES, *asked)
    now = datetime.now(UTC).replace(microsecond=0)
    policy = policies.get(key) if key is not None else None
    zone = ZoneInfo(policy.calendar.time_zone) if policy is not None else call.by.zone
    explained = explain(policies, events_from(map(dict, log), map(dict, replies), key), now)
    return {
        "ticket_id": str(ticket_id), "now": now,
        **{name.removeprefix("sla_"): _plain(value) for name, value in promised.items()},
        "policy_name": policy.name if policy else None,
        "calendar_name": policy.calendar.name if policy else None, "time_zone": zone.key,
        "clocks": [told(each, zone) for each in explained],
    }  # fmt: skip


async def _policies(
    call: Call, promised: Mapping[str, Any]
) -> tuple[dict[str, Policy], str | None]:
    """The one policy of a ticket under its key, as it and its calendar were when the ticket was made."""
    if promised["sla_policy_id"] is None:
        return {}, None
    policy = await _as_it_was(call, promised, "policy", "sla_policy")
    calendar = await _as_it_was(call, promised, "calendar", "business_calendar")
    read = policy_from(
        policy_document(policy), calendar_from(calendar_document(calendar)),
        priorities=RANKS, states=policy["pauses"],
    )  # fmt: skip
    key = f"{promised['sla_policy_id']}:{promised['sla_policy_version']}"
    return {key: read}, key


async def _as_it_was(
    call: Call, promised: Mapping[str, Any], part: str, noun: str
) -> dict[str, Any]:
    asked = (promised[f"sla_{part}_id"], noun, promised[f"sla_{part}_version"])
    row = await call.db.fetchrow(call.organisation, AS_IT_WAS, call.organisation, *asked)
    assert row is not None
    found: dict[str, Any] = orjson.loads(row["after"])
    return found


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)
