"""Signing in at an outside provider: the person proves themselves there, the account is ours.

Nothing is stored in between: nonce, verifier and time travel sealed in `state`. A person the
organisation does not know is not made a user; somebody has to invite them.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.actors import Device
from guanxi_gateway.identity.digests import email_digest
from guanxi_gateway.identity.errors import LinkExpired, SignInRefused
from guanxi_gateway.identity.identity import Identity, identity
from guanxi_gateway.identity.oidc.provider import Provider
from guanxi_gateway.identity.oidc.schemas import OidcComplete
from guanxi_gateway.identity.sealing import seal, unseal
from guanxi_gateway.identity.sessions.families import NewSession
from guanxi_gateway.identity.sessions.service import open_session
from guanxi_shared.calls import Actor, House
from guanxi_shared.errors import NotFound

LIFE = timedelta(minutes=10)
ACTIVE = """
SELECT id FROM users WHERE organisation_id = $1 AND id = $2 AND is_active AND deleted_at IS NULL
"""


async def start(house: House) -> dict[str, str]:
    here = identity(house)
    provider = _provider(here)
    nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    until = (datetime.now(UTC) + LIFE).timestamp()
    state = seal(orjson.dumps([nonce, verifier, until]), here.state_key)
    url = await provider.authorization_url(state=state, nonce=nonce, verifier=verifier)
    return {"authorization_url": url, "state": state}


async def complete(
    house: House, data: OidcComplete, device: Device, *, actor: Actor
) -> dict[str, Any]:
    """Tokens for the user with the address that the provider has verified."""
    here = identity(house)
    provider = _provider(here)
    nonce, verifier = _opened(here, data.state)
    known = await provider.redeem(data.code, nonce=nonce, verifier=verifier)
    digest = email_digest(known.email)
    places = await lookups.find(
        house.db, lookups.EMAIL, digest, organisation_id=data.organisation_id
    )
    for place in places:
        async with house.db.transaction(place.organisation_id) as connection:
            if await connection.fetchval(ACTIVE, place.organisation_id, place.subject_id):
                new = NewSession(
                    place.organisation_id,
                    place.subject_id,
                    "oidc",
                    user_agent=device.user_agent,
                    network_address=device.network_address,
                )
                return await open_session(connection, here, new, actor=actor)
    raise SignInRefused("Nobody here has this address; ask to be invited.")


def _provider(here: Identity) -> Provider:
    settings = here.settings
    if here.provider is None and settings.oidc_issuer and settings.oidc_client_id:
        here.provider = Provider(settings)
    if here.provider is None:
        raise NotFound("No outside identity provider is set up here.")
    return here.provider


def _opened(here: Identity, state: str) -> tuple[str, str]:
    try:
        nonce, verifier, until = orjson.loads(unseal(state, here.state_key))
    except ValueError as error:
        raise LinkExpired("This sign-in did not begin here; start again.") from error
    if datetime.now(UTC).timestamp() > until:
        raise LinkExpired("This sign-in took too long; start again.")
    return str(nonce), str(verifier)
