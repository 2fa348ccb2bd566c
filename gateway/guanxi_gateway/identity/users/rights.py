"""What it takes to make, change or give a role to a user; and when they must sign in again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_gateway.identity.errors import BeyondYourOwn, LastAdmin, WeakPassword
from guanxi_gateway.identity.grants import role_rule
from guanxi_gateway.identity.password_rules import weaknesses
from guanxi_gateway.identity.passwords import hash_password
from guanxi_gateway.identity.permission_rules import beyond, narrowed, wider_visibility
from guanxi_shared.auth import Principal
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden

OTHER_ADMINS = """
SELECT count(*) FROM users WHERE organisation_id = $1 AND id <> $2 AND role = 'admin'
  AND is_active AND deleted_at IS NULL
"""


async def demand_grantable(connection: Connection, by: Principal, role: str) -> None:
    """BeyondYourOwn when the role holds or sees more than the one who gives it."""
    rule = await role_rule(connection, by.organisation, role)
    excess = beyond(rule.permissions, held_by(by))
    wider = wider_visibility(rule.visibility, by.visibility)
    if excess or wider:
        named = ", ".join([*excess, *wider][:5])
        raise BeyondYourOwn(f"The role {role!r} holds more than you do: {named}.")


def held_by(by: Principal) -> tuple[str, ...]:
    """What a caller may pass on: the role's permissions, within the key's scopes."""
    permissions = tuple(by.permissions)
    return permissions if by.scopes is None else narrowed(by.scopes, permissions)


async def checked_hash(password: str | None, *, email: str) -> str | None:
    if password is None:
        return None
    sentences = weaknesses(password, email=email)
    if sentences:
        raise WeakPassword(sentences)
    return await hash_password(password)


async def demand_over(connection: Connection, by: Principal, before: Mapping[str, Any]) -> None:
    """Nobody changes a user who holds more than they do: a password is a way in. A narrowed key
    holds less than its own owner."""
    if before["id"] != by.user_id or by.scopes is not None:
        await demand_grantable(connection, by, before["role"])


def demand_another(by: Principal, user_id: UUID, *, instead: str) -> None:
    """What takes a proof of one's own (the present password, a code) is not to be had without it."""
    if by.user_id == user_id:
        raise Forbidden(f"For your own account use {instead}.", code="own_account")


def person(by: Principal) -> UUID:
    """The user behind a credential; Forbidden for a service."""
    if by.user_id is None:
        raise Forbidden("This is for people; a service has no account.")
    return by.user_id


def demand_session(by: Principal) -> UUID:
    """Passwords, second factors and consent are matters of people signed in, not of keys or
    applications."""
    if by.scopes is not None:
        raise Forbidden("Sign in with your password for this; a key or application may not do it.")
    return person(by)


def demand_whole(by: Principal) -> UUID:
    """Profile and sessions are closed to keys and applications that may do less than their user."""
    if by.scopes is not None and "*:*" not in by.scopes:
        raise Forbidden("This key or application may do less than its user, and not this.")
    return person(by)


async def demand_an_admin(
    connection: Connection, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    if before["role"] != "admin" or not before["is_active"]:
        return
    if after["role"] == "admin" and after["is_active"] and after["deleted_at"] is None:
        return
    if not await connection.fetchval(OTHER_ADMINS, before["organisation_id"], before["id"]):
        raise LastAdmin()


async def must_sign_in_again(
    connection: Connection, before: Mapping[str, Any], after: Mapping[str, Any]
) -> bool:
    if not after["is_active"] or after["password_hash"] != before["password_hash"]:
        return True
    if after["role"] == before["role"]:
        return False
    organisation_id = before["organisation_id"]
    old = await role_rule(connection, organisation_id, before["role"])
    new = await role_rule(connection, organisation_id, after["role"])
    lost = beyond(old.permissions, new.permissions)
    return bool(lost or wider_visibility(old.visibility, new.visibility))
