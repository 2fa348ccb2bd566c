"""Refresh tokens that rotate: one use each, a lost answer forgiven, a theft ending the family.

A token is 256 random bits; only its SHA-256 is stored. The successor is an HMAC of the token under
the gateway's secret instead of fresh randomness: a client whose answer was lost in a lift can be
given the very same successor again although the server never kept it.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GRACE = timedelta(seconds=30)
IDLE_LIFE = timedelta(days=30)
ABSOLUTE_LIFE = timedelta(days=90)


class RefreshDecision(StrEnum):
    ROTATE = "rotate"
    REPEAT = "repeat"
    REVOKE_FAMILY = "revoke_family"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class RefreshState:
    """One token's row, read under a lock on its family.

    `successor_spent` is None while there is no successor; `expires_at` is the earlier of the idle
    and the absolute end.
    """

    spent_at: datetime | None
    successor_spent: bool | None
    family_revoked: bool
    expires_at: datetime


def new_refresh_token() -> str:
    return secrets.token_urlsafe(32)


def successor_of(token: str, key: bytes) -> str:
    digest = hmac.digest(key, f"refresh-successor:{token}".encode(), "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def token_digest(token: str) -> bytes:
    """SHA-256 without salt or stretching: right for 256-bit secrets, wrong for passwords."""
    return hashlib.sha256(token.encode()).digest()


def expiry(now: datetime, family_started_at: datetime) -> datetime:
    return min(now + IDLE_LIFE, family_started_at + ABSOLUTE_LIFE)


def decide_refresh(state: RefreshState | None, now: datetime) -> RefreshDecision:
    """RFC 9700 4.14.2 with a grace: a spent token shown again ends the family, unless its answer
    may just have been lost (less than `GRACE` ago, and nobody has used what it was changed for).
    """
    if state is None or state.family_revoked or now >= state.expires_at:
        return RefreshDecision.REFUSE
    if state.spent_at is None:
        return RefreshDecision.ROTATE
    in_grace = now - state.spent_at <= GRACE
    if in_grace and state.successor_spent is False:
        return RefreshDecision.REPEAT
    return RefreshDecision.REVOKE_FAMILY
