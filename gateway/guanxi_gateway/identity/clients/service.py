"""Applications of third parties, registered by an organisation for its own users."""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.clients.schemas import OAuthClientCreate, OAuthClientUpdate
from guanxi_gateway.identity.digests import secret_digest
from guanxi_gateway.identity.errors import BeyondYourOwn
from guanxi_gateway.identity.oauth_rules import ClientRule, redirect_uri_problem
from guanxi_gateway.identity.permission_rules import beyond, unknown_patterns
from guanxi_gateway.identity.revocations import add_revocations, credential_session
from guanxi_gateway.identity.rows import Row, found, written
from guanxi_gateway.identity.sessions.families import revoke_sessions
from guanxi_gateway.identity.users.rights import demand_grantable, held_by
from guanxi_gateway.identity.users.service import load_user
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, House
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, Invalid, NotFound
from guanxi_shared.identifiers import new_id

COLUMNS = """
id, name, redirect_uris, grant_types, scopes, is_public, user_id, version, created_at, updated_at
"""
ADD = f"""
INSERT INTO oauth_clients (organisation_id, id, name, redirect_uris, grant_types, scopes,
  is_public, secret_digest, user_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING {COLUMNS}
"""
LOAD = f"""
SELECT {COLUMNS} FROM oauth_clients WHERE organisation_id = $1 AND id = $2
  AND deleted_at IS NULL FOR UPDATE
"""
CHANGE = f"""
UPDATE oauth_clients SET name = $3, redirect_uris = $4, scopes = $5, deleted_at = $6,
  version = version + 1, updated_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 RETURNING {COLUMNS}
"""
KNOWN = """
SELECT id, name, redirect_uris, grant_types, scopes, is_public, secret_digest, user_id
FROM oauth_clients WHERE organisation_id = $2 AND id = $3 AND deleted_at IS NULL
"""
SESSIONS = """
SELECT id FROM sessions WHERE organisation_id = $1 AND client_id = $2 AND revoked_at IS NULL
"""


async def create_client(
    connection: Connection, data: OAuthClientCreate, *, by: Principal, actor: Actor
) -> tuple[Row, str | None]:
    """The client as it is listed, and its secret."""
    await _check(connection, data, by)
    organisation_id, client_id = by.organisation, data.id or new_id()
    # The id alone leads to the organisation, so it is taken once in the whole installation.
    if data.id is not None and await lookups.is_taken_elsewhere(
        connection, lookups.CLIENT, secret_digest(str(client_id)), organisation_id=organisation_id
    ):
        raise Conflict("This id is taken.", errors={"id": "Taken already."}, code="not_unique")
    secret = None if data.is_public else secrets.token_urlsafe(32)
    row = await written(
        connection, ADD, organisation_id, client_id, data.name, list(data.redirect_uris),
        list(data.grant_types), sorted(set(data.scopes)), data.is_public,
        None if secret is None else secret_digest(secret), data.user_id,
    )  # fmt: skip
    await lookups.add(
        connection,
        lookups.CLIENT,
        secret_digest(str(client_id)),
        organisation_id=organisation_id,
        subject_id=client_id,
    )
    await _tell(connection, organisation_id, "oauth_client.created", row, actor)
    return row, secret


async def load_client(connection: Connection, organisation_id: UUID, client_id: UUID) -> Row:
    row = await found(connection, LOAD, organisation_id, client_id)
    if row is None:
        raise NotFound(f"There is no application with the id {str(client_id)!r}.")
    return row


async def update_client(
    connection: Connection,
    before: Mapping[str, Any],
    data: OAuthClientUpdate,
    *,
    by: Principal,
    actor: Actor,
) -> Row:
    after = dict(before) | data.model_dump(exclude_unset=True)
    _check_scopes(after["scopes"], by)
    _check_redirects(after["redirect_uris"])
    if after == dict(before):
        return after
    row = await _write(connection, by.organisation, after, deleted=False)
    await _tell(connection, by.organisation, "oauth_client.updated", row, actor)
    return row


async def delete_client(
    connection: Connection, before: Mapping[str, Any], *, by: Principal, actor: Actor
) -> tuple[Row, list[UUID]]:
    """Also ends every session of the application; their ids are to be shut out after commit."""
    organisation_id = by.organisation
    row = await _write(connection, organisation_id, before, deleted=True)
    await lookups.drop(
        connection, lookups.CLIENT, organisation_id=organisation_id, subject_id=row["id"]
    )
    rows = await connection.fetch(SESSIONS, organisation_id, row["id"])
    ended = await revoke_sessions(
        connection, organisation_id, [each["id"] for each in rows], because="client_deleted"
    )
    itself = session_of(organisation_id, row["id"])
    await add_revocations(connection, [itself])
    await _tell(connection, organisation_id, "oauth_client.deleted", row, actor)
    return row, [*ended, itself]


def session_of(organisation_id: UUID, client_id: UUID) -> UUID:
    """Of tokens by client credentials, where nobody has signed in."""
    return credential_session(lookups.CLIENT, organisation_id, client_id)


async def find_client(house: House, client_id: str) -> tuple[UUID, Row] | None:
    """The organisation and row of a `client_id`, before anybody is signed in."""
    place = await lookups.find_one(house.db, lookups.CLIENT, secret_digest(client_id))
    if place is None:
        return None
    organisation_id = place.organisation_id
    row = await house.db.fetchrow(organisation_id, KNOWN, organisation_id, place.subject_id)
    return None if row is None else (organisation_id, dict(row))


def rule_of(row: Mapping[str, Any]) -> ClientRule:
    return ClientRule(
        client_id=str(row["id"]),
        redirect_uris=tuple(row["redirect_uris"]),
        grant_types=tuple(row["grant_types"]),
        scopes=tuple(row["scopes"]),
        is_public=row["is_public"],
    )


def proves_itself(row: Mapping[str, Any], secret: str | None) -> bool:
    """A public client has nothing to prove, and must not pretend to."""
    if row["is_public"]:
        return not secret
    if not secret or row["secret_digest"] is None:
        return False
    return hmac.compare_digest(secret_digest(secret), row["secret_digest"])


async def _check(connection: Connection, data: OAuthClientCreate, by: Principal) -> None:
    _check_scopes(data.scopes, by)
    _check_redirects(data.redirect_uris)
    errors: dict[str, str] = {}
    if "authorization_code" in data.grant_types and not data.redirect_uris:
        errors["redirect_uris"] = "The authorization code needs an address to go to."
    if "client_credentials" in data.grant_types and (data.is_public or data.user_id is None):
        errors["grant_types"] = "Client credentials need a confidential client and a user_id."
    if errors:
        raise Invalid("The application cannot work like this.", errors=errors)
    if data.user_id is not None:
        user = await load_user(connection, by.organisation, data.user_id)
        await demand_grantable(connection, by, user["role"])


def _check_scopes(scopes: Sequence[str], by: Principal) -> None:
    if unknown := unknown_patterns(scopes):
        raise Invalid(
            f"There is no permission {unknown[0]!r}.",
            errors={"scopes": f"Unknown: {', '.join(unknown[:5])}"},
            code="unknown_permission",
        )
    if excess := beyond(scopes, held_by(by)):
        raise BeyondYourOwn(f"You do not hold this yourself: {', '.join(excess[:5])}.")


def _check_redirects(uris: Sequence[str]) -> None:
    for uri in uris:
        if problem := redirect_uri_problem(uri):
            raise Invalid(f"{uri!r} cannot be registered.", errors={"redirect_uris": problem})


async def _write(
    connection: Connection, organisation_id: UUID, client: Mapping[str, Any], *, deleted: bool
) -> Row:
    deleted_at = await connection.fetchval("SELECT clock_timestamp()") if deleted else None
    return await written(
        connection, CHANGE, organisation_id, client["id"], client["name"],
        list(client["redirect_uris"]), sorted(set(client["scopes"])), deleted_at,
    )  # fmt: skip


async def _tell(
    connection: Connection, organisation_id: UUID, action: str, row: Mapping[str, Any], actor: Actor
) -> None:
    names = ("name", "redirect_uris", "grant_types", "scopes", "is_public", "user_id")
    await write_audit(
        connection,
        organisation_id,
        action,
        actor=actor,
        subject=f"oauth_client/{row['id']}",
        details={name: row[name] for name in names},
    )
