"""From a user's row to what their token says; read anew each time a token is issued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from guanxi_gateway.identity.errors import UnknownRole
from guanxi_gateway.identity.identity import Identity
from guanxi_gateway.identity.permission_rules import BUILT_IN, RoleRule, token_visibility
from guanxi_gateway.identity.rows import Row, found
from guanxi_gateway.identity.tokens import LIFE, Grant, issue_access_token
from guanxi_shared.db import Connection
from guanxi_shared.errors import Unauthenticated
from guanxi_shared.identifiers import new_id

READ = """
SELECT u.name, u.role, u.is_active, coalesce(u.time_zone, o.time_zone) AS time_zone,
       o.directory_version, r.permissions, r.visibility::text AS visibility
FROM users u
JOIN organisations o ON o.organisation_id = u.organisation_id AND o.deleted_at IS NULL
LEFT JOIN roles r ON r.organisation_id = u.organisation_id AND r.name = u.role
     AND r.deleted_at IS NULL
WHERE u.organisation_id = $1 AND u.id = $2 AND u.deleted_at IS NULL
"""
ROLE = """
SELECT permissions, visibility::text AS visibility FROM roles
WHERE organisation_id = $1 AND name = $2 AND deleted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose token it is, and by which session, key or application it is held."""

    organisation_id: UUID
    user_id: UUID
    session_id: UUID
    scopes: Sequence[str] | None = None
    client_id: UUID | None = None


async def grant_for(connection: Connection, holder: Holder) -> Grant:
    """Unauthenticated when the user is gone or inactive: one sentence for both."""
    row = await found(connection, READ, holder.organisation_id, holder.user_id)
    if row is None or not row["is_active"]:
        raise Unauthenticated("This account is not active.", code="account_inactive")
    rule = _rule(row)
    return Grant(
        user_id=holder.user_id,
        organisation_id=holder.organisation_id,
        session_id=holder.session_id,
        role=row["role"],
        permissions=tuple(rule.permissions),
        visibility=token_visibility(rule.visibility),
        name=row["name"],
        time_zone=row["time_zone"],
        directory_version=row["directory_version"],
        scopes=None if holder.scopes is None else tuple(holder.scopes),
        client_id=None if holder.client_id is None else str(holder.client_id),
    )


async def access_token(
    identity: Identity, grant: Grant, *, now: datetime, until: datetime | None = None
) -> str:
    """Good for fifteen minutes, or `until` its credential ends."""
    key = await identity.keyring.signer(now)
    life = LIFE if until is None else min(LIFE, until - now)
    return issue_access_token(
        grant, key, issuer=identity.issuer, now=now, token_id=new_id(), life=life
    )


def token_answer(token: str, refresh_token: str | None = None) -> dict[str, Any]:
    """RFC 6749 5.1."""
    answer = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(LIFE.total_seconds()),
    }
    return answer if refresh_token is None else {**answer, "refresh_token": refresh_token}


async def role_rule(connection: Connection, organisation_id: UUID, name: str) -> RoleRule:
    """What a role allows; UnknownRole when there is none of that name."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    row = await found(connection, ROLE, organisation_id, name)
    if row is None:
        raise UnknownRole(name)
    return RoleRule(tuple(row["permissions"]), orjson.loads(row["visibility"]))


def _rule(row: Row) -> RoleRule:
    """A user whose own role has vanished may do nothing, rather than something."""
    if row["role"] in BUILT_IN:
        return BUILT_IN[row["role"]]
    if row["permissions"] is None:
        return RoleRule((), {})
    return RoleRule(tuple(row["permissions"]), orjson.loads(row["visibility"]))
