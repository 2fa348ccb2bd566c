"""Use cases of policies: make, change, put away."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_tickets.sla.calendar_rules import ALWAYS
from guanxi_tickets.sla.escalation_rules import named_in, queues_in
from guanxi_tickets.sla.policy_rules import policy_from
from guanxi_tickets.sla_policies.known import policies_of
from guanxi_tickets.sla_policies.resources import POLICIES
from guanxi_tickets.sla_policies.schemas import PolicyCreate, PolicyUpdate
from guanxi_tickets.ticket_settings.known import known_ways
from guanxi_tickets.ticket_settings.rules import RANKS
from guanxi_tickets.tickets.fitting import understood

PARTS: Final = ("name", "targets", "pauses", "on_reopen", "promise_warnings")
# Held until the policy stands, so that nobody puts the calendar away meanwhile.
CALENDAR = """
SELECT 1 FROM business_calendars WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL FOR SHARE
"""
UNKNOWN_NAMED = """
SELECT id::text FROM (
  SELECT id FROM unnest($2::uuid[]) AS id EXCEPT SELECT u.id FROM directory_users u WHERE u.organisation_id = $1
    AND u.active
  UNION ALL
  (SELECT id FROM unnest($3::uuid[]) AS id EXCEPT SELECT t.id FROM directory_teams t WHERE t.organisation_id = $1)
  UNION ALL
  (SELECT id FROM unnest($4::uuid[]) AS id EXCEPT SELECT q.id FROM queues q WHERE q.organisation_id = $1
    AND q.deleted_at IS NULL)
) AS missing LIMIT 1
"""


def document_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What `policy_from` reads, of a stored or shown policy."""
    return {name: row[name] for name in PARTS if name in row}


async def create_policy(call: Call, connection: Connection, data: PolicyCreate) -> State:
    columns = data.model_dump(mode="json", exclude={"id"}) | {"calendar_id": data.calendar_id}
    await _check(call, connection, columns, columns)
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id()}
    state = await records.insert_record(connection, POLICIES, columns, actor=call.actor)
    policies_of(call.house).forget(call.organisation)
    return state


async def update_policy(
    call: Call, connection: Connection, policy_id: UUID, data: PolicyUpdate, version: int | None
) -> State:
    changes = data.model_dump(mode="json", include=data.model_fields_set)
    if "calendar_id" in changes:
        changes["calendar_id"] = data.calendar_id
        if data.calendar_id is None:
            raise Invalid("A policy has a calendar.", errors={"calendar_id": "Choose a calendar."})
    loaded = await _load(connection, policy_id)
    await check_version(connection, POLICIES, loaded, version)
    await _check(call, connection, changes, {**loaded.row, **changes})
    state = await records.update_record(connection, POLICIES, loaded, changes, actor=call.actor)
    policies_of(call.house).forget(call.organisation)
    return state


async def delete_policy(
    call: Call, connection: Connection, policy_id: UUID, version: int | None
) -> State:
    """Tickets that have it keep what was promised."""
    loaded = await _load(connection, policy_id)
    await check_version(connection, POLICIES, loaded, version)
    state = await records.delete_record(connection, POLICIES, loaded, actor=call.actor)
    policies_of(call.house).forget(call.organisation)
    return state


async def _load(connection: Connection, policy_id: UUID) -> Loaded:
    return await records.load_record(connection, POLICIES, policy_id, scope=EVERYTHING)


async def _demand_named(
    call: Call, connection: Connection, escalations: Sequence[Mapping[str, Any]]
) -> None:
    """Users, teams and queues that escalations name are there today; what is gone later is passed over."""
    for number, each in enumerate(escalations):
        users, teams = named_in(each["actions"])
        named = (users, teams, queues_in(each["actions"]))
        unknown = await connection.fetchval(UNKNOWN_NAMED, call.organisation, *named)
        if unknown is not None:
            field = f"escalations.{number}.actions"
            raise UnknownReference(
                f"{field} names {unknown}, which is neither a user nor a team nor a queue.",
                errors={field: "Name users, teams and queues that are there."},
            )


async def _check(
    call: Call, connection: Connection, changes: Mapping[str, Any], whole: Mapping[str, Any]
) -> None:
    """Its calendar is there, its filter means something today, its targets and pauses name what the
    organisation has."""
    ways = await known_ways(call)
    if changes.keys() & set(PARTS):
        policy_from(document_of(whole), ALWAYS, priorities=RANKS, states=ways.states)
    if changes.get("filter_groups"):
        await understood(call, changes["filter_groups"])
    if changes.get("escalations"):
        await _demand_named(call, connection, changes["escalations"])
    if "calendar_id" in changes:
        asked = (call.organisation, changes["calendar_id"])
        if await connection.fetchval(CALENDAR, *asked) is None:
            raise UnknownReference(
                "calendar_id names no calendar.",
                errors={"calendar_id": "There is no such calendar."},
            )
