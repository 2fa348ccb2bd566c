"""Tokens: the real ones pass, whatever is forged, borrowed or stale is refused alike."""

import base64
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from guanxi_gateway.identity.tokens import Grant, jwks_document, new_signing_key
from guanxi_shared import auth
from guanxi_shared.auth import Verifier, sign_service_token
from guanxi_shared.errors import Forbidden, Unauthenticated, Unavailable
from tests.factories import Clients, Organisation
from tests.stand_in import SECRET, GatewayStandIn

Claims = dict[str, Any]
OTHERS = new_signing_key()


def _claims(grant: Grant) -> Claims:
    now = int(time.time())
    return {
        "iss": "http://gateway", "aud": "guanxi", "sub": str(grant.user_id),
        "org": str(grant.organisation_id), "sid": str(grant.session_id), "role": grant.role,
        "permissions": ["*:*"], "visibility": {"*": "all"}, "tz": "UTC", "iat": now, "exp": now + 900,
    }  # fmt: skip


def _signed(key: Any, claims: Claims, **header: Any) -> str:
    fields = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid} | header
    return jwt.encode(fields, claims, key, algorithms=[fields["alg"]])


def _part(value: Mapping[str, Any] | bytes) -> str:
    raw = value if isinstance(value, bytes) else orjson.dumps(value)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _hashed(header: Claims, claims: Claims, secret: bytes) -> str:
    text = f"{_part(header)}.{_part(claims)}"
    return f"{text}.{_part(hmac.digest(secret, text.encode(), 'sha256'))}"


def _signed_by_hand(header: Claims, claims: Claims, key: ECKey) -> str:
    """A valid signature under a header that no library would write."""
    text = f"{_part(header)}.{_part(claims)}"
    signature = key.private_key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    pair = utils.decode_dss_signature(signature)
    return f"{text}.{_part(b''.join(number.to_bytes(32) for number in pair))}"


Forge = Callable[[ECKey, Claims], str]
FORGED: dict[str, Forge] = {
    "signed by another key": lambda key, claims: _signed(OTHERS, claims, kid=key.kid),
    "signed by a key that nobody published": lambda key, claims: _signed(OTHERS, claims),
    "not signed at all": lambda key, claims: f"{_part({'alg': 'none', 'typ': 'at+jwt'})}.{_part(claims)}.",
    "none in capitals": lambda key, claims: f"{_part({'alg': 'NONE', 'typ': 'at+jwt', 'kid': key.kid})}.{_part(claims)}.",
    "signature cut off": lambda key, claims: _signed(key, claims).rpartition(".")[0] + ".",
    "signature of another token": lambda key, claims: ".".join(
        [*_signed(key, claims | {"role": "x"}).split(".")[:2], _signed(key, claims).split(".")[2]]
    ),
    "public key as a shared secret": lambda key, claims: _hashed(
        {"alg": "HS256", "typ": "at+jwt", "kid": key.kid}, claims, key.as_pem(private=False)
    ),
    "the services' secret for a person": lambda key, claims: jwt.encode(
        {"alg": "HS256", "typ": "at+jwt", "kid": key.kid}, claims,
        OctKey.import_key(SECRET), algorithms=["HS256"],
    ),
    "a person's signature for a service": lambda key, claims: _signed(
        key, claims | {"aud": "library"}, typ="service+jwt"
    ),
    "its own key in the header": lambda key, claims: _signed(
        OTHERS, claims, jwk=OTHERS.as_dict(private=False)
    ),
    "a key to be fetched elsewhere": lambda key, claims: _signed(
        OTHERS, claims, jku="http://127.0.0.1:1/keys", x5u="http://127.0.0.1:1/keys"
    ),
    "a path as key id": lambda key, claims: _signed(OTHERS, claims, kid="../../../../dev/null"),
    "a critical header that nobody knows": lambda key, claims: _signed_by_hand(
        {"alg": "ES256", "typ": "at+jwt", "kid": key.kid, "crit": ["mood"], "mood": "good"}, claims, key
    ),
    "ends at no number": lambda key, claims: _signed_text(
        key, orjson.dumps(claims | {"exp": 0}).replace(b'"exp":0', b'"exp":NaN')
    ),
    "another type": lambda key, claims: _signed(key, claims, typ="JWT"),
    "another audience": lambda key, claims: _signed(key, claims | {"aud": "elsewhere"}),
    "an audience among others": lambda key, claims: _signed(key, claims | {"aud": ["guanxi", "x"]}),
    "expired": lambda key, claims: _signed(key, claims | {"exp": int(time.time()) - 1}),
    "without an end": lambda key, claims: _signed(key, _without(claims, "exp")),
    "ends in words": lambda key, claims: _signed(key, claims | {"exp": "tomorrow"}),
    "ends never": lambda key, claims: _signed(key, claims | {"exp": None}),
    "ends in a list": lambda key, claims: _signed(key, claims | {"exp": [9e9]}),
    "not valid yet": lambda key, claims: _signed(key, claims | {"nbf": int(time.time()) + 300}),
    "from the future": lambda key, claims: _signed(key, claims | {"iat": int(time.time()) + 300}),
    "of nobody": lambda key, claims: _signed(key, _without(claims, "sub")),
    "of no organisation": lambda key, claims: _signed(key, _without(claims, "org")),
    "of an organisation that is no id": lambda key, claims: _signed(key, claims | {"org": "x' OR true --"}),
    "without permissions": lambda key, claims: _signed(key, _without(claims, "permissions")),
    "with permissions of another kind": lambda key, claims: _signed(key, claims | {"permissions": 7}),
    "with a visibility of another kind": lambda key, claims: _signed(key, claims | {"visibility": "all"}),
    "claims that are a list": lambda key, claims: _signed_text(key, b"[]"),
    "claims that are no JSON": lambda key, claims: _signed_text(key, b"\xff"),
    "one dot too few": lambda key, claims: _signed(key, claims).replace(".", "", 1),
    "one dot too many": lambda key, claims: _signed(key, claims) + ".x",
    "five parts": lambda key, claims: f"{_part({'alg': 'dir', 'enc': 'A128GCM'})}....",
    "a header that is a list": lambda key, claims: f"{_part(b'[1]')}.{_part(claims)}.x",
    "no base64": lambda key, claims: "ä.ö.ü",
    "nothing but dots": lambda key, claims: "..",
    "empty": lambda key, claims: "x",
    "an API key": lambda key, claims: "gx_live_0000000000000000000000000000",
}  # fmt: skip


def _without(claims: Claims, name: str) -> Claims:
    return {key: value for key, value in claims.items() if key != name}


def _signed_text(key: ECKey, payload: bytes) -> str:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    return jws.serialize_compact(header, payload, key, algorithms=["ES256"])


@pytest.mark.parametrize("forge", FORGED.values(), ids=list(FORGED))
async def test_a_forged_token_is_refused(
    client: Clients, organisation: Organisation, gateway_stand_in: GatewayStandIn, forge: Forge
) -> None:
    token = forge(gateway_stand_in.keys[0], _claims(organisation.admin.grant))
    header = f"Bearer {token}".encode()
    answer = await client().get("/v1/books", headers=[(b"authorization", header)])
    assert answer.status_code == 401, answer.text
    assert answer.json()["code"] in ("unauthenticated", "token_expired")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_the_same_claims_properly_signed_are_accepted(
    client: Clients, organisation: Organisation, gateway_stand_in: GatewayStandIn
) -> None:
    token = _signed(gateway_stand_in.keys[0], _claims(organisation.admin.grant))
    answer = await client(authorization=f"bearer {token}").get("/v1/books")
    assert answer.status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "x"])
async def test_without_a_bearer_token_nothing_is_told(client: Clients, header: str) -> None:
    answer = await client(authorization=header).get("/v1/books")
    assert answer.status_code == 401


async def test_a_token_in_the_url_or_a_cookie_counts_for_nothing(
    client: Clients, organisation: Organisation, gateway_stand_in: GatewayStandIn
) -> None:
    token = gateway_stand_in.sign(organisation.admin.grant)
    nobody = client()
    assert (await nobody.get("/v1/books", params={"access_token": token})).status_code == 401
    assert (await nobody.get("/v1/books", headers={"cookie": f"token={token}"})).status_code == 401


async def test_a_service_token_reaches_internal_routes_and_a_persons_does_not(
    client: Clients, organisation: Organisation
) -> None:
    token = sign_service_token(SECRET, issuer="gateway", audience="library", now=time.time())
    service = client(authorization=f"Bearer {token}")
    assert (await service.get("/internal/events")).status_code == 200
    assert (await client(organisation.admin).get("/internal/events")).status_code == 401
    assert (await service.get("/v1/books")).status_code == 403  # it names no organisation


@pytest.mark.parametrize(
    ("secret", "audience", "age"),
    [(SECRET, "contacts", 0), (SECRET[::-1], "library", 0), (SECRET, "library", 61)],
)
async def test_a_service_token_for_another_or_of_yesterday_is_refused(
    client: Clients, secret: str, audience: str, age: int
) -> None:
    token = sign_service_token(secret, issuer="x", audience=audience, now=time.time() - age)
    answer = await client(authorization=f"Bearer {token}").get("/internal/events")
    assert answer.status_code == 401


PERMISSIONS: list[tuple[tuple[str, ...], tuple[str, ...] | None, bool]] = [
    (("books:read",), None, True),
    (("books:*",), None, True),
    (("*:read",), None, True),
    (("*:*",), None, True),
    ((), None, False),
    (("books:create", "book:read", "books", "books:read:x", "*"), None, False),
    (("*:*",), ("books:read",), True),
    (("*:*",), ("books:*",), True),
    (("*:*",), ("books:create",), False),
    (("*:*",), (), False),
    (("books:create",), ("*:*",), False),
]


@pytest.mark.parametrize(("permissions", "scopes", "may"), PERMISSIONS)
async def test_both_role_and_key_must_permit(
    client: Clients, organisation: Organisation, permissions: tuple[str, ...],
    scopes: tuple[str, ...] | None, may: bool,
) -> None:  # fmt: skip
    user = organisation.admin.but(permissions=permissions, scopes=scopes)
    answer = await client(user).get("/v1/books")
    assert answer.status_code == (200 if may else 403)
    if not may:
        assert answer.json()["code"] == "permission_missing"


class _Keys:
    """Published keys, how often they were asked for, and whether they can be reached."""

    def __init__(self, *keys: ECKey) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.is_away = False

    async def __call__(self) -> Mapping[str, Any]:
        self.asked += 1
        if self.is_away:
            raise ConnectionError("away")
        return jwks_document(self.keys)


@pytest.fixture
def grant(organisation: Organisation) -> Grant:
    return organisation.admin.grant


def _verifier(keys: _Keys) -> Verifier:
    return Verifier(service="library", fetch_keys=keys, service_secret=SECRET)


async def test_a_new_key_is_fetched_when_it_is_first_met(
    grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "UNKNOWN_KEY_PAUSE_SECONDS", 0)
    old, new = new_signing_key(), new_signing_key()
    keys = _Keys(old)
    verifier = _verifier(keys)
    await verifier.verify(_signed(old, _claims(grant)))
    keys.keys.append(new)
    assert (await verifier.verify(_signed(new, _claims(grant)))).user_id == grant.user_id
    assert keys.asked == 2


async def test_unknown_key_ids_do_not_make_us_ask_again_and_again(grant: Grant) -> None:
    key = new_signing_key()
    keys = _Keys(key)
    verifier = _verifier(keys)
    await verifier.verify(_signed(key, _claims(grant)))
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await verifier.verify(_signed(new_signing_key(), _claims(grant)))
    assert keys.asked == 1


async def test_known_keys_go_on_while_the_gateway_is_away(
    grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_signing_key()
    keys = _Keys(key)
    verifier = _verifier(keys)
    keys.is_away = True
    with pytest.raises(Unavailable):
        await verifier.verify(_signed(key, _claims(grant)))
    keys.is_away = False
    await verifier.verify(_signed(key, _claims(grant)))
    keys.is_away = True
    monkeypatch.setattr(auth, "KEYS_FRESH_SECONDS", 0)
    assert await verifier.verify(_signed(key, _claims(grant) | {"name": "again"}))


async def test_a_key_that_is_withdrawn_signs_nothing_new(
    grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = new_signing_key(), new_signing_key()
    keys = _Keys(old, new)
    verifier = _verifier(keys)
    await verifier.verify(_signed(old, _claims(grant)))
    keys.keys.remove(old)
    monkeypatch.setattr(auth, "KEYS_FRESH_SECONDS", 0)
    monkeypatch.setattr(auth, "UNKNOWN_KEY_PAUSE_SECONDS", 0)
    with pytest.raises(Unauthenticated):
        await verifier.verify(_signed(old, _claims(grant) | {"name": "again"}))


async def test_a_verified_token_is_forgotten_when_it_ends_or_its_session_does(
    grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_signing_key()
    verifier = _verifier(_Keys(key))
    token = _signed(key, _claims(grant))
    first = await verifier.verify(token)
    assert await verifier.verify(token) is first
    verifier.forget(session_id=grant.session_id)
    assert await verifier.verify(token) is not first
    later = time.time() + 901
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


async def test_an_rsa_key_among_the_published_ones_verifies_nothing(grant: Grant) -> None:
    rsa = RSAKey.generate_key(2048, {"kid": str(uuid4()), "use": "sig"})
    keys = _Keys(new_signing_key())
    verifier = Verifier(service="library", fetch_keys=_with(keys, rsa), service_secret=SECRET)
    for algorithm in ("RS256", "PS256"):
        with pytest.raises(Unauthenticated):
            await verifier.verify(_signed(rsa, _claims(grant), alg=algorithm))


def _with(keys: _Keys, rsa: RSAKey) -> Any:
    async def fetch() -> Mapping[str, Any]:
        document = dict(await keys())
        document["keys"] = [*document["keys"], rsa.as_dict(private=False)]
        return document

    return fetch


async def test_a_token_without_an_organisation_binds_none() -> None:
    token = sign_service_token(SECRET, issuer="x", audience="library", now=time.time())
    principal = await _verifier(_Keys()).verify(token)
    with pytest.raises(Forbidden):
        _ = principal.organisation
