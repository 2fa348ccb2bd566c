"""Built-in and own roles; nobody makes a role that holds more than they do."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import orjson

from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.directory import Touched, lock_directory, publish_directory
from guanxi_gateway.identity.errors import BeyondYourOwn, RoleInUse
from guanxi_gateway.identity.permission_rules import (
    BUILT_IN,
    beyond,
    unknown_patterns,
    unknown_visibility,
    wider_visibility,
)
from guanxi_gateway.identity.roles.schemas import RoleCreate, RoleUpdate
from guanxi_gateway.identity.rows import found, written
from guanxi_gateway.identity.users.rights import held_by
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, House
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from guanxi_shared.identifiers import new_id

COLUMNS = """
id, name, description, permissions, visibility::text AS visibility, version, created_at, updated_at
"""
LIST = f"""
SELECT {COLUMNS} FROM roles WHERE organisation_id = $2 AND deleted_at IS NULL ORDER BY name
"""
LOAD = f"""
SELECT {COLUMNS} FROM roles WHERE organisation_id = $1 AND name = $2 AND deleted_at IS NULL
FOR UPDATE
"""
ADD = f"""
INSERT INTO roles (organisation_id, id, name, description, permissions, visibility)
VALUES ($1, $2, $3, $4, $5, $6::jsonb) RETURNING {COLUMNS}
"""
CHANGE = f"""
UPDATE roles SET description = $3, permissions = $4, visibility = $5::jsonb, deleted_at = $6,
  version = version + 1, updated_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 RETURNING {COLUMNS}
"""
HOLDERS = """
SELECT count(*) FROM users WHERE organisation_id = $1 AND role = $2 AND deleted_at IS NULL
"""
ORGANISATION = "SELECT * FROM organisations WHERE organisation_id = $1"


async def list_roles(house: House, organisation_id: UUID) -> list[dict[str, Any]]:
    rows = await house.db.fetch(organisation_id, LIST, organisation_id)
    return [*(_built_in(name) for name in BUILT_IN), *(_state(dict(row)) for row in rows)]


async def get_role(house: House, organisation_id: UUID, name: str) -> dict[str, Any]:
    found = [role for role in await list_roles(house, organisation_id) if role["name"] == name]
    if not found:
        raise NotFound(f"There is no role {name!r}.")
    return found[0]


async def create_role(
    connection: Connection, data: RoleCreate, *, by: Principal, actor: Actor
) -> dict[str, Any]:
    if data.name in BUILT_IN:
        raise Conflict(
            "A built-in role has this name.", errors={"name": "Taken."}, code="not_unique"
        )
    _check(by, data.permissions, data.visibility)
    await lock_directory(connection, by.organisation)
    visibility = orjson.dumps(data.visibility).decode()
    row = await written(connection, ADD, by.organisation, data.id or new_id(), data.name, data.description,
        sorted(set(data.permissions)), visibility,
    )  # fmt: skip
    state = _state(row)
    await _tell(connection, by.organisation, "role.created", state, actor)
    return state


async def load_role(connection: Connection, organisation_id: UUID, name: str) -> dict[str, Any]:
    """Locked; Forbidden for a built-in one."""
    if name in BUILT_IN:
        raise Forbidden("Built-in roles cannot be changed; make a role of your own.")
    row = await found(connection, LOAD, organisation_id, name)
    if row is None:
        raise NotFound(f"There is no role {name!r}.")
    return _state(row)


def demand_version(role: Mapping[str, Any], version: int | None) -> None:
    """Stale (412) unless If-Match named the present version."""
    if version in (None, role["version"]):
        return
    raise Stale(
        f"This role is at version {role['version']}, not {version}; read it again.",
        headers={"ETag": f'"{role["version"]}"'},
        current=dict(role),
        differs=[],
    )


async def update_role(
    connection: Connection,
    before: Mapping[str, Any],
    data: RoleUpdate,
    *,
    by: Principal,
    actor: Actor,
) -> dict[str, Any]:
    """New tokens carry the change at once, those that are out within their fifteen minutes."""
    wanted = data.model_dump(exclude_unset=True)
    after = {**before, **wanted}
    _check(by, after["permissions"], after["visibility"])
    if after == dict(before):
        return dict(before)
    state = await _write(connection, by.organisation, after, deleted=False)
    await _tell(connection, by.organisation, "role.updated", state, actor)
    return state


async def delete_role(
    connection: Connection, before: Mapping[str, Any], *, by: Principal, actor: Actor
) -> dict[str, Any]:
    if await connection.fetchval(HOLDERS, by.organisation, before["name"]):
        raise RoleInUse()
    state = await _write(connection, by.organisation, before, deleted=True)
    await _tell(connection, by.organisation, "role.deleted", state, actor)
    return state


def _check(by: Principal, permissions: Collection[str], visibility: Mapping[str, str]) -> None:
    unknown = {
        "permissions": unknown_patterns(permissions),
        "visibility": unknown_visibility(visibility),
    }
    errors = {name: f"Unknown: {', '.join(found[:5])}" for name, found in unknown.items() if found}
    if errors:
        raise Invalid(
            "Name resources and actions that exist.", errors=errors, code="unknown_permission"
        )
    excess = [*beyond(permissions, held_by(by)), *wider_visibility(visibility, by.visibility)]
    if excess:
        raise BeyondYourOwn(f"You do not hold this yourself: {', '.join(excess[:5])}.")


async def _write(
    connection: Connection, organisation_id: UUID, role: Mapping[str, Any], *, deleted: bool
) -> dict[str, Any]:
    deleted_at = await connection.fetchval("SELECT clock_timestamp()") if deleted else None
    row = await written(connection, CHANGE, organisation_id, role["id"], role["description"],
        sorted(set(role["permissions"])), orjson.dumps(role["visibility"]).decode(), deleted_at,
    )  # fmt: skip
    return _state(row)


async def _tell(
    connection: Connection,
    organisation_id: UUID,
    action: str,
    role: Mapping[str, Any],
    actor: Actor,
) -> None:
    """The organisation's event carries the new directory version to every service."""
    row = await written(connection, ORGANISATION, organisation_id)
    touched = [Touched("organisation", "updated", dict(row), dict(row))]
    await publish_directory(connection, organisation_id, touched, actor=actor)
    await write_audit(
        connection,
        organisation_id,
        action,
        actor=actor,
        subject=f"role/{role['id']}",
        details={name: role[name] for name in ("name", "permissions", "visibility")},
    )


def _built_in(name: str) -> dict[str, Any]:
    rule = BUILT_IN[name]
    return {
        "id": None,
        "name": name,
        "description": None,
        "permissions": list(rule.permissions),
        "visibility": dict(rule.visibility),
        "is_built_in": True,
        "version": 1,
        "created_at": None,
        "updated_at": None,
    }


def _state(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "visibility": orjson.loads(row["visibility"]), "is_built_in": False}
