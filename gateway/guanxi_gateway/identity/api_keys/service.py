"""API keys: made, listed, revoked, and changed for a short token at the door."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.api_key_rules import (
    api_key_digest,
    api_key_matches,
    is_usable,
    new_api_key,
    parse_api_key,
)
from guanxi_gateway.identity.api_keys.schemas import ApiKeyCreate
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.digests import secret_digest
from guanxi_gateway.identity.errors import ApiKeyRefused, BeyondYourOwn
from guanxi_gateway.identity.grants import Holder, access_token, grant_for
from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.permission_rules import beyond, unknown_patterns
from guanxi_gateway.identity.revocations import add_revocations, credential_session
from guanxi_gateway.identity.rows import found, written
from guanxi_gateway.identity.users.rights import held_by
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, House
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, Invalid, NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.visibility import Scope

USED_EVERY = timedelta(minutes=1)
COLUMNS = """
id, name, public_id, owner_id, scopes, expires_at, last_used_at, version, created_at, updated_at
"""
ADD = f"""
INSERT INTO api_keys (organisation_id, id, owner_id, name, public_id, digest, scopes, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {COLUMNS}
"""
LOAD = f"""
SELECT {COLUMNS} FROM api_keys WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL
FOR UPDATE
"""
REVOKE = f"""
UPDATE api_keys SET deleted_at = clock_timestamp(), version = version + 1,
  updated_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 RETURNING {COLUMNS}
"""
PRESENTED = """
SELECT id, owner_id, digest, scopes, expires_at, deleted_at, last_used_at FROM api_keys
WHERE organisation_id = $1 AND id = $2
"""
USED = "UPDATE api_keys SET last_used_at = $3 WHERE organisation_id = $1 AND id = $2"


async def create_api_key(
    connection: Connection, data: ApiKeyCreate, *, by: Principal, actor: Actor
) -> tuple[dict[str, Any], str]:
    """The key as it is listed, and its text, which nothing can show again."""
    if by.user_id is None:
        raise Forbidden("A key belongs to a user: a service has none.")
    _check(data, by)
    key = new_api_key()
    key_id = data.id or new_id()
    row = await written(connection, ADD, by.organisation, key_id, by.user_id, data.name, key.public_id,
        api_key_digest(key.text), sorted(set(data.scopes)), data.expires_at,
    )  # fmt: skip
    await lookups.add(
        connection,
        lookups.API_KEY,
        secret_digest(key.public_id),
        organisation_id=by.organisation,
        subject_id=key_id,
        expires_at=data.expires_at,
    )
    await _tell(connection, by.organisation, "api_key.created", row, actor)
    return dict(row), key.text


async def load_api_key(
    connection: Connection, organisation_id: UUID, key_id: UUID, *, scope: Scope
) -> dict[str, Any]:
    """NotFound for keys of others, unless the caller's visibility reaches them."""
    row = await found(connection, LOAD, organisation_id, key_id)
    if row is None or not scope.covers(id=key_id, owner_id=row["owner_id"], team_id=None):
        raise NotFound(f"There is no API key with the id {str(key_id)!r}.")
    return dict(row)


async def revoke_api_key(
    connection: Connection, organisation_id: UUID, key: Mapping[str, Any], *, actor: Actor
) -> dict[str, Any]:
    """Call `revoked_here` with its `session_of` after the commit, so that cached tokens end too."""
    row = await written(connection, REVOKE, organisation_id, key["id"])
    await lookups.drop(
        connection, lookups.API_KEY, organisation_id=organisation_id, subject_id=row["id"]
    )
    await add_revocations(connection, [session_of(organisation_id, row["id"])])
    await _tell(connection, organisation_id, "api_key.revoked", row, actor)
    return dict(row)


def session_of(organisation_id: UUID, key_id: UUID) -> UUID:
    return credential_session(lookups.API_KEY, organisation_id, key_id)


async def exchange_api_key(house: House, text: str) -> str:
    """A short access token for a key; ApiKeyRefused for whatever is wrong with it.

    The token's session is the key: revoking the key ends the token.
    """
    key = parse_api_key(text)
    if key is None:
        raise ApiKeyRefused()
    for place in await lookups.find(house.db, lookups.API_KEY, secret_digest(key.public_id)):
        async with house.db.transaction(place.organisation_id) as connection:
            token = await _exchange(connection, house, place, text)
        if token is not None:
            return token
    raise ApiKeyRefused()


async def _exchange(
    connection: Connection, house: House, place: lookups.Place, text: str
) -> str | None:
    row = await found(connection, PRESENTED, place.organisation_id, place.subject_id)
    now = datetime.now(UTC)
    if row is None or not api_key_matches(text, row["digest"]):
        return None
    if not is_usable(expires_at=row["expires_at"], revoked_at=row["deleted_at"], now=now):
        return None
    if row["last_used_at"] is None or now - row["last_used_at"] > USED_EVERY:
        await connection.execute(USED, place.organisation_id, row["id"], now)
    session = session_of(place.organisation_id, row["id"])
    holder = Holder(place.organisation_id, row["owner_id"], session, tuple(row["scopes"]))
    grant = await grant_for(connection, holder)
    return await access_token(identity(house), grant, now=now, until=row["expires_at"])


def _check(data: ApiKeyCreate, by: Principal) -> None:
    if unknown := unknown_patterns(data.scopes):
        raise Invalid(
            f"There is no permission {unknown[0]!r}.",
            errors={"scopes": f"Unknown: {', '.join(unknown[:5])}"},
            code="unknown_permission",
        )
    if excess := beyond(data.scopes, held_by(by)):
        raise BeyondYourOwn(f"You do not hold this yourself: {', '.join(excess[:5])}.")
    if data.expires_at is not None and data.expires_at <= datetime.now(UTC):
        raise Invalid("`expires_at` has passed.", errors={"expires_at": "Choose a time to come."})


async def _tell(
    connection: Connection, organisation_id: UUID, action: str, row: Mapping[str, Any], actor: Actor
) -> None:
    await write_audit(
        connection,
        organisation_id,
        action,
        actor=actor,
        subject=f"api_key/{row['id']}",
        details={name: row[name] for name in ("name", "scopes", "expires_at", "public_id")},
    )
