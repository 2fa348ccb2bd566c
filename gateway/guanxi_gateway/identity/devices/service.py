"""Devices: registered by their users, seen when they sync, wiped from afar."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.devices.schemas import DeviceRegister
from guanxi_gateway.identity.errors import DeviceWiped, RefreshRefused, WipePending
from guanxi_gateway.identity.refresh_rules import token_digest
from guanxi_gateway.identity.revocations import revoked_here
from guanxi_gateway.identity.rows import found, written
from guanxi_gateway.identity.sessions.families import FORGOTTEN, WIPED, revoke_sessions
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, House
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import Forbidden, NotFound, Unauthenticated
from guanxi_shared.identifiers import new_id
from guanxi_shared.visibility import Scope

COLUMNS: Final = """
id, owner_id, device_id, name, platform, app_version, push_token IS NOT NULL AS takes_hints, last_pulled_at,
last_pushed_at, wipe_ordered_at, wipe_ordered_by_id, wipe_heard_at, wiped_at, version, created_at, updated_at
"""
NAMED: Final = f"""
SELECT {COLUMNS} FROM devices WHERE organisation_id = $1 AND owner_id = $2 AND device_id = $3 FOR UPDATE
"""
LOAD: Final = f"SELECT {COLUMNS} FROM devices WHERE organisation_id = $1 AND id = $2 FOR UPDATE"
ADD: Final = f"""
INSERT INTO devices (organisation_id, id, owner_id, device_id, name, platform, app_version, push_token)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (organisation_id, owner_id, device_id) DO NOTHING RETURNING {COLUMNS}
"""
RENEW: Final = f"""
UPDATE devices SET name = $3, platform = $4, app_version = $5, push_token = $6, wipe_ordered_at = NULL,
  wipe_ordered_by_id = NULL, wipe_heard_at = NULL, wiped_at = NULL, version = version + 1,
  updated_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 RETURNING {COLUMNS}
"""
SIGNED_IN_SINCE: Final = """
SELECT EXISTS (SELECT FROM sessions WHERE organisation_id = $1 AND id = $2 AND created_at > $3)
"""
# Of whoever syncs without having registered, too: nobody is wiped who cannot be seen.
SEEN: Final = """
INSERT INTO devices AS d (organisation_id, id, owner_id, device_id, name, {column})
VALUES ($1, $2, $3, $4, $4, clock_timestamp())
ON CONFLICT (organisation_id, owner_id, device_id) DO UPDATE
SET {column} = excluded.{column}, version = d.version + 1
WHERE d.wipe_ordered_at IS NULL RETURNING id
"""
SEEN_WITH: Final = """
UPDATE sessions SET device_id = $3 WHERE organisation_id = $1 AND id = $2 AND user_id = $4
  AND revoked_at IS NULL AND device_id IS DISTINCT FROM $3
"""
SESSIONS: Final = """
SELECT id FROM sessions WHERE organisation_id = $1 AND device_id = $2 AND revoked_at IS NULL ORDER BY id FOR UPDATE
"""
ORDER: Final = f"""
UPDATE devices SET wipe_ordered_at = clock_timestamp(), wipe_ordered_by_id = $3, wipe_heard_at = NULL,
  wiped_at = NULL, version = version + 1, updated_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 RETURNING {COLUMNS}
"""
FORGET_CURSORS: Final = """
DELETE FROM sync_cursors WHERE organisation_id = $1 AND user_id = $2 AND device_id = $3
"""
FORGET: Final = "DELETE FROM devices WHERE organisation_id = $1 AND id = $2"
IS_OPEN: Final = """
SELECT revoked_at IS NULL FROM sessions WHERE organisation_id = $1 AND id = $2
"""
HEARD: Final = """
UPDATE devices SET wipe_heard_at = clock_timestamp() WHERE organisation_id = $1 AND id = $2
  AND wipe_ordered_at IS NOT NULL AND wipe_heard_at IS NULL
"""
DONE: Final = """
UPDATE devices SET wiped_at = clock_timestamp(), push_token = NULL, version = version + 1,
  updated_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2
"""
OF_SESSION: Final = """
SELECT d.id, d.device_id, d.wipe_ordered_at FROM sessions s
JOIN devices d ON d.organisation_id = s.organisation_id AND d.id = s.device_id
WHERE s.organisation_id = $2 AND s.id = $3 AND s.revoked_because = $4
"""
STANDING: Final = """
SELECT id, device_id, wipe_ordered_at FROM devices
WHERE organisation_id = $2 AND owner_id = $3 AND device_id = $4 AND wipe_ordered_at IS NOT NULL
"""
BY_ID: Final = (
    "SELECT id, device_id, wipe_ordered_at FROM devices WHERE organisation_id = $2 AND id = $3"
)
WHOSE: Final = """
SELECT s.user_id, s.device_id, s.revoked_because FROM refresh_tokens t
JOIN sessions s ON s.organisation_id = t.organisation_id AND s.id = t.session_id
WHERE t.organisation_id = $1 AND t.id = $2
"""
ACKNOWLEDGE: Final = "/v1/auth/device-wiped"

Row = Mapping[str, Any]


async def register_device(
    connection: Connection, data: DeviceRegister, *, by: Principal, actor: Actor
) -> tuple[dict[str, Any], bool]:
    """The device, and whether it is new. DeviceWiped until a wipe was acknowledged and somebody signed in
    since it was ordered."""
    owner = owner_of(by)
    told = (data.name, data.platform, data.app_version, data.push_token)
    row = await found(
        connection, ADD, by.organisation, data.id or new_id(), owner, data.device_id, *told
    )
    is_new = row is not None
    action = "device.registered"
    if row is None:
        standing = await written(connection, NAMED, by.organisation, owner, data.device_id)
        if standing["wipe_ordered_at"] is not None:
            await _demand_anew(connection, by, standing)
        else:
            action = "device.updated"
        row = await written(connection, RENEW, by.organisation, standing["id"], *told)
    await _see_with(connection, by, row["id"])
    await _tell(connection, by.organisation, action, row, actor)
    return dict(row), is_new


async def load_device(
    connection: Connection, organisation_id: UUID, device_id: UUID, *, scope: Scope
) -> dict[str, Any]:
    row = await found(connection, LOAD, organisation_id, device_id)
    if row is None or not scope.covers(id=device_id, owner_id=row["owner_id"], team_id=None):
        raise NotFound(f"There is no device with the id {str(device_id)!r}.")
    return dict(row)


async def order_wipe(
    connection: Connection, organisation_id: UUID, device: Row, *, actor: Actor
) -> tuple[dict[str, Any], list[UUID]]:
    """The device, and its sessions that ended: call `revoked_here` with them after the commit. A second order
    while the first one stands changes nothing."""
    if device["wipe_ordered_at"] is not None:
        return dict(device), []
    row = await written(connection, ORDER, organisation_id, device["id"], actor.id)
    rows = await connection.fetch(SESSIONS, organisation_id, device["id"])
    ended = await revoke_sessions(
        connection, organisation_id, [each["id"] for each in rows], because=WIPED
    )
    await connection.execute(FORGET_CURSORS, organisation_id, row["owner_id"], row["device_id"])
    await _tell(connection, organisation_id, "device.wipe_ordered", row, actor, sessions=len(ended))
    return dict(row), ended


async def forget_device(
    connection: Connection, organisation_id: UUID, device: Row, *, actor: Actor
) -> list[UUID]:
    """Its sessions that ended: call `end_here` with them after the commit. Its cursors go with it; what was
    done on it and to it stays in the audit log. WipePending while it has not said that it is wiped: the order
    would be gone too."""
    if device["wipe_ordered_at"] is not None and device["wiped_at"] is None:
        raise WipePending("It is to be wiped and has not said that it is done.")
    rows = await connection.fetch(SESSIONS, organisation_id, device["id"])
    ended = await revoke_sessions(
        connection, organisation_id, [each["id"] for each in rows], because=FORGOTTEN
    )
    owner, name = device["owner_id"], device["device_id"]
    await connection.execute(FORGET_CURSORS, organisation_id, owner, name)
    await connection.execute(FORGET, organisation_id, device["id"])
    await _tell(connection, organisation_id, "device.forgotten", device, actor, sessions=len(ended))
    return ended


async def see_device(db: Database, by: Principal, device: str | None, *, pulled: bool) -> None:
    """It has synced. DeviceWiped when a wipe came first, Unauthenticated when its session has ended, as it does
    when the device is forgotten: whoever waits for the same row knows which."""
    if device is None or by.user_id is None:
        return
    sql = SEEN.format(column="last_pulled_at" if pulled else "last_pushed_at")
    async with db.transaction(by.organisation) as connection:
        device_id = await connection.fetchval(sql, by.organisation, new_id(), by.user_id, device)
        if device_id is not None:
            await _demand_open(connection, by)
            await _see_with(connection, by, device_id)
    if device_id is None:
        await refuse_wiped(db, by, device)


async def refuse_wiped(db: Database, by: Principal, device: str | None) -> None:
    """DeviceWiped when this user's device of that name is to be wiped, or was and is not registered anew."""
    if device is None or by.user_id is None:
        return
    row = await db.fetchrow(by.organisation, STANDING, by.organisation, by.user_id, device)
    if row is not None:
        raise await _order(db, by.organisation, dict(row))


async def refuse_wiped_session(db: Database, by: Principal) -> None:
    """The same for whoever still has a token of a session that the wipe ended."""
    if by.organisation_id is None or by.session_id is None:
        return
    row = await db.fetchrow(by.organisation, OF_SESSION, by.organisation, by.session_id, WIPED)
    if row is not None and row["wipe_ordered_at"] is not None:
        raise await _order(db, by.organisation, dict(row))


async def wipe_order_at_refresh(
    db: Database, organisation_id: UUID, device_id: UUID
) -> Unauthenticated:
    """A phone that was away for longer than its access token lives hears of the wipe here."""
    row = await db.fetchrow(organisation_id, BY_ID, organisation_id, device_id)
    if row is None or row["wipe_ordered_at"] is None:  # registered anew meanwhile, by a new sign-in
        return RefreshRefused()
    order = await _order(db, organisation_id, dict(row))
    return RefreshRefused(order.detail, code=DeviceWiped.code, **order.extra)


async def acknowledge_wipe(
    house: House, refresh_token: str, device: str | None, *, actor: Actor
) -> None:
    """What a wiped device says last. Once more is once; RefreshRefused for a token that is not there."""
    place = await lookups.find_one(house.db, lookups.REFRESH, token_digest(refresh_token))
    if place is None:
        raise RefreshRefused()
    organisation_id = place.organisation_id
    async with house.db.transaction(organisation_id) as connection:
        session = await found(connection, WHOSE, organisation_id, place.subject_id)
        if session is None:
            raise RefreshRefused()
        row = await _device_of(connection, organisation_id, session, device)
        if row["wiped_at"] is not None:
            return
        await connection.execute(DONE, organisation_id, row["id"])
        who = Actor(session["user_id"], "user", actor.channel, actor.request_id, actor.trace_id)
        await _tell(connection, organisation_id, "device.wiped", row, who)


def owner_of(by: Principal) -> UUID:
    if by.user_id is None:
        raise Forbidden("Only people have devices.")
    return by.user_id


def end_here(ended: list[UUID]) -> None:
    revoked_here(ended)


async def _device_of(
    connection: Connection, organisation_id: UUID, session: Row, device: str | None
) -> Row:
    """Of a session that the wipe ended, its device; with a living one, that of the name."""
    row = None
    if session["revoked_because"] == WIPED and session["device_id"] is not None:
        row = await found(connection, LOAD, organisation_id, session["device_id"])
    elif session["revoked_because"] is None and device is not None:
        row = await found(connection, NAMED, organisation_id, session["user_id"], device)
    if row is None or row["wipe_ordered_at"] is None:
        raise NotFound("No device of yours is to be wiped.")
    return row


async def _demand_anew(connection: Connection, by: Principal, standing: Row) -> None:
    since = standing["wipe_ordered_at"]
    is_anew = await connection.fetchval(SIGNED_IN_SINCE, by.organisation, by.session_id, since)
    if standing["wiped_at"] is None or not is_anew:
        raise wipe_order(standing)


async def _demand_open(connection: Connection, by: Principal) -> None:
    if by.session_id is None:
        return
    if await connection.fetchval(IS_OPEN, by.organisation, by.session_id) is False:
        raise Unauthenticated("This session has ended; sign in anew.")


async def _see_with(connection: Connection, by: Principal, device_id: UUID) -> None:
    """The sign-in that a wipe of this device will end. API keys are no sign-ins: those are revoked by name."""
    if by.session_id is not None:
        await connection.execute(SEEN_WITH, by.organisation, by.session_id, device_id, by.user_id)


async def _order(db: Database, organisation_id: UUID, row: Row) -> DeviceWiped:
    async with db.transaction(organisation_id) as connection:
        await connection.execute(HEARD, organisation_id, row["id"])
    return wipe_order(row)


def wipe_order(row: Row) -> DeviceWiped:
    return DeviceWiped(
        "Delete what this device holds, then tell that it is done.",
        wipe={
            "device_id": row["device_id"],
            "ordered_at": row["wipe_ordered_at"].isoformat().replace("+00:00", "Z"),
            "acknowledge": ACKNOWLEDGE,
        },
    )


async def _tell(
    connection: Connection, organisation_id: UUID, action: str, row: Row, actor: Actor, **more: Any
) -> None:
    details = {name: row[name] for name in ("owner_id", "name", "platform", "app_version")}
    await write_audit(
        connection,
        organisation_id,
        action,
        actor=actor,
        subject=f"device/{row['id']}",
        details={**details, **more},
    )
