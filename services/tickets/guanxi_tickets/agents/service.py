"""Use cases of agents: make, change, say whether one is there, put away."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, Forbidden
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.writes import check_version
from guanxi_shared.written import demand_user, owned_by
from guanxi_tickets.agents.resources import AGENTS
from guanxi_tickets.agents.schemas import AgentCreate, AgentUpdate, Availability
from guanxi_tickets.agents.shift_rules import calendar_of, shift_ends_at

TAKEN = "SELECT 1 FROM agents WHERE organisation_id = $1 AND owner_id = $2 AND deleted_at IS NULL"


async def create_agent(call: Call, connection: Connection, data: AgentCreate) -> State:
    sent = data.model_dump(mode="json", by_alias=True, exclude={"id", "user_id"})
    await demand_user(call, connection, data.user_id, "user_id")
    await owned_by(call, connection, AGENTS, {"owner_id": data.user_id}, owner_field="user_id")
    columns = {
        **sent, **ending_of(sent), "organisation_id": call.organisation, "id": data.id or new_id(),
        "owner_id": data.user_id,
    }  # fmt: skip
    if await connection.fetchval(TAKEN, call.organisation, data.user_id):
        raise _there_already()
    return await records.insert_record(connection, AGENTS, columns, actor=call.actor)


def _there_already() -> Conflict:
    return Conflict(
        "This user is an agent already.", code="agent_exists",
        errors={"user_id": "Change the agent that there is."},
    )  # fmt: skip


async def update_agent(
    call: Call, connection: Connection, agent_id: UUID, data: AgentUpdate, version: int | None
) -> State:
    scope = await call.scope(AGENTS.name)
    loaded = await records.load_record(connection, AGENTS, agent_id, scope=scope)
    await check_version(connection, AGENTS, loaded, version)
    changes = data.model_dump(mode="json", by_alias=True, include=data.model_fields_set)
    if "shifts" in changes:
        changes |= ending_of(changes)
    return await records.update_record(connection, AGENTS, loaded, changes, actor=call.actor)


async def set_availability(
    call: Call, connection: Connection, agent_id: UUID, data: Availability
) -> State:
    """One's own, or of somebody whom one may change."""
    scope = await call.scope(AGENTS.name)
    loaded = await records.load_record(connection, AGENTS, agent_id, scope=scope, to_write=False)
    if loaded.row["owner_id"] != call.by.user_id and not call.by.may("agents:update"):
        raise Forbidden("Only they themselves say whether they are there, or who leads them.")
    return await records.update_record(
        connection, AGENTS, loaded, data.model_dump(), actor=call.actor
    )


async def delete_agent(
    call: Call, connection: Connection, agent_id: UUID, version: int | None
) -> State:
    """Their tickets stay theirs."""
    scope = await call.scope(AGENTS.name)
    loaded = await records.load_record(connection, AGENTS, agent_id, scope=scope)
    await check_version(connection, AGENTS, loaded, version)
    return await records.delete_record(
        connection, AGENTS, loaded, actor=call.actor, more={"shift_ends_at": None}
    )


async def restore_agent(call: Call, connection: Connection, agent_id: UUID) -> State:
    scope = await call.scope(AGENTS.name)
    loaded = await records.load_record(connection, AGENTS, agent_id, scope=scope, deleted=True)
    if await connection.fetchval(TAKEN, call.organisation, loaded.row["owner_id"]):
        raise _there_already()
    return await records.restore_record(
        connection, AGENTS, loaded, actor=call.actor, more=ending_of(loaded.row)
    )


def ending_of(row: Any) -> dict[str, Any]:
    """When the shift ends that the plan says; from now on, so that a new plan takes nothing away."""
    shifts = row["shifts"]
    calendar = calendar_of(shifts) if shifts is not None else None
    return {"shift_ends_at": shift_ends_at(calendar, datetime.now(UTC))}
