"""Use cases of queues: make, change, put away."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_shared.written import demand_team
from guanxi_tickets.queues.known import queues_of
from guanxi_tickets.queues.resources import QUEUES
from guanxi_tickets.queues.schemas import QueueCreate, QueueUpdate
from guanxi_tickets.tickets.fitting import understood

UNDONE = """
SELECT count(*) FROM tickets WHERE organisation_id = $1 AND queue_id = $2 AND deleted_at IS NULL
  AND status_kind NOT IN ('solved', 'closed')
"""


async def create_queue(call: Call, connection: Connection, data: QueueCreate) -> State:
    columns = data.model_dump(mode="json", exclude={"id"}) | {"team_id": data.team_id}
    await demand_team(call, connection, data.team_id, "team_id")
    await _check(call, columns)
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id()}
    state = await records.insert_record(connection, QUEUES, columns, actor=call.actor)
    queues_of(call.house).forget(call.organisation)
    return state


async def update_queue(
    call: Call, connection: Connection, queue_id: UUID, data: QueueUpdate, version: int | None
) -> State:
    loaded = await records.load_record(connection, QUEUES, queue_id, scope=EVERYTHING)
    await check_version(connection, QUEUES, loaded, version)
    changes = data.model_dump(mode="json", include=data.model_fields_set)
    await _check(call, changes)
    state = await records.update_record(connection, QUEUES, loaded, changes, actor=call.actor)
    queues_of(call.house).forget(call.organisation)
    return state


async def delete_queue(
    call: Call, connection: Connection, queue_id: UUID, version: int | None
) -> State:
    """Only once nothing in it is still to be done; what is solved keeps it."""
    loaded = await records.load_record(connection, QUEUES, queue_id, scope=EVERYTHING)
    await check_version(connection, QUEUES, loaded, version)
    undone = await connection.fetchval(UNDONE, call.organisation, queue_id)
    if undone:
        raise Conflict(
            f"{undone} tickets in this queue are still to be done; move them first.",
            code="queue_in_use",
        )
    state = await records.delete_record(connection, QUEUES, loaded, actor=call.actor)
    queues_of(call.house).forget(call.organisation)
    return state


async def restore_queue(call: Call, connection: Connection, queue_id: UUID) -> State:
    loaded = await records.load_record(connection, QUEUES, queue_id, scope=EVERYTHING, deleted=True)
    state = await records.restore_record(connection, QUEUES, loaded, actor=call.actor)
    queues_of(call.house).forget(call.organisation)
    return state


async def _check(call: Call, changes: Mapping[str, Any]) -> None:
    if changes.get("filter_groups"):
        await understood(call, changes["filter_groups"])
