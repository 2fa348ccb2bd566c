"""Secrets that must be readable again (signing keys, TOTP seeds), sealed with the gateway's own.

One secret from the settings gives one key per purpose by HKDF (RFC 5869), so that a value sealed
for one use opens for no other.
"""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_ALGORITHMS = ["dir", "A256GCM"]


class SealedOtherwise(ValueError):
    """None of the keys opens it."""


def purpose_bytes(secret: str, purpose: str) -> bytes:
    """32 bytes for this purpose alone."""
    info = f"guanxi-gateway/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())


def purpose_key(secret: str, purpose: str) -> OctKey:
    return OctKey.import_key(purpose_bytes(secret, purpose))


def seal(plain: bytes, key: OctKey) -> str:
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, plain, key)


def unseal(sealed: str, *keys: OctKey) -> bytes:
    """By the first key that opens it; SealedOtherwise when none does."""
    for key in keys:
        try:
            opened = jwe.decrypt_compact(sealed, key, algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            continue
        if opened.plaintext is not None:
            return opened.plaintext
    raise SealedOtherwise("sealed with a secret that is not here any more")
