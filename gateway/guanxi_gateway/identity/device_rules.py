"""The device grant (RFC 8628): a screen without keyboard shows a code, a person types it elsewhere."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from guanxi_gateway.identity.oauth_rules import OAuthCode

DEVICE_LIFE = timedelta(minutes=15)
FIRST_INTERVAL = 5
SLOWER_BY = 5
# RFC 8628 6.1: consonants only, so that no code spells a word; 20^8 codes for 15 minutes.
USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
USER_CODE_LENGTH = 8


class DeviceStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    USED = "used"


@dataclass(frozen=True, slots=True)
class DeviceState:
    """`interval` in seconds; it grows with every poll that comes too early."""

    status: DeviceStatus
    expires_at: datetime
    interval: int = FIRST_INTERVAL
    last_polled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """`error` None means: issue tokens and store `USED`."""

    error: OAuthCode | None
    interval: int


def new_user_code() -> str:
    signs = "".join(secrets.choice(USER_CODE_ALPHABET) for _ in range(USER_CODE_LENGTH))
    return f"{signs[:4]}-{signs[4:]}"


def typed_user_code(text: str) -> str:
    """What a person typed, in the form it is stored in: case, spaces and dashes do not matter."""
    signs = "".join(sign for sign in text.upper() if sign in USER_CODE_ALPHABET)
    return f"{signs[:4]}-{signs[4:]}"


def poll_device(state: DeviceState | None, now: datetime) -> Poll:
    if state is None or state.status is DeviceStatus.USED:
        return Poll(OAuthCode.INVALID_GRANT, FIRST_INTERVAL)
    if now >= state.expires_at:
        return Poll(OAuthCode.EXPIRED_TOKEN, state.interval)
    if state.status is DeviceStatus.DENIED:
        return Poll(OAuthCode.ACCESS_DENIED, state.interval)
    if _too_early(state, now):
        return Poll(OAuthCode.SLOW_DOWN, state.interval + SLOWER_BY)
    if state.status is DeviceStatus.PENDING:
        return Poll(OAuthCode.AUTHORIZATION_PENDING, state.interval)
    return Poll(None, state.interval)


def may_decide(state: DeviceState | None, now: datetime) -> bool:
    """A person can approve or deny once, in time."""
    return state is not None and state.status is DeviceStatus.PENDING and now < state.expires_at


def _too_early(state: DeviceState, now: datetime) -> bool:
    last = state.last_polled_at
    # A second of slack: the client counts from the answer, we count from the request.
    return last is not None and now - last < timedelta(seconds=state.interval - 1)
