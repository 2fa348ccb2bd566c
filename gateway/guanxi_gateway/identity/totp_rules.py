"""Second factor: time-based codes (RFC 6238) that work once, and recovery codes."""

import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
from pyotp.exceptions import OTPVerificationError

ISSUER = "Guanxi"
WINDOW = 1
RECOVERY_CODE_COUNT = 10
# No vowels (no words), none of the signs people mix up; 16 of them carry 75 bits.
RECOVERY_ALPHABET = "BCDFGHJKMNPQRTVWXYZ2346789"


def new_secret() -> str:
    """160 bits in base32, as authenticator apps take it."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, *, email: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def accepted_step(secret: str, code: str, *, now: datetime, last_step: int | None) -> int | None:
    """The time step to store as `last_step`, or None when the code is wrong or was used before.

    One step of clock difference either way is forgiven. A step not after the last accepted one is
    refused (RFC 6238 5.2), so a code read over a shoulder is worth nothing once used.
    """
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
        return None
    try:
        step = pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=now, valid_window=WINDOW)
    except OTPVerificationError:
        return None
    return None if last_step is not None and step <= last_step else step


def new_recovery_codes() -> list[str]:
    return [_recovery_code() for _ in range(RECOVERY_CODE_COUNT)]


def recovery_digest(code: str, user_id: UUID) -> bytes:
    """Bound to the user, so that equal hashes of two users mean nothing."""
    plain = "".join(sign for sign in code.upper() if sign in RECOVERY_ALPHABET)
    return hashlib.sha256(user_id.bytes + plain.encode()).digest()


def spend_recovery_code(code: str, user_id: UUID, digests: list[bytes]) -> list[bytes] | None:
    """The digests that remain, or None when the code is not among them."""
    wanted = recovery_digest(code, user_id)
    remaining = [digest for digest in digests if not hmac.compare_digest(digest, wanted)]
    return None if len(remaining) == len(digests) else remaining


def _recovery_code() -> str:
    signs = [secrets.choice(RECOVERY_ALPHABET) for _ in range(16)]
    return "-".join("".join(signs[start : start + 4]) for start in range(0, 16, 4))
