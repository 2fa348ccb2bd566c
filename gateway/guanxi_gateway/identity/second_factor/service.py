"""Enrolling, checking and removing a second factor."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.directory import Touched, lock_directory, publish_directory
from guanxi_gateway.identity.errors import SecondFactorRefused
from guanxi_gateway.identity.identity import Identity
from guanxi_gateway.identity.rows import found, written
from guanxi_gateway.identity.sealing import SealedOtherwise, seal, unseal
from guanxi_gateway.identity.totp_rules import (
    accepted_step,
    new_recovery_codes,
    new_secret,
    provisioning_uri,
    recovery_digest,
    spend_recovery_code,
)
from guanxi_shared import logs
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict

READ = """
SELECT sealed_secret, last_step, recovery_digests, confirmed_at FROM totp_devices
WHERE organisation_id = $1 AND id = $2 FOR UPDATE
"""
BEGIN = """
INSERT INTO totp_devices (organisation_id, id, sealed_secret) VALUES ($1, $2, $3)
ON CONFLICT (organisation_id, id) DO UPDATE SET sealed_secret = excluded.sealed_secret,
  last_step = NULL, recovery_digests = '{}' WHERE totp_devices.confirmed_at IS NULL
"""
STEP = "UPDATE totp_devices SET last_step = $3 WHERE organisation_id = $1 AND id = $2"
SPEND = "UPDATE totp_devices SET recovery_digests = $3 WHERE organisation_id = $1 AND id = $2"
CONFIRM = """
UPDATE totp_devices SET confirmed_at = clock_timestamp(), last_step = $3, recovery_digests = $4
WHERE organisation_id = $1 AND id = $2
"""
DROP = "DELETE FROM totp_devices WHERE organisation_id = $1 AND id = $2"
MARK = """
UPDATE users SET has_second_factor = $3, version = version + 1, updated_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 RETURNING *
"""
USER = "SELECT * FROM users WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL"


async def begin_enrolment(
    connection: Connection, identity: Identity, organisation_id: UUID, user_id: UUID
) -> dict[str, str]:
    """A new secret; it counts for nothing until `confirm_enrolment`."""
    user = await found(connection, USER, organisation_id, user_id)
    if user is None or user["has_second_factor"]:
        raise Conflict("A second factor is set up already; remove it first.", code="totp_exists")
    secret = new_secret()
    sealed = seal(secret.encode(), identity.totp_keys[0])
    await connection.execute(BEGIN, organisation_id, user_id, sealed)
    return {"secret": secret, "uri": provisioning_uri(secret, email=user["email"])}


async def confirm_enrolment(
    connection: Connection,
    identity: Identity,
    organisation_id: UUID,
    user_id: UUID,
    *,
    code: str,
    actor: Actor,
) -> list[str]:
    """The recovery codes, shown this once."""
    await lock_directory(connection, organisation_id)
    device = await found(connection, READ, organisation_id, user_id)
    if device is None or device["confirmed_at"] is not None:
        raise Conflict("There is no enrolment to confirm.", code="totp_not_begun")
    step = _step(device, identity, code)
    if step is None:
        raise SecondFactorRefused()
    codes = new_recovery_codes()
    digests = [recovery_digest(one, user_id) for one in codes]
    await connection.execute(CONFIRM, organisation_id, user_id, step, digests)
    await _mark(connection, organisation_id, user_id, has_factor=True, actor=actor)
    return codes


async def remove_factor(
    connection: Connection, organisation_id: UUID, user_id: UUID, *, actor: Actor
) -> bool:
    """False when there was nothing to remove."""
    await lock_directory(connection, organisation_id)
    removed = await connection.execute(DROP, organisation_id, user_id)
    if removed == "DELETE 0":
        return False
    await _mark(connection, organisation_id, user_id, has_factor=False, actor=actor)
    return True


async def passes_factor(
    connection: Connection, identity: Identity, organisation_id: UUID, user_id: UUID, *, code: str
) -> bool:
    """Spends the code: the same one is refused the next time."""
    device = await found(connection, READ, organisation_id, user_id)
    if device is None or device["confirmed_at"] is None:
        return False
    step = _step(device, identity, code)
    if step is not None:
        await connection.execute(STEP, organisation_id, user_id, step)
        return True
    remaining = spend_recovery_code(code, user_id, list(device["recovery_digests"]))
    if remaining is None:
        return False
    await connection.execute(SPEND, organisation_id, user_id, remaining)
    return True


def _step(device: Any, identity: Identity, code: str) -> int | None:
    """None, too, for a device sealed with a secret that is gone: recovery codes still work."""
    try:
        secret = unseal(device["sealed_secret"], *identity.totp_keys).decode()
    except SealedOtherwise:
        _log.warning("second factor sealed with another secret")
        return None
    return accepted_step(secret, code, now=datetime.now(UTC), last_step=device["last_step"])


async def _mark(
    connection: Connection, organisation_id: UUID, user_id: UUID, *, has_factor: bool, actor: Actor
) -> None:
    before = await found(connection, USER, organisation_id, user_id)
    after = await written(connection, MARK, organisation_id, user_id, has_factor)
    touched = [Touched("user", "updated", after, before)]
    await publish_directory(connection, organisation_id, touched, actor=actor)
    action = "user.second_factor_added" if has_factor else "user.second_factor_removed"
    await write_audit(connection, organisation_id, action, actor=actor, subject=f"user/{user_id}")


_log = logs.logger("second-factor")
