"""SHA-256 of what identifies a credential: the only form in which it is stored or looked up."""

import hashlib


def email_digest(email: str) -> bytes:
    return hashlib.sha256(b"email:" + email.strip().casefold().encode()).digest()


def secret_digest(secret: str) -> bytes:
    """For links, codes and client secrets of 256 random bits; never for passwords."""
    return hashlib.sha256(secret.encode()).digest()
