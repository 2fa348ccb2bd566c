"""Users: made, changed, deactivated, brought back; always within what the doer holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.digests import email_digest
from guanxi_gateway.identity.directory import Touched, lock_directory, publish_directory, shown
from guanxi_gateway.identity.revocations import (
    add_revocations,
    credentials_of,
    drop_revocations,
)
from guanxi_gateway.identity.rows import found, written
from guanxi_gateway.identity.sessions.families import revoke_user
from guanxi_gateway.identity.users.rights import (
    checked_hash,
    demand_an_admin,
    demand_another,
    demand_grantable,
    demand_over,
    must_sign_in_again,
)
from guanxi_gateway.identity.users.schemas import UserCreate, UserUpdate
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, NotFound
from guanxi_shared.identifiers import new_id

ADD = """
INSERT INTO users (organisation_id, id, email, name, role, password_hash, is_active, time_zone,
  locale, phone) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING *
"""
LOAD = """
SELECT * FROM users WHERE organisation_id = $1 AND id = $2
  AND (deleted_at IS NOT NULL) = $3 FOR UPDATE
"""
CHANGE = """
UPDATE users SET email = $3, name = $4, role = $5, password_hash = $6, is_active = $7,
  time_zone = $8, locale = $9, phone = $10, deleted_at = $11, version = version + 1,
  updated_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 RETURNING *
"""
TEAMS_OF = """
SELECT coalesce(array_agg(team_id ORDER BY team_id), '{}') FROM team_members
WHERE organisation_id = $1 AND user_id = $2
"""
KNOWN_TEAMS = """
SELECT coalesce(array_agg(id), '{}') FROM teams
WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL
"""
LEAVE = "DELETE FROM team_members WHERE organisation_id = $1 AND user_id = $2"
JOIN = """
INSERT INTO team_members (organisation_id, team_id, user_id)
SELECT $1, unnest($3::uuid[]), $2 ON CONFLICT DO NOTHING
"""
# A link to choose a password is for the one that is forgotten, not for the one just chosen.
CLOSE_RESETS = """
UPDATE password_resets SET used_at = clock_timestamp()
WHERE organisation_id = $1 AND user_id = $2 AND used_at IS NULL
"""
STORED = (
    "email", "name", "role", "password_hash", "is_active", "time_zone", "locale", "phone",
    "deleted_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changed:
    """The user as the API shows it, the sessions that ended with the change, and the keys and
    applications that are let in again."""

    state: dict[str, Any]
    ended: Sequence[UUID] = ()
    readmitted: Sequence[UUID] = ()


async def create_user(
    connection: Connection, data: UserCreate, *, by: Principal, actor: Actor
) -> dict[str, Any]:
    organisation_id = by.organisation
    await demand_grantable(connection, by, data.role)
    password_hash = await checked_hash(data.password, email=data.email)
    await lock_directory(connection, organisation_id)
    state = await add_user(connection, organisation_id, data, password_hash, actor=actor)
    await write_audit(
        connection,
        organisation_id,
        "user.created",
        actor=actor,
        subject=f"user/{state['id']}",
        details={"role": data.role, "team_ids": data.team_ids},
    )
    return state


async def add_user(
    connection: Connection,
    organisation_id: UUID,
    data: UserCreate,
    password_hash: str | None,
    *,
    actor: Actor,
) -> dict[str, Any]:
    """Under the directory's lock; rights and password are checked by the caller."""
    user_id = data.id or new_id()
    row = await written(connection, ADD, organisation_id, user_id, data.email, data.name, data.role, password_hash,
        data.is_active, data.time_zone, data.locale, data.phone,
    )  # fmt: skip
    await _join(connection, organisation_id, user_id, data.team_ids)
    await _add_address(connection, organisation_id, user_id, data.email)
    touched = [Touched("user", "created", dict(row))]
    await publish_directory(connection, organisation_id, touched, actor=actor)
    return await state_of(connection, row)


async def load_user(
    connection: Connection, organisation_id: UUID, user_id: UUID, *, deleted: bool = False
) -> dict[str, Any]:
    row = await found(connection, LOAD, organisation_id, user_id, deleted)
    if row is None:
        raise NotFound(f"There is no user with the id {str(user_id)!r}.")
    return dict(row)


async def update_user(
    connection: Connection,
    before: Mapping[str, Any],
    data: UserUpdate,
    *,
    by: Principal,
    actor: Actor,
) -> Changed:
    """`before` is the row under its lock and the directory's. Role changes that take rights away,
    deactivation and a new password end the user's sessions."""
    wanted = data.model_dump(exclude_unset=True)
    await demand_over(connection, by, before)
    if wanted.get("role", before["role"]) != before["role"]:
        await demand_grantable(connection, by, wanted["role"])
    after = {**before, **{name: wanted[name] for name in STORED if name in wanted}}
    if wanted.get("password"):
        demand_another(by, before["id"], instead="POST /v1/me/password")
        after["password_hash"] = await checked_hash(wanted["password"], email=after["email"])
    await demand_an_admin(connection, before, after)
    ends = await must_sign_in_again(connection, before, after)
    state = await _write(connection, before, after, wanted.get("team_ids"), "updated", actor)
    ended = await _end_sessions(connection, before, after) if ends else ()
    readmitted = await _readmit(connection, before, after)
    await _audit_update(connection, before, after, wanted, actor)
    return Changed(state, ended, readmitted)


async def delete_user(
    connection: Connection, before: Mapping[str, Any], *, by: Principal, actor: Actor
) -> Changed:
    """The row stays for names in history; records keep their owner, whom managers still reach."""
    await demand_over(connection, by, before)
    now = await connection.fetchval("SELECT clock_timestamp()")
    after = {**before, "deleted_at": now, "is_active": False}
    await demand_an_admin(connection, before, after)
    organisation_id, user_id = before["organisation_id"], before["id"]
    await lookups.drop(
        connection, lookups.EMAIL, organisation_id=organisation_id, subject_id=user_id
    )
    state = await _write(connection, before, after, None, "deleted", actor)
    ended = await _end_sessions(connection, before, after)
    await write_audit(
        connection, organisation_id, "user.deleted", actor=actor, subject=f"user/{user_id}"
    )
    return Changed(state, ended)


async def restore_user(
    connection: Connection, before: Mapping[str, Any], *, by: Principal, actor: Actor
) -> Changed:
    await demand_grantable(connection, by, before["role"])
    after = {**before, "deleted_at": None, "is_active": True}
    organisation_id, user_id = before["organisation_id"], before["id"]
    state = await _write(connection, before, after, None, "restored", actor)
    await _add_address(connection, organisation_id, user_id, before["email"])
    readmitted = await _readmit(connection, before, after)
    await write_audit(
        connection, organisation_id, "user.restored", actor=actor, subject=f"user/{user_id}"
    )
    return Changed(state, readmitted=readmitted)


async def state_of(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    teams = await connection.fetchval(TEAMS_OF, row["organisation_id"], row["id"])
    return {**shown("user", row), "team_ids": teams}


async def set_password(
    connection: Connection, before: Mapping[str, Any], password: str, *, actor: Actor
) -> dict[str, Any]:
    """By the user themselves, who has proven to be that; no rights are asked for."""
    password_hash = await checked_hash(password, email=before["email"])
    after = {**before, "password_hash": password_hash}
    return await _write(connection, before, after, None, "updated", actor)


async def set_profile(
    connection: Connection, before: Mapping[str, Any], changes: Mapping[str, Any], *, actor: Actor
) -> dict[str, Any]:
    """By the user themselves: name, time zone, locale and phone."""
    return await _write(connection, before, {**before, **changes}, None, "updated", actor)


async def _write(
    connection: Connection,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    team_ids: Sequence[UUID] | None,
    verb: str,
    actor: Actor,
) -> dict[str, Any]:
    organisation_id, user_id = before["organisation_id"], before["id"]
    moved = team_ids is not None and await _move(connection, organisation_id, user_id, team_ids)
    if verb == "updated" and not moved and all(after[name] == before[name] for name in STORED):
        return await state_of(connection, before)
    row = await written(
        connection, CHANGE, organisation_id, user_id, *(after[name] for name in STORED)
    )
    if after["password_hash"] != before["password_hash"]:
        await connection.execute(CLOSE_RESETS, organisation_id, user_id)
    if after["email"] != before["email"]:
        await lookups.drop(
            connection, lookups.EMAIL, organisation_id=organisation_id, subject_id=user_id
        )
        await _add_address(connection, organisation_id, user_id, after["email"])
    touched = [Touched("user", verb, dict(row), dict(before))]
    await publish_directory(connection, organisation_id, touched, actor=actor)
    return await state_of(connection, row)


async def _move(
    connection: Connection, organisation_id: UUID, user_id: UUID, team_ids: Sequence[UUID]
) -> bool:
    present = await connection.fetchval(TEAMS_OF, organisation_id, user_id)
    if set(present) == set(team_ids):
        return False
    await connection.execute(LEAVE, organisation_id, user_id)
    await _join(connection, organisation_id, user_id, team_ids)
    return True


async def _join(
    connection: Connection, organisation_id: UUID, user_id: UUID, team_ids: Sequence[UUID]
) -> None:
    if not team_ids:
        return
    known = await connection.fetchval(KNOWN_TEAMS, organisation_id, list(team_ids))
    unknown = sorted(set(team_ids) - set(known))
    if unknown:
        raise Invalid(
            f"There is no team with the id {str(unknown[0])!r}.",
            errors={"team_ids": "Unknown team."},
            code="unknown_reference",
        )
    await connection.execute(JOIN, organisation_id, user_id, list(team_ids))


async def _add_address(
    connection: Connection, organisation_id: UUID, user_id: UUID, email: str
) -> None:
    await lookups.add(
        connection,
        lookups.EMAIL,
        email_digest(email),
        organisation_id=organisation_id,
        subject_id=user_id,
    )


async def _end_sessions(
    connection: Connection, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Sequence[UUID]:
    """Whoever is shut out loses keys and applications, too, as long as that lasts."""
    organisation_id, user_id = before["organisation_id"], before["id"]
    ended = await revoke_user(connection, organisation_id, user_id, because="user_changed")
    if after["is_active"]:
        return ended
    others = await credentials_of(connection, organisation_id, user_id)
    await add_revocations(connection, others)
    return [*ended, *others]


async def _readmit(
    connection: Connection, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Sequence[UUID]:
    if before["is_active"] or not after["is_active"]:
        return ()
    others = await credentials_of(connection, before["organisation_id"], before["id"])
    await drop_revocations(connection, others)
    return others


async def _audit_update(
    connection: Connection,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    wanted: Mapping[str, Any],
    actor: Actor,
) -> None:
    changed = sorted(name for name in STORED if after[name] != before[name])
    details: dict[str, Any] = {
        "changed": [*changed, *(["team_ids"] if "team_ids" in wanted else [])]
    }
    if "role" in changed:
        details |= {"role": after["role"], "role_before": before["role"]}
    await write_audit(
        connection,
        before["organisation_id"],
        "user.updated",
        actor=actor,
        subject=f"user/{before['id']}",
        details=details,
    )
