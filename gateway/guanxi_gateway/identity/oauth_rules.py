"""OAuth 2 for third parties: authorisation code with PKCE, client credentials, metadata.

RFC 6749 as tightened by RFC 9700: PKCE S256 always, redirect addresses compared exactly, no
implicit and no password grant. The device grant is in `device_rules`.
"""

import hashlib
import hmac
import ipaddress
import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

CODE_LIFE = timedelta(seconds=60)
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials", DEVICE_GRANT)
CLIENT_AUTHENTICATION = ("none", "client_secret_basic", "client_secret_post")
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}", re.ASCII)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class OAuthCode(StrEnum):
    """The `error` values of RFC 6749 4.1.2.1 and 5.2, RFC 8628 3.5."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    INVALID_SCOPE = "invalid_scope"
    ACCESS_DENIED = "access_denied"
    AUTHORIZATION_PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    EXPIRED_TOKEN = "expired_token"


class Redemption(StrEnum):
    """`REPLAYED` asks the caller to revoke what the code was changed for (RFC 6749 4.1.2)."""

    OK = "ok"
    REFUSED = "refused"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class ClientRule:
    """What was registered; a public client has no secret and proves itself by PKCE alone."""

    client_id: str
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    scopes: tuple[str, ...]
    is_public: bool


@dataclass(frozen=True, slots=True)
class CodeState:
    client_id: str
    redirect_uri: str
    challenge: str
    expires_at: datetime
    used_at: datetime | None


def pkce_challenge(verifier: str) -> str:
    """S256 of RFC 7636 4.2."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def pkce_matches(verifier: str, challenge: str) -> bool:
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    return hmac.compare_digest(pkce_challenge(verifier), challenge)


def redirect_uri_problem(uri: str) -> str | None:
    """Why an address cannot be registered, or None."""
    parts = _split(uri)
    if parts is None or not parts.scheme:
        return "It is not an absolute address."
    if parts.fragment or "#" in uri:
        return "It must not have a fragment."
    if parts.username or parts.password or "*" in uri:
        return "It must not contain credentials or wildcards."
    return _scheme_problem(parts)


def redirect_uri_allowed(given: str, registered: Collection[str]) -> bool:
    """Exact comparison; only the port of a loopback IP address may differ (RFC 8252 7.3), because
    a desktop app listens on whichever port is free."""
    if given in registered:
        return True
    wanted = _without_loopback_port(given)
    return wanted is not None and any(wanted == _without_loopback_port(uri) for uri in registered)


def authorization_error(params: Mapping[str, str], client: ClientRule) -> OAuthCode | None:
    """Checked after client and redirect address are known good: this one may be redirected."""
    if params.get("response_type") != "code":
        return OAuthCode.UNSUPPORTED_RESPONSE_TYPE
    if "authorization_code" not in client.grant_types:
        return OAuthCode.UNAUTHORIZED_CLIENT
    if params.get("code_challenge_method") != "S256":
        return OAuthCode.INVALID_REQUEST
    if _CHALLENGE.fullmatch(params.get("code_challenge", "")) is None:
        return OAuthCode.INVALID_REQUEST
    if scopes_beyond(params.get("scope", ""), client.scopes):
        return OAuthCode.INVALID_SCOPE
    return None


def requested_scopes(text: str, registered: Collection[str]) -> tuple[str, ...]:
    """The asked-for scopes, or all registered ones when none was named (RFC 6749 3.3)."""
    asked = tuple(dict.fromkeys(text.split()))
    return asked or tuple(registered)


def scopes_beyond(text: str, registered: Collection[str]) -> list[str]:
    return [scope for scope in text.split() if scope not in registered]


def redeem_code(
    state: CodeState | None,
    now: datetime,
    *,
    client_id: str,
    redirect_uri: str | None,
    verifier: str,
) -> Redemption:
    """Single use within `CODE_LIFE`, by the client it was made for, with the matching verifier."""
    if state is None or state.client_id != client_id:
        return Redemption.REFUSED
    if state.used_at is not None:
        return Redemption.REPLAYED
    fresh = now < state.expires_at
    same_place = redirect_uri == state.redirect_uri
    proven = pkce_matches(verifier, state.challenge)
    return Redemption.OK if fresh and same_place and proven else Redemption.REFUSED


def with_query(uri: str, params: Mapping[str, str | None]) -> str:
    """Adds to the query that a registered address may already have."""
    parts = urlsplit(uri)
    added = [(name, value) for name, value in params.items() if value is not None]
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *added])
    return urlunsplit(parts._replace(query=query))


def metadata(issuer: str, scopes: Collection[str]) -> dict[str, Any]:
    """RFC 8414, with `iss` in authorisation answers (RFC 9207)."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/v1/oauth/authorize",
        "token_endpoint": f"{issuer}/v1/oauth/token",
        "device_authorization_endpoint": f"{issuer}/v1/oauth/device",
        "revocation_endpoint": f"{issuer}/v1/oauth/revoke",
        "introspection_endpoint": f"{issuer}/v1/oauth/introspect",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "scopes_supported": sorted(scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "token_endpoint_auth_methods_supported": list(CLIENT_AUTHENTICATION),
        "revocation_endpoint_auth_methods_supported": list(CLIENT_AUTHENTICATION),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "service_documentation": f"{issuer}/docs",
    }


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _scheme_problem(parts: SplitResult) -> str | None:
    if parts.scheme == "https":
        return None if parts.hostname else "It has no host."
    if parts.scheme == "http":
        return None if _is_loopback(parts.hostname) else "Plain http is for loopback addresses."
    if "." in parts.scheme:
        return None
    return "An app's own scheme must be a reversed domain name (RFC 8252 7.1)."


def _is_loopback(host: str | None) -> bool:
    """IP literals only: what `localhost` resolves to is somebody else's decision (RFC 8252 8.3)."""
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _without_loopback_port(uri: str) -> str | None:
    parts = _split(uri)
    if parts is None or parts.scheme != "http" or not _is_loopback(parts.hostname):
        return None
    if parts.username is not None or parts.fragment:
        return None
    return urlunsplit(parts._replace(netloc=f"[{parts.hostname}]"))
