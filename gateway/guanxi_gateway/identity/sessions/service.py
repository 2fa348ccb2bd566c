"""Signing in, staying signed in, signing out."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.actors import Device
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.devices.service import wipe_order_at_refresh
from guanxi_gateway.identity.digests import email_digest
from guanxi_gateway.identity.errors import (
    RefreshRefused,
    RefreshReused,
    SecondFactorRefused,
    SecondFactorRequired,
    SignInRefused,
)
from guanxi_gateway.identity.grants import Holder, access_token, grant_for, token_answer
from guanxi_gateway.identity.identity import Identity, identity
from guanxi_gateway.identity.lookups import Place
from guanxi_gateway.identity.passwords import check_password
from guanxi_gateway.identity.refresh_rules import RefreshDecision, token_digest
from guanxi_gateway.identity.revocations import revoked_here
from guanxi_gateway.identity.rows import found
from guanxi_gateway.identity.second_factor.service import passes_factor
from guanxi_gateway.identity.sessions.attempts import Attempts
from guanxi_gateway.identity.sessions.families import (
    NewSession,
    Refreshed,
    refresh_family,
    revoke_sessions,
    revoke_user,
    start_family,
)
from guanxi_gateway.identity.sessions.schemas import SignIn
from guanxi_gateway.identity.users.rights import demand_whole
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, House
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound

CREDENTIALS = """
SELECT password_hash, has_second_factor FROM users
WHERE organisation_id = $2 AND id = $3 AND is_active AND deleted_at IS NULL
"""
REHASH = "UPDATE users SET password_hash = $3 WHERE organisation_id = $1 AND id = $2"
SESSIONS = """
SELECT id, method, client_id, scopes, user_agent, network_address, created_at, last_used_at
FROM sessions WHERE organisation_id = $2 AND user_id = $3 AND revoked_at IS NULL
ORDER BY last_used_at DESC LIMIT 200
"""
SESSION_OF = """
SELECT s.id, s.client_id FROM sessions s
JOIN refresh_tokens t ON t.organisation_id = s.organisation_id AND t.session_id = s.id
WHERE t.organisation_id = $1 AND t.id = $2
"""
OF_USER = """
SELECT id FROM sessions WHERE organisation_id = $2 AND id = $3 AND user_id = $4
"""


@dataclass(frozen=True, slots=True)
class Proven:
    """A user whose password is right; `new_hash` is to be stored."""

    place: Place
    has_second_factor: bool
    new_hash: str | None


async def sign_in(house: House, data: SignIn, device: Device, *, actor: Actor) -> dict[str, Any]:
    """Tokens; every failure takes as long as every other, and says the same.

    Attempts at one address wait for each other here, so that guessing in parallel is not faster
    than the lock.
    """
    here = identity(house)
    attempts = Attempts(data.email, device.network_address)
    await attempts.demand_unlocked(house.db)
    answer_at = time.monotonic() + here.settings.failed_sign_in_seconds
    lock = here.addresses.setdefault(attempts.address, asyncio.Lock())
    try:
        async with lock:
            await attempts.demand_unlocked(house.db)
            return await _attempt(house, here, data, device, attempts, actor)
    except (SignInRefused, SecondFactorRefused):
        await asyncio.sleep(max(answer_at - time.monotonic(), 0))
        raise


async def _attempt(
    house: House, here: Identity, data: SignIn, device: Device, attempts: Attempts, actor: Actor
) -> dict[str, Any]:
    wanted = await lookups.find(
        house.db, lookups.EMAIL, email_digest(data.email), organisation_id=data.organisation_id
    )
    proven = await _prove(house, wanted, data.password)
    if proven is None:
        await attempts.failed(house.db)
        await _audit_failure(house, wanted, device, actor)
        raise SignInRefused()
    async with house.db.transaction(proven.place.organisation_id) as connection:
        passed = await _second_factor(connection, here, proven, data.totp)
        if passed:
            return await _welcome(connection, here, proven, device, attempts, actor)
    await attempts.failed(house.db)
    await _audit_failure(house, [proven.place], device, actor)
    raise SecondFactorRefused()


async def _prove(house: House, places: Sequence[Place], password: str) -> Proven | None:
    """The first organisation whose password this is; one dummy check when there is none."""
    for place in places:
        row = await house.db.fetchrow(
            place.organisation_id, CREDENTIALS, place.organisation_id, place.subject_id
        )
        check = await check_password(password, row["password_hash"] if row else None)
        if row is not None and check.matches:
            return Proven(place, row["has_second_factor"], check.new_hash)
    if not places:
        await check_password(password, None)
    return None


async def _second_factor(
    connection: Connection, here: Identity, proven: Proven, code: str | None
) -> bool:
    if not proven.has_second_factor:
        return True
    if not code:
        raise SecondFactorRequired()
    place = proven.place
    return await passes_factor(connection, here, place.organisation_id, place.subject_id, code=code)


async def _welcome(
    connection: Connection,
    here: Identity,
    proven: Proven,
    device: Device,
    attempts: Attempts,
    actor: Actor,
) -> dict[str, Any]:
    place = proven.place
    await attempts.succeeded(connection)
    if proven.new_hash is not None:
        await connection.execute(REHASH, place.organisation_id, place.subject_id, proven.new_hash)
    new = NewSession(
        place.organisation_id,
        place.subject_id,
        "password",
        user_agent=device.user_agent,
        network_address=device.network_address,
    )
    return await open_session(connection, here, new, actor=actor)


async def open_session(
    connection: Connection, here: Identity, new: NewSession, *, actor: Actor
) -> dict[str, Any]:
    """A session, its tokens, and the line in the audit log; for every way of signing in."""
    refresh_token = await start_family(connection, new)
    holder = Holder(new.organisation_id, new.user_id, new.id, new.scopes, new.client_id)
    grant = await grant_for(connection, holder)
    token = await access_token(here, grant, now=datetime.now(UTC))
    await write_audit(
        connection,
        new.organisation_id,
        "session.started",
        actor=Actor(new.user_id, "user", actor.channel, actor.request_id, actor.trace_id),
        subject=f"session/{new.id}",
        details={
            "method": new.method,
            "network_address": new.network_address,
            "client_id": new.client_id,
        },
    )
    return token_answer(token, refresh_token)


async def _audit_failure(
    house: House, places: Sequence[Place], device: Device, actor: Actor
) -> None:
    for place in places:
        async with house.db.transaction(place.organisation_id) as connection:
            await write_audit(
                connection,
                place.organisation_id,
                "session.refused",
                actor=actor,
                subject=f"user/{place.subject_id}",
                details={"network_address": device.network_address},
            )


async def refresh(
    house: House, token: str, *, actor: Actor, client_id: UUID | None = None
) -> dict[str, Any]:
    """Rotate; RefreshReused when the token was spent before and its family has been ended."""
    here = identity(house)
    place = await lookups.find_one(house.db, lookups.REFRESH, token_digest(token))
    if place is None:
        raise RefreshRefused()
    async with house.db.transaction(place.organisation_id) as connection:
        found = await refresh_family(
            connection,
            place.organisation_id,
            token,
            token_id=place.subject_id,
            key=here.refresh_key,
            client_id=client_id,
        )
        if found.token is not None:
            return await _renewed(connection, here, found)
        if found.decision is RefreshDecision.REVOKE_FAMILY and found.family is not None:
            await write_audit(
                connection,
                place.organisation_id,
                "session.refresh_reused",
                actor=actor,
                subject=f"session/{found.family.session_id}",
            )
    if found.decision is RefreshDecision.REVOKE_FAMILY and found.family is not None:
        revoked_here([found.family.session_id])
        raise RefreshReused()
    if found.wiped_device is not None:
        raise await wipe_order_at_refresh(house.db, place.organisation_id, found.wiped_device)
    raise RefreshRefused()


async def _renewed(connection: Connection, here: Identity, found: Refreshed) -> dict[str, Any]:
    family = found.family
    if family is None:
        raise RefreshRefused()
    holder = Holder(
        family.organisation_id, family.user_id, family.session_id, family.scopes, family.client_id
    )
    grant = await grant_for(connection, holder)
    token = await access_token(here, grant, now=datetime.now(UTC))
    return token_answer(token, found.token)


async def sign_out(house: House, by: Principal, *, everywhere: bool, actor: Actor) -> None:
    if everywhere:
        demand_whole(by)
    if by.user_id is None or by.session_id is None:
        return
    async with house.db.transaction(by.organisation) as connection:
        if everywhere:
            ended = await revoke_user(connection, by.organisation, by.user_id, because="signed_out")
        else:
            ended = await revoke_sessions(
                connection, by.organisation, [by.session_id], because="signed_out"
            )
        await _audit_ended(connection, by.organisation, ended, actor)
    revoked_here(ended)


async def sign_out_token(
    house: House, token: str, *, actor: Actor, client_id: UUID | None = None
) -> None:
    """Ends the session of a refresh token; silent about tokens that are not there, or not this
    client's (RFC 7009)."""
    place = await lookups.find_one(house.db, lookups.REFRESH, token_digest(token))
    if place is None:
        return
    organisation_id = place.organisation_id
    async with house.db.transaction(organisation_id) as connection:
        session = await found(connection, SESSION_OF, organisation_id, place.subject_id)
        if session is None or session["client_id"] != client_id:
            return
        ended = await revoke_sessions(
            connection, organisation_id, [session["id"]], because="signed_out"
        )
        await _audit_ended(connection, organisation_id, ended, actor)
    revoked_here(ended)


async def list_sessions(house: House, by: Principal) -> list[dict[str, Any]]:
    rows = await house.db.fetch(by.organisation, SESSIONS, by.organisation, demand_whole(by))
    return [{**dict(row), "is_current": row["id"] == by.session_id} for row in rows]


async def end_session(house: House, by: Principal, session_id: UUID, *, actor: Actor) -> None:
    """One of the caller's own sessions."""
    user_id = demand_whole(by)
    row = await house.db.fetchrow(by.organisation, OF_USER, by.organisation, session_id, user_id)
    if row is None:
        raise NotFound(f"There is no session with the id {str(session_id)!r}.")
    async with house.db.transaction(by.organisation) as connection:
        ended = await revoke_sessions(
            connection, by.organisation, [session_id], because="ended_by_owner"
        )
        await _audit_ended(connection, by.organisation, ended, actor)
    revoked_here(ended)


async def _audit_ended(
    connection: Connection, organisation_id: UUID, ended: Sequence[UUID], actor: Actor
) -> None:
    for session_id in ended:
        await write_audit(
            connection,
            organisation_id,
            "session.ended",
            actor=actor,
            subject=f"session/{session_id}",
        )
