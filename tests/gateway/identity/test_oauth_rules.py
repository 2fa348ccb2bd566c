from datetime import UTC, datetime, timedelta

import pytest

from guanxi_gateway.identity.oauth_rules import (
    CODE_LIFE,
    ClientRule,
    CodeState,
    OAuthCode,
    Redemption,
    authorization_error,
    metadata,
    pkce_challenge,
    pkce_matches,
    redeem_code,
    redirect_uri_allowed,
    redirect_uri_problem,
    requested_scopes,
    with_query,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
# RFC 7636 appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CLIENT = ClientRule(
    client_id="c1",
    redirect_uris=("https://app.example/cb", "http://127.0.0.1/cb", "com.example.app:/cb"),
    grant_types=("authorization_code", "refresh_token"),
    scopes=("accounts:read", "contacts:read"),
    is_public=True,
)


def test_the_challenge_is_that_of_the_rfc() -> None:
    assert pkce_challenge(VERIFIER) == CHALLENGE
    assert pkce_matches(VERIFIER, CHALLENGE)


@pytest.mark.parametrize(
    "verifier", ["", "short", VERIFIER[:-1] + "K", VERIFIER + "é", CHALLENGE, "a" * 129]
)
def test_another_verifier_does_not_match(verifier: str) -> None:
    assert not pkce_matches(verifier, CHALLENGE)


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ("https://app.example/cb", True),
        ("https://app.example/cb/", False),
        ("https://app.example/cb?x=1", False),
        ("https://app.example:443/cb", False),
        ("https://APP.example/cb", False),
        ("https://app.example.evil.example/cb", False),
        ("https://app.example@evil.example/cb", False),
        ("http://127.0.0.1/cb", True),
        ("http://127.0.0.1:51004/cb", True),
        ("http://127.0.0.1:51004/other", False),
        ("http://[::1]:51004/cb", False),
        ("http://localhost:51004/cb", False),
        ("https://127.0.0.1:51004/cb", False),
        ("http://user@127.0.0.1:51004/cb", False),
        ("http://127.0.0.1:99999/cb", False),
        ("com.example.app:/cb", True),
        ("com.example.other:/cb", False),
        ("", False),
    ],
)
def test_redirects_are_compared_exactly_but_for_loopback_ports(given: str, allowed: bool) -> None:
    assert redirect_uri_allowed(given, CLIENT.redirect_uris) is allowed


@pytest.mark.parametrize(
    ("uri", "fine"),
    [
        ("https://app.example/cb", True),
        ("http://127.0.0.1/cb", True),
        ("http://[::1]:8080/cb", True),
        ("com.example.app:/cb", True),
        ("http://app.example/cb", False),
        ("http://localhost/cb", False),
        ("https://app.example/cb#x", False),
        ("https://*.example/cb", False),
        ("https://a:b@app.example/cb", False),
        ("https:///cb", False),
        ("myapp:/cb", False),
        ("javascript:alert(1)", False),
        ("/cb", False),
        ("https://[oops/cb", False),
    ],
)
def test_only_safe_redirects_can_be_registered(uri: str, fine: bool) -> None:
    assert (redirect_uri_problem(uri) is None) is fine


def params(**changes: str) -> dict[str, str]:
    good = {"response_type": "code", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return {name: value for name, value in (good | changes).items() if value}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, None),
        ({"scope": "accounts:read"}, None),
        ({"response_type": "token"}, OAuthCode.UNSUPPORTED_RESPONSE_TYPE),
        ({"code_challenge": ""}, OAuthCode.INVALID_REQUEST),
        ({"code_challenge": "short"}, OAuthCode.INVALID_REQUEST),
        ({"code_challenge_method": ""}, OAuthCode.INVALID_REQUEST),
        ({"code_challenge_method": "plain"}, OAuthCode.INVALID_REQUEST),
        ({"scope": "accounts:read audit:read"}, OAuthCode.INVALID_SCOPE),
    ],
)
def test_an_authorisation_request_needs_code_s256_and_known_scopes(
    changes: dict[str, str], error: OAuthCode | None
) -> None:
    assert authorization_error(params(**changes), CLIENT) == error


def test_a_client_without_that_grant_may_not_ask() -> None:
    machine = ClientRule("c2", (), ("client_credentials",), (), is_public=False)
    assert authorization_error(params(), machine) is OAuthCode.UNAUTHORIZED_CLIENT


def test_no_scope_means_all_registered_ones() -> None:
    assert requested_scopes("", CLIENT.scopes) == CLIENT.scopes
    assert requested_scopes("a b a", CLIENT.scopes) == ("a", "b")


def a_code(used_at: datetime | None = None) -> CodeState:
    return CodeState("c1", "https://app.example/cb", CHALLENGE, NOW + CODE_LIFE, used_at)


@pytest.mark.parametrize(
    ("state", "client", "uri", "verifier", "later", "expected"),
    [
        (a_code(), "c1", "https://app.example/cb", VERIFIER, 59, "ok"),
        (a_code(), "c1", "https://app.example/cb", VERIFIER, 60, "refused"),
        (a_code(), "c2", "https://app.example/cb", VERIFIER, 1, "refused"),
        (a_code(), "c1", "https://app.example/other", VERIFIER, 1, "refused"),
        (a_code(), "c1", None, VERIFIER, 1, "refused"),
        (a_code(), "c1", "https://app.example/cb", "x" * 43, 1, "refused"),
        (a_code(NOW), "c1", "https://app.example/cb", VERIFIER, 1, "replayed"),
        (a_code(NOW), "c2", "https://app.example/cb", VERIFIER, 1, "refused"),
        (None, "c1", "https://app.example/cb", VERIFIER, 1, "refused"),
    ],
)
def test_a_code_is_good_once_for_its_client_and_verifier_within_a_minute(
    state: CodeState | None, client: str, uri: str | None, verifier: str, later: int, expected: str
) -> None:
    now = NOW + timedelta(seconds=later)
    found = redeem_code(state, now, client_id=client, redirect_uri=uri, verifier=verifier)
    assert found == Redemption(expected)


def test_answers_keep_the_query_that_was_registered() -> None:
    uri = with_query("https://app.example/cb?tenant=1", {"code": "a b", "state": None, "iss": "i"})
    assert uri == "https://app.example/cb?tenant=1&code=a+b&iss=i"
    assert with_query("com.example.app:/cb", {"code": "x"}) == "com.example.app:/cb?code=x"


def test_the_metadata_offers_only_what_is_allowed() -> None:
    document = metadata("https://crm.example", ["b:read", "a:read"])
    assert document["issuer"] == "https://crm.example"
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code"]
    assert "password" not in document["grant_types_supported"]
    assert document["scopes_supported"] == ["a:read", "b:read"]
    assert all(
        value.startswith("https://crm.example/")
        for name, value in document.items()
        if name.endswith("_endpoint")
    )
