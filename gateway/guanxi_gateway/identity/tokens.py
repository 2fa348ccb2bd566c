"""ES256 access tokens and the keys that sign them; verification lives in `guanxi_shared.auth`.

Claims: `iss, aud, sub, org, sid, name, tz, role, permissions, visibility, dv, iat, exp, jti`;
`scopes` when a key or an OAuth client may do less than its user, and `client_id` (RFC 9068). `dv`
is the directory version: a service whose copy of users and teams is older than the token's knows
that it still has to catch up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey, KeyParameters, KeySet, OctKey

from guanxi_gateway.identity.sealing import seal, unseal

ALGORITHM = "ES256"
TYPE = "at+jwt"
AUDIENCE = "guanxi"
LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Grant:
    """What one access token says about its bearer.

    `session_id` is the sign-in session, the API key or the OAuth grant that can be revoked.
    `visibility` maps a resource (or `*`) to own, team, subtree or all. `scopes` None means no
    limit below the role.
    """

    user_id: UUID
    organisation_id: UUID
    session_id: UUID
    role: str
    permissions: tuple[str, ...]
    visibility: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    time_zone: str = "UTC"
    directory_version: int = 0
    scopes: tuple[str, ...] | None = None
    client_id: str | None = None


def new_signing_key() -> ECKey:
    """A P-256 key whose `kid` is its RFC 7638 thumbprint."""
    key = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": ALGORITHM})
    key.ensure_kid()
    return key


def key_id(key: ECKey) -> str:
    return key.thumbprint()


def issue_access_token(
    grant: Grant,
    key: ECKey,
    *,
    issuer: str,
    now: datetime,
    token_id: UUID,
    life: timedelta = LIFE,
) -> str:
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key_id(key)}
    claims = access_claims(grant, issuer=issuer, now=now, token_id=token_id, life=life)
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def access_claims(
    grant: Grant, *, issuer: str, now: datetime, token_id: UUID, life: timedelta
) -> dict[str, Any]:
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": str(grant.user_id),
        "org": str(grant.organisation_id),
        "sid": str(grant.session_id),
        "name": grant.name,
        "tz": grant.time_zone,
        "role": grant.role,
        "permissions": sorted(grant.permissions),
        "visibility": dict(grant.visibility),
        "dv": grant.directory_version,
        "iat": issued,
        "exp": issued + int(life.total_seconds()),
        "jti": str(token_id),
    }
    if grant.scopes is not None:
        claims["scopes"] = sorted(grant.scopes)
    if grant.client_id is not None:
        claims["client_id"] = grant.client_id
    return claims


def jwks_document(keys: Iterable[ECKey]) -> dict[str, Any]:
    """The public halves only (RFC 7517); `as_dict(private=False)` strips `d`."""
    return {"keys": [public_jwk(key) for key in keys]}


def public_jwk(key: ECKey) -> dict[str, Any]:
    return dict(key.as_dict(private=False, kid=key_id(key), use="sig", alg=ALGORITHM))


def key_set(keys: Iterable[ECKey]) -> KeySet:
    """For verifying in the process that signs, without a round trip through its own JWKS."""
    return KeySet([ECKey.import_key(public_jwk(key)) for key in keys])


def seal_key(key: ECKey, wrapping: OctKey) -> str:
    """The private key as stored, so that a stolen dump signs nothing."""
    return seal(key.as_pem(private=True), wrapping)


def unseal_key(sealed: str, *wrapping: OctKey) -> ECKey:
    """By any of the keys; `sealing.SealedOtherwise` when none opens it."""
    parameters: KeyParameters = {"use": "sig", "alg": ALGORITHM}
    key = ECKey.import_key(unseal(sealed, *wrapping), parameters=parameters)
    key.ensure_kid()
    return key
