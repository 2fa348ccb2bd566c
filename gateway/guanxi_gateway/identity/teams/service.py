"""The tree of teams and who belongs to them; every change works the closure out anew."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.directory import Touched, lock_directory, publish_directory, shown
from guanxi_gateway.identity.errors import TeamCycle, TeamInUse, TeamTooDeep
from guanxi_gateway.identity.rows import found, written
from guanxi_gateway.identity.teams.schemas import TeamCreate, TeamUpdate
from guanxi_gateway.identity.tree_rules import Parents, makes_cycle, too_deep
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, NotFound
from guanxi_shared.identifiers import new_id

ADD = """
INSERT INTO teams (organisation_id, id, name, parent_id) VALUES ($1, $2, $3, $4) RETURNING *
"""
LOAD = """
SELECT * FROM teams WHERE organisation_id = $1 AND id = $2
  AND (deleted_at IS NOT NULL) = $3 FOR UPDATE
"""
CHANGE = """
UPDATE teams SET name = $3, parent_id = $4, deleted_at = $5, version = version + 1,
  updated_at = clock_timestamp() WHERE organisation_id = $1 AND id = $2 RETURNING *
"""
PARENTS = "SELECT id, parent_id FROM teams WHERE organisation_id = $1 AND deleted_at IS NULL"
MEMBERS = """
SELECT coalesce(array_agg(user_id ORDER BY user_id), '{}') FROM team_members
WHERE organisation_id = $1 AND team_id = $2
"""
KNOWN_USERS = """
SELECT coalesce(array_agg(id), '{}') FROM users
WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL
"""
LEAVE = """
DELETE FROM team_members WHERE organisation_id = $1 AND team_id = $2 AND user_id = ANY($3::uuid[])
"""
JOIN = """
INSERT INTO team_members (organisation_id, team_id, user_id) SELECT $1, $2, unnest($3::uuid[])
ON CONFLICT DO NOTHING
"""
BELOW = """
SELECT count(*) FROM teams WHERE organisation_id = $1 AND parent_id = $2 AND deleted_at IS NULL
"""


async def create_team(
    connection: Connection, organisation_id: UUID, data: TeamCreate, *, actor: Actor
) -> dict[str, Any]:
    await lock_directory(connection, organisation_id)
    team_id = data.id or new_id()
    await _demand_place(connection, organisation_id, team_id, data.parent_id)
    row = await written(connection, ADD, organisation_id, team_id, data.name, data.parent_id)
    await _set_members(connection, organisation_id, team_id, data.member_ids)
    return await _tell(connection, row, None, "created", actor, {"member_ids": data.member_ids})


async def load_team(
    connection: Connection, organisation_id: UUID, team_id: UUID, *, deleted: bool = False
) -> dict[str, Any]:
    """The row, locked; take the directory's lock first."""
    row = await found(connection, LOAD, organisation_id, team_id, deleted)
    if row is None:
        raise NotFound(f"There is no team with the id {str(team_id)!r}.")
    return dict(row)


async def update_team(
    connection: Connection, before: Mapping[str, Any], data: TeamUpdate, *, actor: Actor
) -> dict[str, Any]:
    wanted = data.model_dump(exclude_unset=True)
    organisation_id, team_id = before["organisation_id"], before["id"]
    changes = {name: wanted[name] for name in ("name", "parent_id") if name in wanted}
    after = dict(before) | changes
    if after["parent_id"] != before["parent_id"]:
        await _demand_place(connection, organisation_id, team_id, after["parent_id"])
    moved = False
    if "member_ids" in wanted:
        moved = await _set_members(connection, organisation_id, team_id, wanted["member_ids"])
    if not moved and after == dict(before):
        return await state_of(connection, before)
    return await _write(connection, before, after, "updated", actor, sorted(wanted))


async def add_member(
    connection: Connection, before: Mapping[str, Any], user_id: UUID, *, actor: Actor
) -> dict[str, Any]:
    members = await _members(connection, before)
    if user_id in members:
        return await state_of(connection, before)
    organisation_id, team_id = before["organisation_id"], before["id"]
    await _set_members(connection, organisation_id, team_id, [*members, user_id])
    return await _write(connection, before, before, "updated", actor, ["member_ids"])


async def remove_member(
    connection: Connection, before: Mapping[str, Any], user_id: UUID, *, actor: Actor
) -> dict[str, Any]:
    members = await _members(connection, before)
    if user_id not in members:
        raise NotFound("This user is not a member of the team.")
    await connection.execute(LEAVE, before["organisation_id"], before["id"], [user_id])
    return await _write(connection, before, before, "updated", actor, ["member_ids"])


async def delete_team(
    connection: Connection, before: Mapping[str, Any], *, actor: Actor
) -> dict[str, Any]:
    """Its members stay users; a team with teams below it is refused."""
    organisation_id, team_id = before["organisation_id"], before["id"]
    if await connection.fetchval(BELOW, organisation_id, team_id):
        raise TeamInUse()
    now = await connection.fetchval("SELECT clock_timestamp()")
    after = {**before, "deleted_at": now}
    return await _write(connection, before, after, "deleted", actor, [])


async def restore_team(
    connection: Connection, before: Mapping[str, Any], *, actor: Actor
) -> dict[str, Any]:
    """With the members it had; at the top when its parent is gone."""
    parents = await _parents(connection, before["organisation_id"])
    parent_id = before["parent_id"] if before["parent_id"] in parents else None
    after = {**before, "deleted_at": None, "parent_id": parent_id}
    return await _write(connection, before, after, "restored", actor, [])


async def state_of(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    return {**shown("team", row), "member_ids": await _members(connection, row)}


async def _write(
    connection: Connection,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    verb: str,
    actor: Actor,
    changed: Sequence[str],
) -> dict[str, Any]:
    row = await written(connection, CHANGE, before["organisation_id"], before["id"],
        after["name"], after["parent_id"], after["deleted_at"],
    )  # fmt: skip
    return await _tell(connection, row, before, verb, actor, {"changed": changed})


async def _tell(
    connection: Connection,
    row: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    verb: str,
    actor: Actor,
    details: Mapping[str, Any],
) -> dict[str, Any]:
    organisation_id = row["organisation_id"]
    touched = [Touched("team", verb, dict(row), dict(before) if before else None)]
    await publish_directory(connection, organisation_id, touched, actor=actor)
    state = await state_of(connection, row)
    await write_audit(
        connection,
        organisation_id,
        f"team.{verb}",
        actor=actor,
        subject=f"team/{row['id']}",
        details=details,
    )
    return state


async def _demand_place(
    connection: Connection, organisation_id: UUID, team_id: UUID, parent_id: UUID | None
) -> None:
    if parent_id is None:
        return
    parents = await _parents(connection, organisation_id)
    if parent_id not in parents and parent_id != team_id:
        raise Invalid(
            f"There is no team with the id {str(parent_id)!r}.",
            errors={"parent_id": "Unknown team."},
            code="unknown_reference",
        )
    if makes_cycle(team_id, parent_id, parents):
        raise TeamCycle(errors={"parent_id": "This team is below the one you are moving."})
    if too_deep(team_id, parent_id, parents):
        raise TeamTooDeep(errors={"parent_id": "Too many levels."})


async def _parents(connection: Connection, organisation_id: UUID) -> Parents:
    rows = await connection.fetch(PARENTS, organisation_id)
    return {row["id"]: row["parent_id"] for row in rows}


async def _members(connection: Connection, team: Mapping[str, Any]) -> list[UUID]:
    found: list[UUID] = await connection.fetchval(MEMBERS, team["organisation_id"], team["id"])
    return found


async def _set_members(
    connection: Connection, organisation_id: UUID, team_id: UUID, user_ids: Sequence[UUID]
) -> bool:
    """Whether anything changed; Invalid for users that are not there."""
    present = set(await connection.fetchval(MEMBERS, organisation_id, team_id))
    wanted = set(user_ids)
    joining, leaving = wanted - present, present - wanted
    known = set(await connection.fetchval(KNOWN_USERS, organisation_id, list(joining)))
    if unknown := sorted(joining - known):
        raise Invalid(
            f"There is no user with the id {str(unknown[0])!r}.",
            errors={"member_ids": "Unknown user."},
            code="unknown_reference",
        )
    await connection.execute(LEAVE, organisation_id, team_id, list(leaving))
    await connection.execute(JOIN, organisation_id, team_id, list(joining))
    return bool(joining or leaving)
