"""The clocks of a ticket, explained stretch by stretch, from its log and its replies."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_tickets.sla.clock_rules import explain
from guanxi_tickets.sla.sentence_rules import told
from guanxi_tickets.sla_clocks.keeping import events_of
from guanxi_tickets.sla_clocks.promised import NAMED, promised_of, promised_row
from guanxi_tickets.tickets.resources import TICKETS


async def explain_sla(call: Call, ticket_id: UUID) -> dict[str, Any]:
    """Every run of every clock until now; without a policy there are none."""
    await reads.find_record(call, TICKETS, ticket_id)
    async with call.db.transaction(call.organisation) as connection:
        row = await promised_row(connection, call.organisation, ticket_id)
        promised = await promised_of(connection, call.organisation, row)
        events = await events_of(connection, row, promised)
    now = datetime.now(UTC).replace(microsecond=0)
    policy = promised.policy if promised else None
    zone = ZoneInfo(policy.calendar.time_zone) if policy else call.by.zone
    clocks = explain({promised.key: promised.policy} if promised else {}, events, now)
    return {
        "ticket_id": str(ticket_id), "now": now,
        **{name.removeprefix("sla_"): _plain(row[name]) for name in NAMED},
        "policy_name": policy.name if policy else None,
        "calendar_name": policy.calendar.name if policy else None, "time_zone": zone.key,
        "clocks": [told(each, zone) for each in clocks],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)
