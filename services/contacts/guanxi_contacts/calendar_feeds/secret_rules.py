"""The secret of a feed: it names its organisation, since whoever reads has no token that does."""

import base64
import binascii
import hashlib
from uuid import UUID

RANDOM_BYTES = 32


def secret_of(organisation: UUID, random: bytes) -> str:
    return base64.urlsafe_b64encode(organisation.bytes + random).decode().rstrip("=")


def read_secret(text: str) -> tuple[UUID, bytes] | None:
    """The organisation and the digest that is stored; None for what can be no secret."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 16 + RANDOM_BYTES:
        return None
    return UUID(bytes=raw[:16]), digest_of(text)


def digest_of(secret: str) -> bytes:
    """Of 256 random bits, so that nothing slower is needed."""
    return hashlib.sha256(secret.encode()).digest()
