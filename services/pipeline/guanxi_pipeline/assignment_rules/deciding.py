"""Which rule fires for a lead, and who gets it.

Rules that go round or count loads take turns within an organisation (an advisory lock that is held
until the lead is committed): of two leads at one instant the second sees what the first has done.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.assignment_rules import rules
from guanxi_pipeline.leads.fitting import fitting
from guanxi_pipeline.leads.known import LeadWays
from guanxi_pipeline.leads.rules import owned
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('lead turns ' || $1::text, 0))"
PRESENT = """
SELECT u.id FROM directory_users u WHERE u.organisation_id = $1 AND u.id = ANY($2::uuid[]) AND u.active
"""
MEMBERS = """
SELECT u.id, u.active FROM directory_users u
WHERE u.organisation_id = $1 AND u.teams @> ARRAY[$2::uuid] ORDER BY u.id
"""
TEAM = "SELECT t.id FROM directory_teams t WHERE t.organisation_id = $1 AND t.id = $2"
LAST = "SELECT last_user_id FROM lead_assignment_turns WHERE organisation_id = $1 AND rule_id = $2"
TURN = """
INSERT INTO lead_assignment_turns AS t (organisation_id, rule_id, last_user_id) VALUES ($1, $2, $3)
ON CONFLICT (organisation_id, rule_id) DO UPDATE SET last_user_id = excluded.last_user_id
"""
LOADS = """
SELECT owner_id, count(*) AS open FROM leads WHERE organisation_id = $1 AND owner_id = ANY($2::uuid[])
  AND status IN ('new', 'working', 'qualified') AND deleted_at IS NULL AND id <> $3 GROUP BY owner_id
"""
Rule = Mapping[str, Any]
Loads = Mapping[UUID, int]
NONE_UNWRITTEN: Final[Loads] = {}


async def take_turn(connection: Connection | Deferred, organisation: UUID) -> None:
    """Wait for one's turn; before a lead is locked, or two could wait for each other."""
    await connection.execute(LOCK, str(organisation))


async def assigned_by_rules(
    call: Call, connection: Connection | Deferred, ways: LeadWays, row: Mapping[str, Any],
    now: datetime, *, unwritten: Loads = NONE_UNWRITTEN,
) -> dict[str, Any] | None:  # fmt: skip
    """The columns that the first rule gives which fits and has somebody; None when none does.
    `unwritten` is how many more open leads somebody has than the tables say."""
    if not ways.rules:
        return None
    fits = await fitting(call, connection, row, [rule["filter_groups"] for rule in ways.rules])
    for rule in (rule for rule, fit in zip(ways.rules, fits, strict=True) if fit):
        found = await _given(call.organisation, connection, rule, row, unwritten)
        if found is not None:
            owner, team = found
            columns = owned(owner, now, rule={"id": UUID(rule["id"]), "name": rule["name"]})
            return columns if team is None else columns | {"team_id": team}
    return None


async def _given(
    organisation: UUID, connection: Connection | Deferred, rule: Rule, row: Mapping[str, Any],
    unwritten: Loads,
) -> tuple[UUID | None, UUID | None] | None:  # fmt: skip
    """(owner, team) by one rule; None when it has nobody who is there."""
    action = rule["action"]
    team = None if action.get("team_id") is None else UUID(action["team_id"])
    if action["kind"] == "team":
        known = await connection.fetchval(TEAM, organisation, team)
        return None if known is None else (None, team)
    order, present = await _people(organisation, connection, action, team)
    if action["kind"] == "person":
        owner = next(iter(present), None)
    elif action["kind"] == "round_robin":
        owner = await _in_turn(organisation, connection, UUID(rule["id"]), order, present)
    else:
        owner = await _least_loaded(organisation, connection, order, present, row["id"], unwritten)
    return None if owner is None else (owner, team)


async def _people(
    organisation: UUID, connection: Connection | Deferred, action: Mapping[str, Any],
    team: UUID | None,
) -> tuple[list[UUID], set[UUID]]:  # fmt: skip
    """Those whom an action means in their order, and those of them who are active."""
    if team is not None:
        members = await connection.fetch(MEMBERS, organisation, team)
        return [m["id"] for m in members], {m["id"] for m in members if m["active"]}
    named = action.get("user_ids") or [action["user_id"]]
    order = list(dict.fromkeys(UUID(str(each)) for each in named))
    rows = await connection.fetch(PRESENT, organisation, order)
    return order, {row["id"] for row in rows}


async def _in_turn(
    organisation: UUID, connection: Connection | Deferred, rule_id: UUID, order: Sequence[UUID],
    present: set[UUID],
) -> UUID | None:  # fmt: skip
    await take_turn(connection, organisation)
    last = await connection.fetchval(LAST, organisation, rule_id)
    found = rules.next_in_turn(order, present, last)
    if found is not None:
        await connection.execute(TURN, organisation, rule_id, found)
    return found


async def _least_loaded(
    organisation: UUID, connection: Connection | Deferred, order: Sequence[UUID],
    present: set[UUID], lead_id: UUID, unwritten: Loads,
) -> UUID | None:  # fmt: skip
    await take_turn(connection, organisation)
    rows = await connection.fetch(LOADS, organisation, list(order), lead_id)
    stored = {row["owner_id"]: row["open"] for row in rows}
    loads = {each: stored.get(each, 0) + unwritten.get(each, 0) for each in order}
    return rules.least_loaded(order, present, loads)
