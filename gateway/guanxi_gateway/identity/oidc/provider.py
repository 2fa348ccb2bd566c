"""An outside identity provider (OpenID Connect Core 1.0), by code and PKCE."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.util import urlsafe_b64decode

from guanxi_gateway.identity.errors import SignInRefused
from guanxi_gateway.identity.oauth_rules import pkce_challenge
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_shared import logs
from guanxi_shared.errors import Unavailable

SECONDS = 10.0
FRESH_SECONDS = 3600.0
PAUSE_SECONDS = 5.0  # between two looks for a key that is not known
# What providers sign with; never `none`, never a shared secret.
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "RS384", "RS512")
SKEW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Known:
    """Who the provider says it is; `email` only when the provider has verified it."""

    subject: str
    email: str


class Provider:
    """`transport` is given by tests that run a provider in the same process."""

    def __init__(
        self, settings: IdentitySettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.issuer = (settings.oidc_issuer or "").rstrip("/")
        self._client_id = settings.oidc_client_id or ""
        self._client_secret = settings.oidc_client_secret
        self._redirect_uri = settings.oidc_redirect_uri or ""
        self._scope = settings.oidc_scope
        self._transport = transport
        self._document: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = self._looked_at = float("-inf")

    async def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        document = await self._metadata()
        return str(
            prepare_grant_uri(
                document["authorization_endpoint"],
                client_id=self._client_id,
                response_type="code",
                redirect_uri=self._redirect_uri,
                scope=self._scope,
                state=state,
                nonce=nonce,
                code_challenge=pkce_challenge(verifier),
                code_challenge_method="S256",
            )
        )

    async def redeem(self, code: str, *, nonce: str, verifier: str) -> Known:
        """SignInRefused for whatever the provider or its answer does not prove."""
        document = await self._metadata()
        answer = await self._ask_for_token(document["token_endpoint"], code, verifier)
        id_token = str(answer.get("id_token", ""))
        await self._learn_key(id_token)
        token = self._claims(id_token, nonce, answer)
        if not token.get("email") or token.get("email_verified") not in (True, "true"):
            raise SignInRefused("The identity provider has not verified an e-mail address.")
        return Known(str(token["sub"]), str(token["email"]))

    async def _ask_for_token(self, endpoint: str, code: str, verifier: str) -> Mapping[str, Any]:
        body = prepare_token_request(
            "authorization_code",
            redirect_uri=self._redirect_uri,
            code=code,
            code_verifier=verifier,
            client_id=self._client_id,
            client_secret=self._client_secret,
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        try:
            async with self._client() as client:
                answer = await client.post(endpoint, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable("The identity provider does not answer.") from error
        if answer.status_code >= 500:
            raise Unavailable("The identity provider does not answer.")
        if not answer.is_success:
            _log.warning("provider refused a code", status=answer.status_code)
            raise SignInRefused("The identity provider did not accept this sign-in.")
        return _object(answer)

    async def _learn_key(self, id_token: str) -> None:
        """Read the provider's keys again for one that it has made since, but not at each token."""
        known = {None, *(key.kid for key in (self._keys or KeySet([])).keys)}
        if _kid(id_token) in known or time.monotonic() - self._looked_at < PAUSE_SECONDS:
            return
        self._looked_at = time.monotonic()
        self._read_at = float("-inf")
        await self._metadata()

    def _claims(self, id_token: str, nonce: str, answer: Mapping[str, Any]) -> CodeIDToken:
        """Signature by the provider's keys, claims by OpenID Connect Core 3.1.3.7."""
        try:
            token = jwt.decode(id_token, self._keys or KeySet([]), list(ALGORITHMS))
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "values": self._issuers},
                    "aud": {"essential": True, "value": self._client_id},
                },
                params={
                    "nonce": nonce,
                    "client_id": self._client_id,
                    "access_token": answer.get("access_token"),
                },
            )
            claims.validate(now=int(time.time()), leeway=SKEW_SECONDS)
        except (JoseError, ValueError) as error:
            raise SignInRefused("The identity provider's token is not valid.") from error
        return claims

    async def _metadata(self) -> Mapping[str, Any]:
        if time.monotonic() - self._read_at < FRESH_SECONDS:
            return self._document
        try:
            async with self._client() as client:
                answer = await client.get(f"{self.issuer}/.well-known/openid-configuration")
                document = answer.raise_for_status().json()
                keys = (await client.get(document["jwks_uri"])).raise_for_status().json()
            found = KeySet.import_key_set(keys)
            endpoints = document["authorization_endpoint"], document["token_endpoint"]
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            raise Unavailable("The identity provider cannot be reached.") from error
        if str(document.get("issuer", "")).rstrip("/") != self.issuer or not all(endpoints):
            raise Unavailable("The identity provider names another issuer than the settings.")
        self._document, self._keys = document, found
        self._read_at = time.monotonic()
        return self._document

    @property
    def _issuers(self) -> list[str]:
        """Some providers name themselves with a slash at the end, and are set up without it."""
        return [self.issuer, f"{self.issuer}/"]

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self._transport, timeout=SECONDS, follow_redirects=False, trust_env=False
        )


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError as error:
        raise Unavailable("The identity provider answers something that is not JSON.") from error
    if not isinstance(found, dict):
        raise Unavailable("The identity provider answers something else than tokens.")
    return found


def _kid(id_token: str) -> str | None:
    """Which key a token says it is signed with; nothing is believed yet."""
    try:
        header = orjson.loads(urlsafe_b64decode(id_token.partition(".")[0].encode()))
    except ValueError:
        return None
    return header.get("kid") if isinstance(header, dict) else None


_log = logs.logger("oidc")
