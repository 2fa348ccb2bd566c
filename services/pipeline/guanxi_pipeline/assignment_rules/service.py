"""Use cases of assignment rules: make, change, put away."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_pipeline.assignment_rules import rules
from guanxi_pipeline.assignment_rules.resources import ASSIGNMENT_RULES
from guanxi_pipeline.assignment_rules.schemas import AssignmentRuleCreate, AssignmentRuleUpdate
from guanxi_pipeline.leads.fitting import understood
from guanxi_pipeline.leads.known import ways_of
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

UNKNOWN_USER = """
SELECT id FROM unnest($2::uuid[]) AS id WHERE id NOT IN (
  SELECT u.id FROM directory_users u WHERE u.organisation_id = $1) LIMIT 1
"""
TEAM = "SELECT 1 FROM directory_teams t WHERE t.organisation_id = $1 AND t.id = $2"


async def create_rule(call: Call, connection: Connection, data: AssignmentRuleCreate) -> State:
    columns = data.model_dump(mode="json", exclude={"id"})
    await _check(call, connection, columns)
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id()}
    ways_of(call.house).forget(call.organisation)
    return await records.insert_record(connection, ASSIGNMENT_RULES, columns, actor=call.actor)


async def load_rule(connection: Connection, rule_id: UUID, *, deleted: bool = False) -> Loaded:
    return await records.load_record(
        connection, ASSIGNMENT_RULES, rule_id, scope=EVERYTHING, deleted=deleted
    )


async def update_rule(
    call: Call, connection: Connection, rule_id: UUID, data: AssignmentRuleUpdate,
    version: int | None,
) -> State:  # fmt: skip
    # What is sent, each field whole: an action of another kind keeps nothing of the old one.
    changes = data.model_dump(mode="json", include=data.model_fields_set)
    loaded = await load_rule(connection, rule_id)
    await check_version(connection, ASSIGNMENT_RULES, loaded, version)
    await _check(call, connection, changes)
    ways_of(call.house).forget(call.organisation)
    return await records.update_record(
        connection, ASSIGNMENT_RULES, loaded, changes, actor=call.actor
    )


async def delete_rule(
    call: Call, connection: Connection, rule_id: UUID, version: int | None
) -> State:
    loaded = await load_rule(connection, rule_id)
    await check_version(connection, ASSIGNMENT_RULES, loaded, version)
    ways_of(call.house).forget(call.organisation)
    return await records.delete_record(connection, ASSIGNMENT_RULES, loaded, actor=call.actor)


async def restore_rule(call: Call, connection: Connection, rule_id: UUID) -> State:
    loaded = await load_rule(connection, rule_id, deleted=True)
    ways_of(call.house).forget(call.organisation)
    return await records.restore_record(connection, ASSIGNMENT_RULES, loaded, actor=call.actor)


async def _check(call: Call, connection: Connection, columns: Mapping[str, Any]) -> None:
    """The filter means something today, and whom the action names is known."""
    await understood(call, columns.get("filter_groups", []), where="filter_groups")
    action = columns.get("action")
    if action is None:
        return
    rules.demand_whole(action)
    users = [UUID(str(each)) for each in (*action["user_ids"], action["user_id"]) if each]
    if users and await connection.fetchval(UNKNOWN_USER, call.organisation, users):
        where = "action.user_id" if action["user_id"] else "action.user_ids"
        raise UnknownReference(
            "The action names nobody known here.", errors={where: "There is no such user."}
        )
    team = action["team_id"]
    if team and await connection.fetchval(TEAM, call.organisation, UUID(team)) is None:
        raise UnknownReference(
            "The action names no team known here.",
            errors={"action.team_id": "There is no such team."},
        )
