"""The token endpoint: four grants, each ending in the same kind of answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.actors import Device
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.clients.service import session_of
from guanxi_gateway.identity.device_rules import DeviceState, DeviceStatus, poll_device
from guanxi_gateway.identity.digests import secret_digest
from guanxi_gateway.identity.grants import Holder, access_token, grant_for, token_answer
from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.oauth.errors import OAuthProblem
from guanxi_gateway.identity.oauth.requests import KnownClient
from guanxi_gateway.identity.oauth_rules import (
    DEVICE_GRANT,
    CodeState,
    OAuthCode,
    Redemption,
    redeem_code,
    requested_scopes,
    scopes_beyond,
)
from guanxi_gateway.identity.revocations import revoked_here
from guanxi_gateway.identity.rows import Row, found
from guanxi_gateway.identity.sessions.families import NewSession, revoke_sessions
from guanxi_gateway.identity.sessions.service import open_session, refresh
from guanxi_shared.calls import Actor, House
from guanxi_shared.db import Connection
from guanxi_shared.errors import Unauthenticated

CODE = """
SELECT id, client_id, user_id, redirect_uri, challenge, scopes, session_id, expires_at, used_at
FROM oauth_codes WHERE organisation_id = $1 AND id = $2 FOR UPDATE
"""
USE_CODE = """
UPDATE oauth_codes SET used_at = clock_timestamp(), session_id = $3
WHERE organisation_id = $1 AND id = $2
"""
DEVICE = """
SELECT id, client_id, user_id, scopes, status, interval_seconds, last_polled_at, expires_at
FROM device_codes WHERE organisation_id = $1 AND id = $2 FOR UPDATE
"""
POLLED = """
UPDATE device_codes SET last_polled_at = $3, interval_seconds = $4, status = $5
WHERE organisation_id = $1 AND id = $2
"""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    house: House
    client: KnownClient
    form: Mapping[str, str]
    device: Device
    actor: Actor


async def answer_token_request(request: TokenRequest) -> dict[str, Any]:
    """RFC 6749 5.1, with the scopes that were granted."""
    grant_type = request.form.get("grant_type")
    if grant_type is None:
        raise OAuthProblem(OAuthCode.INVALID_REQUEST, "grant_type is missing.")
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise OAuthProblem(OAuthCode.UNSUPPORTED_GRANT_TYPE)
    if grant_type not in request.client.rule.grant_types:
        raise OAuthProblem(OAuthCode.UNAUTHORIZED_CLIENT)
    try:
        return await grant(request)
    except Unauthenticated as error:  # a user who is gone, a token that is spent
        raise OAuthProblem(OAuthCode.INVALID_GRANT, error.detail) from error


async def _by_code(request: TokenRequest) -> dict[str, Any]:
    form, client = request.form, request.client
    code, verifier = form.get("code"), form.get("code_verifier")
    if code is None or verifier is None:
        raise OAuthProblem(OAuthCode.INVALID_REQUEST, "code and code_verifier are needed.")
    place = await lookups.find_one(request.house.db, lookups.CODE, secret_digest(code))
    if place is None or place.organisation_id != client.organisation_id:
        raise OAuthProblem(OAuthCode.INVALID_GRANT)
    ended: list[UUID] = []
    async with request.house.db.transaction(place.organisation_id) as connection:
        row = await found(connection, CODE, place.organisation_id, place.subject_id)
        decision = redeem_code(
            _code_state(row),
            datetime.now(UTC),
            client_id=str(client.id),
            redirect_uri=form.get("redirect_uri", row["redirect_uri"] if row else None),
            verifier=verifier,
        )
        if decision is Redemption.OK and row is not None:
            return await _redeem(connection, request, row)
        if decision is Redemption.REPLAYED and row is not None:
            ended = await _end_replayed(connection, request, row)
    revoked_here(ended)
    raise OAuthProblem(OAuthCode.INVALID_GRANT)


async def _redeem(connection: Connection, request: TokenRequest, row: Row) -> dict[str, Any]:
    new = _new_session(request, row, "code")
    answer = await _open(connection, request, new)
    organisation_id = request.client.organisation_id
    await connection.execute(USE_CODE, organisation_id, row["id"], new.id)
    return answer


async def _end_replayed(connection: Connection, request: TokenRequest, row: Row) -> list[UUID]:
    """A code shown twice was stolen by one of the two: neither keeps what it got for it."""
    if row["session_id"] is None:
        return []
    organisation_id = request.client.organisation_id
    ended = await revoke_sessions(
        connection, organisation_id, [row["session_id"]], because="code_replayed"
    )
    await write_audit(
        connection,
        organisation_id,
        "oauth.code_replayed",
        actor=request.actor,
        subject=f"oauth_client/{request.client.id}",
    )
    return ended


async def _by_refresh(request: TokenRequest) -> dict[str, Any]:
    token = request.form.get("refresh_token")
    if token is None:
        raise OAuthProblem(OAuthCode.INVALID_REQUEST, "refresh_token is missing.")
    return await refresh(request.house, token, actor=request.actor, client_id=request.client.id)


async def _by_credentials(request: TokenRequest) -> dict[str, Any]:
    """An access token alone (RFC 6749 4.4.3), of a session that is the client itself."""
    client = request.client
    if client.user_id is None:
        raise OAuthProblem(OAuthCode.UNAUTHORIZED_CLIENT)
    scopes = _scopes(request)
    session = session_of(client.organisation_id, client.id)
    holder = Holder(client.organisation_id, client.user_id, session, scopes, client.id)
    async with request.house.db.transaction(client.organisation_id) as connection:
        grant = await grant_for(connection, holder)
    token = await access_token(identity(request.house), grant, now=datetime.now(UTC))
    return {**token_answer(token), "scope": " ".join(scopes)}


async def _by_device(request: TokenRequest) -> dict[str, Any]:
    code = request.form.get("device_code")
    if code is None:
        raise OAuthProblem(OAuthCode.INVALID_REQUEST, "device_code is missing.")
    place = await lookups.find_one(request.house.db, lookups.DEVICE, secret_digest(code))
    if place is None or place.organisation_id != request.client.organisation_id:
        raise OAuthProblem(OAuthCode.INVALID_GRANT)
    async with request.house.db.transaction(place.organisation_id) as connection:
        row = await found(connection, DEVICE, place.organisation_id, place.subject_id)
        if row is None or row["client_id"] != request.client.id:
            raise OAuthProblem(OAuthCode.INVALID_GRANT)
        now = datetime.now(UTC)
        poll = poll_device(_device_state(row), now)
        status = DeviceStatus.USED if poll.error is None else DeviceStatus(row["status"])
        await connection.execute(
            POLLED, place.organisation_id, row["id"], now, poll.interval, status.value
        )
        if poll.error is None:
            return await _open(connection, request, _new_session(request, row, "device"))
    raise OAuthProblem(poll.error)


async def _open(connection: Connection, request: TokenRequest, new: NewSession) -> dict[str, Any]:
    answer = await open_session(connection, identity(request.house), new, actor=request.actor)
    if "refresh_token" not in request.client.rule.grant_types:
        del answer["refresh_token"]
    return {**answer, "scope": " ".join(new.scopes or ())}


def _new_session(request: TokenRequest, row: Row, method: str) -> NewSession:
    return NewSession(
        request.client.organisation_id,
        row["user_id"],
        method,
        client_id=request.client.id,
        scopes=tuple(row["scopes"]),
        user_agent=request.device.user_agent,
        network_address=request.device.network_address,
    )


def _scopes(request: TokenRequest) -> tuple[str, ...]:
    text = request.form.get("scope", "")
    if scopes_beyond(text, request.client.rule.scopes):
        raise OAuthProblem(OAuthCode.INVALID_SCOPE)
    return requested_scopes(text, request.client.rule.scopes)


def _code_state(row: Row | None) -> CodeState | None:
    if row is None:
        return None
    return CodeState(
        client_id=str(row["client_id"]),
        redirect_uri=row["redirect_uri"],
        challenge=row["challenge"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
    )


def _device_state(row: Row) -> DeviceState:
    return DeviceState(
        status=DeviceStatus(row["status"]),
        expires_at=row["expires_at"],
        interval=row["interval_seconds"],
        last_polled_at=row["last_polled_at"],
    )


Grant = Callable[[TokenRequest], Awaitable[dict[str, Any]]]
GRANTS: Mapping[str, Grant] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    "client_credentials": _by_credentials,
    DEVICE_GRANT: _by_device,
}
