"""Who is asking: access tokens checked by each service itself, and what they permit.

Two kinds of token, told apart by `typ`, each with one fixed algorithm (RFC 8725):
`at+jwt` (ES256, signed by the gateway for a person or an API key) and
`service+jwt` (HS256 with GUANXI_SERVICE_SECRET, one service speaking to another).
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from fastapi.security import HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey
from joserfc.util import urlsafe_b64decode

from guanxi_shared.errors import Forbidden, Unauthenticated, Unavailable

AUDIENCE = "guanxi"
CACHE_LIMIT = 20_000
KEYS_FRESH_SECONDS = 300
UNKNOWN_KEY_PAUSE_SECONDS = 5
CLOCK_SKEW_SECONDS = 10

bearer_scheme = HTTPBearer(auto_error=False, description="Access token or API key (gx_live_…)")

FetchKeys = Callable[[], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller. `visibility` maps a resource (or `*`) to own | team | subtree | all."""

    kind: str  # user | service
    name: str
    organisation_id: UUID | None
    user_id: UUID | None
    role: str
    permissions: frozenset[str]
    visibility: Mapping[str, str]
    time_zone: str
    session_id: UUID | None
    directory_version: int
    expires_at: float
    scopes: frozenset[str] | None = field(default=None)

    @property
    def organisation(self) -> UUID:
        """The organisation to bind; a service token without one reaches no organisation's rows."""
        if self.organisation_id is None:
            raise Forbidden("This token names no organisation.")
        return self.organisation_id

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def may(self, permission: str) -> bool:
        resource, _, action = permission.partition(":")
        wanted = (permission, f"{resource}:*", f"*:{action}", "*:*")
        if not any(item in self.permissions for item in wanted):
            return False
        return self.scopes is None or any(item in self.scopes for item in wanted)

    def demand(self, permission: str) -> None:
        if not self.may(permission):
            raise Forbidden(
                f"Your role {self.role!r} lacks the permission {permission!r}; ask an admin for it.",
                code="permission_missing",
            )

    def sees(self, resource: str) -> str:
        return self.visibility.get(resource) or self.visibility.get("*") or "own"


class Verifier:
    """Checks tokens and remembers the verified ones until they expire."""

    def __init__(self, *, service: str, fetch_keys: FetchKeys, service_secret: str) -> None:
        self._service = service
        self._fetch_keys = fetch_keys
        self._secret = OctKey.import_key(service_secret)
        self._keys = KeySet([])
        self._keys_at = 0.0
        self._known: dict[str, Principal] = {}

    async def verify(self, token: str) -> Principal:
        known = self._known.get(token)
        now = time.time()
        if known is not None and known.expires_at > now:
            return known
        principal = await self._check(token, now)
        if len(self._known) >= CACHE_LIMIT:
            self._known.clear()
        self._known[token] = principal
        return principal

    def forget(self, *, session_id: UUID) -> None:
        for token in [t for t, p in self._known.items() if p.session_id == session_id]:
            del self._known[token]

    async def _check(self, token: str, now: float) -> Principal:
        header = _header(token)
        if header.get("typ") == "service+jwt":
            return _service_principal(
                self._claims(token, self._secret, "HS256", now), self._service
            )
        if header.get("typ") != "at+jwt":
            raise Unauthenticated("This is not an access token.")
        keys = await self._keys_for(str(header.get("kid", "")), now)
        return _user_principal(self._claims(token, keys, "ES256", now))

    def _claims(self, token: str, key: Any, algorithm: str, now: float) -> dict[str, Any]:
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm]).claims
            until = float(claims.get("exp") or 0)
            since = float(claims.get("nbf") or claims.get("iat") or 0)
        except (JoseError, ValueError, TypeError) as error:
            raise Unauthenticated("The token is not valid.") from error
        if not until > now:  # so that NaN is no time either
            raise Unauthenticated("The token has expired; refresh it.", code="token_expired")
        if since > now + CLOCK_SKEW_SECONDS:
            raise Unauthenticated("The token is not valid yet.")
        return dict(claims)

    async def _keys_for(self, kid: str, now: float) -> KeySet:
        age = now - self._keys_at
        known = any(key.kid == kid for key in self._keys.keys)
        if (known and age < KEYS_FRESH_SECONDS) or (not known and age < UNKNOWN_KEY_PAUSE_SECONDS):
            return self._keys
        try:
            self._keys = KeySet.import_key_set(dict(await self._fetch_keys()))  # type: ignore[arg-type]
            self._keys_at = now
        except OSError as error:
            if not known:
                raise Unavailable("The sign-in keys cannot be fetched right now.") from error
        return self._keys


def _header(token: str) -> dict[str, Any]:
    try:
        header = orjson.loads(urlsafe_b64decode(token.partition(".")[0].encode()))
    except ValueError as error:
        raise Unauthenticated("The token is not valid.") from error
    if not isinstance(header, dict) or token.count(".") != 2:
        raise Unauthenticated("The token is not valid.")
    return header


def _user_principal(claims: Mapping[str, Any]) -> Principal:
    if claims.get("aud") != AUDIENCE:
        raise Unauthenticated("The token is meant for somebody else.")
    try:
        scopes = claims.get("scopes")
        return Principal(
            kind="user",
            name=str(claims.get("name", "")),
            organisation_id=UUID(claims["org"]),
            user_id=UUID(claims["sub"]),
            role=str(claims["role"]),
            permissions=frozenset(claims["permissions"]),
            visibility=dict(claims.get("visibility", {})),
            time_zone=str(claims.get("tz", "UTC")),
            session_id=UUID(claims["sid"]) if claims.get("sid") else None,
            directory_version=int(claims.get("dv", 0)),
            expires_at=float(claims["exp"]),
            scopes=frozenset(scopes) if scopes is not None else None,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise Unauthenticated("The token lacks a claim.") from error


def _service_principal(claims: Mapping[str, Any], service: str) -> Principal:
    if claims.get("aud") != service:
        raise Unauthenticated("The token is meant for another service.")
    organisation = claims.get("org")
    return Principal(
        kind="service",
        name=str(claims.get("iss", "")),
        organisation_id=UUID(organisation) if organisation else None,
        user_id=None,
        role="service",
        permissions=frozenset({"*:*"}),
        visibility={"*": "all"},
        time_zone="UTC",
        session_id=None,
        directory_version=0,
        expires_at=float(claims["exp"]),
    )


def sign_service_token(
    secret: str, *, issuer: str, audience: str, now: float, organisation_id: UUID | None = None
) -> str:
    """A 60-second token for one service call (HS256; see the module's first lines)."""
    claims: dict[str, Any] = {
        "iss": issuer, "aud": audience, "iat": int(now), "exp": int(now) + 60,
    }  # fmt: skip
    if organisation_id is not None:
        claims["org"] = str(organisation_id)
    header = {"alg": "HS256", "typ": "service+jwt"}
    return jwt.encode(header, claims, OctKey.import_key(secret), algorithms=["HS256"])


def bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send `Authorization: Bearer …`.")
    return token.strip()
