"""Links for somebody without an account: signed, so that nobody makes one up. Pure.

    token = base64url(organisation (16) | record (16) | expiry, seconds since 1970 (8) | HMAC-SHA256 (32))

The key is derived from the service secret for one purpose alone: no other signature of the suite can be
passed off as such a link, nor such a link as anything else.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

LENGTH = 16 + 16 + 8 + 32
TEXT_LENGTH = 96


@dataclass(frozen=True, slots=True)
class Link:
    organisation_id: UUID
    record_id: UUID
    expires_at: datetime


def key_from(secret: str, purpose: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose, hashlib.sha256)


def token_of(link: Link, key: bytes) -> str:
    body = _body(link)
    return base64.urlsafe_b64encode(body + hmac.digest(key, body, hashlib.sha256)).decode()


def _body(link: Link) -> bytes:
    seconds = int(link.expires_at.timestamp())
    return link.organisation_id.bytes + link.record_id.bytes + seconds.to_bytes(8, "big")


def link_from(token: str, key: bytes) -> Link | None:
    """What a token says; None for one that was not made with this key, or was touched since."""
    if len(token) != TEXT_LENGTH or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    body, signature = raw[:40], raw[40:]
    if not hmac.compare_digest(signature, hmac.digest(key, body, hashlib.sha256)):
        return None
    expires = datetime.fromtimestamp(int.from_bytes(body[32:40], "big"), UTC)
    return Link(UUID(bytes=body[:16]), UUID(bytes=body[16:32]), expires)
