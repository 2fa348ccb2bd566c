from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from guanxi_gateway.identity import tokens
from guanxi_gateway.identity.permission_rules import BUILT_IN
from guanxi_gateway.identity.sealing import (
    SealedOtherwise,
    purpose_bytes,
    purpose_key,
    seal,
    unseal,
)
from guanxi_gateway.identity.tokens import (
    Grant,
    issue_access_token,
    jwks_document,
    key_id,
    key_set,
    new_signing_key,
    seal_key,
    unseal_key,
)

NOW = datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)
KEY = new_signing_key()


def a_grant(**changes: Any) -> Grant:
    values: dict[str, Any] = {
        "user_id": UUID(int=1),
        "organisation_id": UUID(int=2),
        "session_id": UUID(int=3),
        "role": "sales",
        "permissions": ("leads:read", "accounts:*"),
        "visibility": {"*": "own"},
        "name": "王芳",
        "time_zone": "Asia/Shanghai",
        "directory_version": 7,
    }
    return Grant(**(values | changes))


def a_token(key: ECKey = KEY, **changes: Any) -> str:
    return issue_access_token(
        a_grant(**changes), key, issuer="https://crm.example", now=NOW, token_id=UUID(int=4)
    )


def test_a_token_says_who_what_where_and_until_when() -> None:
    token = jwt.decode(a_token(), KEY, algorithms=["ES256"])
    assert token.header == {"alg": "ES256", "typ": "at+jwt", "kid": key_id(KEY)}
    assert token.claims == {
        "iss": "https://crm.example",
        "aud": "guanxi",
        "sub": str(UUID(int=1)),
        "org": str(UUID(int=2)),
        "sid": str(UUID(int=3)),
        "name": "王芳",
        "tz": "Asia/Shanghai",
        "role": "sales",
        "permissions": ["accounts:*", "leads:read"],
        "visibility": {"*": "own"},
        "dv": 7,
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 900,
        "jti": str(UUID(int=4)),
    }


def test_scopes_and_client_travel_only_when_they_limit_something() -> None:
    claims = jwt.decode(a_token(scopes=("leads:read",), client_id="c1"), KEY, ["ES256"]).claims
    assert (claims["scopes"], claims["client_id"]) == (["leads:read"], "c1")
    assert jwt.decode(a_token(scopes=()), KEY, ["ES256"]).claims["scopes"] == []


def test_the_key_id_is_the_thumbprint_of_the_public_key() -> None:
    assert KEY.kid == KEY.thumbprint() == key_id(KEY)


def test_the_key_document_holds_public_halves_only() -> None:
    document = jwks_document([KEY, new_signing_key()])
    assert [set(key) for key in document["keys"]] == [
        {"kty", "crv", "x", "y", "kid", "use", "alg"}
    ] * 2


def test_a_verifier_picks_the_key_by_its_id() -> None:
    other = new_signing_key()
    keys = key_set([other, KEY])
    assert jwt.decode(a_token(), keys, ["ES256"]).claims["dv"] == 7
    with pytest.raises((JoseError, ValueError)):
        jwt.decode(a_token(), key_set([other]), ["ES256"])


def test_a_private_key_survives_sealing_and_a_wrong_secret_opens_nothing() -> None:
    wrapping = purpose_key("s" * 40, "signing-keys")
    sealed = seal_key(KEY, wrapping)
    again = unseal_key(sealed, wrapping)
    assert key_id(again) == key_id(KEY)
    assert jwt.decode(a_token(again), KEY, ["ES256"]).claims["role"] == "sales"
    for other in (purpose_key("t" * 40, "signing-keys"), purpose_key("s" * 40, "totp")):
        with pytest.raises(SealedOtherwise):
            unseal_key(sealed, other)
    assert key_id(unseal_key(sealed, other, wrapping)) == key_id(KEY)


def test_sealing_hides_the_value_and_never_twice_in_the_same_way() -> None:
    key = purpose_key("s" * 40, "totp")
    one, two = seal(b"JBSWY3DP", key), seal(b"JBSWY3DP", key)
    assert one != two
    assert "JBSWY3DP" not in one
    assert unseal(one, key) == unseal(two, key) == b"JBSWY3DP"
    assert len(purpose_bytes("s" * 40, "x")) == 32


def test_a_token_stays_below_four_kilobytes_for_the_richest_role() -> None:
    sizes = {
        name: len(a_token(permissions=rule.permissions, visibility=rule.visibility))
        for name, rule in BUILT_IN.items()
    }
    assert max(sizes.values()) < 4096, sizes


def test_a_life_of_fifteen_minutes_is_the_default() -> None:
    assert timedelta(minutes=15) == tokens.LIFE
