"""The authorisation endpoint: a person says yes, and the application gets a code."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.digests import secret_digest
from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.oauth.requests import KnownClient, known_client
from guanxi_gateway.identity.oauth_rules import (
    CODE_LIFE,
    OAuthCode,
    authorization_error,
    redirect_uri_allowed,
    requested_scopes,
    with_query,
)
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, House
from guanxi_shared.errors import Forbidden, Malformed
from guanxi_shared.identifiers import new_id

ADD = """
INSERT INTO oauth_codes (organisation_id, id, client_id, user_id, digest, redirect_uri, challenge,
  scopes, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """A checked authorisation request, or the error to send back to the application."""

    client: KnownClient
    redirect_uri: str
    state: str | None
    scopes: Sequence[str]
    challenge: str
    error: OAuthCode | None


async def check_wish(house: House, params: Mapping[str, str]) -> Wish:
    """Malformed while client or address are in doubt: then nobody may be redirected anywhere."""
    known = await known_client(house, params.get("client_id"))
    if known is None:
        raise Malformed("There is no application with this client_id.", code="invalid_client")
    client = known[0]
    given = params.get("redirect_uri") or _only(client.rule.redirect_uris)
    if given is None or not redirect_uri_allowed(given, client.rule.redirect_uris):
        raise Malformed("The redirect_uri is not registered.", code="invalid_redirect_uri")
    return Wish(
        client=client,
        redirect_uri=given,
        state=params.get("state"),
        scopes=requested_scopes(params.get("scope", ""), client.rule.scopes),
        challenge=params.get("code_challenge", ""),
        error=authorization_error(params, client.rule),
    )


def refusal(house: House, wish: Wish, error: OAuthCode) -> str:
    """Where to send the browser with an error."""
    answer = {"error": error.value, "state": wish.state, "iss": identity(house).issuer}
    return with_query(wish.redirect_uri, answer)


async def approve(house: House, wish: Wish, *, by: Principal, actor: Actor) -> str:
    """Where to send the browser with a code, good for a minute, once."""
    if by.organisation != wish.client.organisation_id or by.user_id is None:
        raise Forbidden("This application belongs to another organisation.")
    code, code_id = secrets.token_urlsafe(32), new_id()
    organisation_id, until = by.organisation, datetime.now(UTC) + CODE_LIFE
    async with house.db.transaction(organisation_id) as connection:
        await connection.execute(
            ADD, organisation_id, code_id, wish.client.id, by.user_id, secret_digest(code),
            wish.redirect_uri, wish.challenge, list(wish.scopes), until,
        )  # fmt: skip
        # Kept findable beyond its minute: a replay has to be noticed (RFC 6749 4.1.2).
        await lookups.add(
            connection,
            lookups.CODE,
            secret_digest(code),
            organisation_id=organisation_id,
            subject_id=code_id,
            expires_at=until + CODE_LIFE * 60,
        )
        await write_audit(
            connection,
            organisation_id,
            "oauth.approved",
            actor=actor,
            subject=f"oauth_client/{wish.client.id}",
            details={"scopes": list(wish.scopes)},
        )
    answer = {"code": code, "state": wish.state, "iss": identity(house).issuer}
    return with_query(wish.redirect_uri, answer)


def _only(uris: Sequence[str]) -> str | None:
    """RFC 6749 3.1.2.3: the address may be left out when only one is registered."""
    return uris[0] if len(uris) == 1 else None
