"""What ends a lead, renews it, or answers it."""

from datetime import UTC, datetime
from uuid import UUID

from guanxi_pipeline.lead_pools.room import demand_room_again, take_holders_turn
from guanxi_pipeline.leads import rules
from guanxi_pipeline.leads.known import ways_of
from guanxi_pipeline.leads.schemas import Disqualify, Recycle
from guanxi_pipeline.leads.service import demand_unbusy, load_lead
from guanxi_pipeline.leads.writing import write_lead
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.records import State


async def disqualify_lead(
    call: Call, connection: Connection, lead_id: UUID, data: Disqualify
) -> State:
    ways = await ways_of(call.house).of(call.organisation)
    loaded = await load_lead(call, connection, lead_id)
    demand_unbusy(loaded)
    rules.demand_open(loaded.row)
    rules.demand_reason(data.reason, reasons=ways.disqualify_reasons, is_free=ways.is_reason_free)
    changes = rules.disqualified(data.reason, data.reason_note, datetime.now(UTC))
    return await write_lead(call, connection, loaded, changes, verb="disqualified")


async def recycle_lead(call: Call, connection: Connection, lead_id: UUID, data: Recycle) -> State:
    """Back to new: a disqualified lead whose time may have come, or an open one that nobody works."""
    ways, now = await ways_of(call.house).of(call.organisation), datetime.now(UTC)
    if data.keeps_owner:
        await take_holders_turn(call, connection, lead_id)
    loaded = await load_lead(call, connection, lead_id)
    demand_unbusy(loaded)
    rules.demand_recyclable(loaded.row)
    if data.keeps_owner and loaded.row["status"] not in rules.OPEN_STATUSES:
        await demand_room_again(call, connection, loaded)
    due_at = rules.response_due(now, (ways.first_response_minutes,))
    changes = rules.recycled(loaded.row, keeps_owner=data.keeps_owner, now=now, due_at=due_at)
    return await write_lead(call, connection, loaded, changes, verb="recycled")


async def respond_to_lead(call: Call, connection: Connection, lead_id: UUID) -> State:
    """Somebody has answered: the clock stops, and a new lead is being worked. Once is enough."""
    loaded = await load_lead(call, connection, lead_id)
    rules.demand_open(loaded.row)
    changes = rules.responded(loaded.row, call.by.user_id, datetime.now(UTC))
    if loaded.row["status"] == "new":
        changes["status"] = "working"
    return await write_lead(call, connection, loaded, changes, verb="updated")
