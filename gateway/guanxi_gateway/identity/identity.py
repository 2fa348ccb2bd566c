"""What identity holds for the life of the process, made once in the composition root."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from joserfc.jwk import OctKey
from starlette.requests import Request

from guanxi_gateway.identity.keyring import Keyring
from guanxi_gateway.identity.sealing import purpose_bytes, purpose_key
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_shared.calls import House
from guanxi_shared.mail import Mail

if TYPE_CHECKING:
    from guanxi_gateway.identity.oidc.provider import Provider


@dataclass(slots=True)
class Identity:
    """`issuer` is the public address of the suite, without a slash at its end. The first of the
    `totp_keys` seals, each of them opens."""

    settings: IdentitySettings
    issuer: str
    keyring: Keyring
    mail: Mail
    refresh_key: bytes
    totp_keys: tuple[OctKey, ...]
    state_key: OctKey
    provider: "Provider | None" = None
    addresses: WeakValueDictionary[bytes, asyncio.Lock] = field(default_factory=WeakValueDictionary)


def identity(house: House) -> Identity:
    found: Identity = house.more["identity"]
    return found


def of_request(request: Request) -> Identity:
    house: House = request.app.state.house
    return identity(house)


def make_identity(house: House, settings: IdentitySettings, mail: Mail) -> Identity:
    # What was sealed before there was a secret of our own opens with the services' one.
    secrets = [settings.secret or house.common.service_secret, house.common.service_secret]
    secret = secrets[0]
    return Identity(
        settings=settings,
        issuer=(settings.public_url or house.common.gateway_url).rstrip("/"),
        keyring=Keyring(house.db, *(purpose_key(each, "signing-keys") for each in secrets)),
        mail=mail,
        refresh_key=purpose_bytes(secret, "refresh-tokens"),
        totp_keys=tuple(purpose_key(each, "totp") for each in secrets),
        state_key=purpose_key(secret, "oidc-state"),
    )
