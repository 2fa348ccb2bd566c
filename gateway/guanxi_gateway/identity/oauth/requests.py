"""Reading OAuth's form posts: each parameter once, the client by header or by body."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

from starlette.requests import Request

from guanxi_gateway.identity.clients.service import find_client, proves_itself, rule_of
from guanxi_gateway.identity.oauth.errors import OAuthProblem, UnknownClient
from guanxi_gateway.identity.oauth_rules import ClientRule, OAuthCode
from guanxi_shared.calls import House, read_body

MOST_BYTES = 32_768


@dataclass(frozen=True, slots=True)
class KnownClient:
    organisation_id: UUID
    id: UUID
    user_id: UUID | None
    name: str
    rule: ClientRule


async def read_form(request: Request) -> dict[str, str]:
    """`application/x-www-form-urlencoded`; a repeated parameter is refused (RFC 6749 3.1)."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise OAuthProblem(OAuthCode.INVALID_REQUEST, "Send application/x-www-form-urlencoded.")
    raw = await read_body(request, MOST_BYTES)
    return parameters(raw)


def parameters(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=40)
    except ValueError as error:
        raise OAuthProblem(OAuthCode.INVALID_REQUEST) from error
    found = dict(pairs)
    if len(found) != len(pairs) or any("\x00" in value for value in found.values()):
        raise OAuthProblem(OAuthCode.INVALID_REQUEST)
    return {name: value for name, value in found.items() if value}


async def authenticated_client(
    house: House, request: Request, form: Mapping[str, str]
) -> KnownClient:
    """UnknownClient for one that is not there, and for one with a wrong secret, alike."""
    client_id, secret = _credentials(request, form)
    client = await known_client(house, client_id)
    if client is None or not proves_itself(client[1], secret):
        raise UnknownClient()
    return client[0]


async def known_client(
    house: House, client_id: str | None
) -> tuple[KnownClient, dict[str, Any]] | None:
    found = await find_client(house, client_id) if client_id else None
    if found is None:
        return None
    organisation_id, row = found
    return KnownClient(organisation_id, row["id"], row["user_id"], row["name"], rule_of(row)), row


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str | None, str | None]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id"), form.get("client_secret")
    try:
        client_id, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError) as error:
        raise UnknownClient() from error
    return unquote_plus(client_id), unquote_plus(secret)
