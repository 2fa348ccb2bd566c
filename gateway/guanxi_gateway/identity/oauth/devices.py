"""The device grant's two other ends: where it begins, and where a person says yes."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.device_rules import (
    DEVICE_LIFE,
    FIRST_INTERVAL,
    DeviceState,
    DeviceStatus,
    may_decide,
    new_user_code,
    typed_user_code,
)
from guanxi_gateway.identity.digests import secret_digest
from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.oauth.errors import OAuthProblem
from guanxi_gateway.identity.oauth.requests import KnownClient
from guanxi_gateway.identity.oauth_rules import (
    DEVICE_GRANT,
    OAuthCode,
    requested_scopes,
    scopes_beyond,
)
from guanxi_gateway.identity.rows import Row, found
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, House
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import new_id

ADD = """
INSERT INTO device_codes (organisation_id, id, client_id, digest, user_code, scopes, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
FIND = """
SELECT d.id, d.client_id, d.scopes, d.status, d.expires_at, c.name AS client_name
FROM device_codes d
JOIN oauth_clients c ON c.organisation_id = d.organisation_id AND c.id = d.client_id
  AND c.deleted_at IS NULL
WHERE d.organisation_id = $1 AND d.user_code = $2 AND d.expires_at > clock_timestamp()
ORDER BY d.created_at DESC LIMIT 1 FOR UPDATE OF d
"""
DECIDE = """
UPDATE device_codes SET status = $3, user_id = $4 WHERE organisation_id = $1 AND id = $2
"""


async def begin_device(
    house: House, client: KnownClient, form: Mapping[str, str]
) -> dict[str, Any]:
    """RFC 8628 3.2."""
    if DEVICE_GRANT not in client.rule.grant_types:
        raise OAuthProblem(OAuthCode.UNAUTHORIZED_CLIENT)
    text = form.get("scope", "")
    if scopes_beyond(text, client.rule.scopes):
        raise OAuthProblem(OAuthCode.INVALID_SCOPE)
    device_code, user_code = secrets.token_urlsafe(32), new_user_code()
    await _store(house, client, device_code, user_code, requested_scopes(text, client.rule.scopes))
    page = f"{identity(house).issuer}/v1/oauth/device"
    return {
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={user_code}",
        "expires_in": int(DEVICE_LIFE.total_seconds()),
        "interval": FIRST_INTERVAL,
    }


async def _store(
    house: House, client: KnownClient, device_code: str, user_code: str, scopes: tuple[str, ...]
) -> None:
    organisation_id, row_id = client.organisation_id, new_id()
    digest, until = secret_digest(device_code), datetime.now(UTC) + DEVICE_LIFE
    async with house.db.transaction(organisation_id) as connection:
        await connection.execute(
            ADD, organisation_id, row_id, client.id, digest, user_code, list(scopes), until
        )
        # An hour longer than the code is good for, so that `expired_token` can be told.
        await lookups.add(
            connection,
            lookups.DEVICE,
            digest,
            organisation_id=organisation_id,
            subject_id=row_id,
            expires_at=until + DEVICE_LIFE * 4,
        )


async def decide_device(
    house: House, typed: str, *, approve: bool, by: Principal, actor: Actor
) -> dict[str, Any]:
    """A signed-in user approves or denies the code that a device shows them."""
    organisation_id = by.organisation
    async with house.db.transaction(organisation_id) as connection:
        row = await found(connection, FIND, organisation_id, typed_user_code(typed))
        if row is None or not may_decide(_state(row), datetime.now(UTC)):
            raise NotFound("There is no such code waiting; look at the device again.")
        status = DeviceStatus.APPROVED if approve else DeviceStatus.DENIED
        await connection.execute(DECIDE, organisation_id, row["id"], status.value, by.user_id)
        await write_audit(
            connection,
            organisation_id,
            f"oauth.device_{status.value}",
            actor=actor,
            subject=f"oauth_client/{row['client_id']}",
            details={"scopes": row["scopes"]},
        )
    client_id: UUID = row["client_id"]
    return {
        "client_id": client_id,
        "client_name": row["client_name"],
        "scopes": row["scopes"],
        "status": status.value,
    }


def _state(row: Row) -> DeviceState:
    return DeviceState(DeviceStatus(row["status"]), row["expires_at"])
