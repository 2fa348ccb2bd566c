"""API keys: `gx_live_<id>_<secret>_<crc32>`, recognisable to secret scanners, stored as a hash."""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime

PREFIX = "gx_live_"
# Fixed widths, because the base64url alphabet of the secret contains the separator itself.
_SHAPE = re.compile(r"gx_live_([0-9a-f]{8})_([A-Za-z0-9_-]{43})_([0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ApiKeyText:
    """`public_id` may be shown and logged; `text` is the whole key, shown once."""

    public_id: str
    text: str


def new_api_key() -> ApiKeyText:
    public_id = secrets.token_hex(4)
    return _with_checksum(public_id, secrets.token_urlsafe(32))


def parse_api_key(text: str) -> ApiKeyText | None:
    """None for what cannot be a key of ours, decided without touching the database."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    rebuilt = _with_checksum(found[1], found[2])
    return rebuilt if hmac.compare_digest(rebuilt.text, text) else None


def looks_like_api_key(text: str) -> bool:
    return text.startswith(PREFIX)


def api_key_digest(text: str) -> bytes:
    """A fast hash is right here: 256 random bits cannot be guessed from it."""
    return hashlib.sha256(text.encode()).digest()


def api_key_matches(text: str, stored_digest: bytes) -> bool:
    return hmac.compare_digest(api_key_digest(text), stored_digest)


def is_usable(*, expires_at: datetime | None, revoked_at: datetime | None, now: datetime) -> bool:
    return revoked_at is None and (expires_at is None or now < expires_at)


def _with_checksum(public_id: str, secret: str) -> ApiKeyText:
    body = f"{PREFIX}{public_id}_{secret}"
    return ApiKeyText(public_id, f"{body}_{zlib.crc32(body.encode()):08x}")
