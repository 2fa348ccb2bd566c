"""Sign-in at an outside provider, with a small provider in the same process."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.oauth_rules import pkce_challenge
from guanxi_gateway.identity.oidc.provider import Provider
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_shared.calls import House
from tests.gateway.identity.people import PASSWORD, Company, Person, unique

Found = Callable[[], Awaitable[Company]]
OUTSIDE = "https://id.outside.example"


class Outside:
    """A provider that says what the test wants it to say."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", parameters={"alg": "ES256"}, auto_kid=True)
        self.signs_with = self.key
        self.claims: dict[str, Any] = {}
        self.challenge = self.nonce = ""
        self.odd_answer: Response | None = None
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.metadata),
                Route("/keys", self.keys),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    def visited(self, url: str) -> None:
        """The browser arrives with an authorisation request."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.challenge, self.nonce = query["code_challenge"], query["nonce"]

    async def metadata(self, _: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": OUTSIDE,
                "authorization_endpoint": f"{OUTSIDE}/authorize",
                "token_endpoint": f"{OUTSIDE}/token",
                "jwks_uri": f"{OUTSIDE}/keys",
            }
        )

    async def keys(self, _: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def token(self, request: Request) -> Response:
        if self.odd_answer is not None:
            return self.odd_answer
        form = {n: v[0] for n, v in parse_qs((await request.body()).decode()).items()}
        if form["code"] != "good" or pkce_challenge(form["code_verifier"]) != self.challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = {
            "iss": OUTSIDE,
            "sub": "42",
            "aud": "guanxi-client",
            "nonce": self.nonce,
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            **self.claims,
        }
        header = {"alg": "ES256", "kid": self.key.kid}
        signed = jwt.encode(header, claims, self.signs_with, algorithms=["ES256"])
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": signed})


@pytest.fixture
async def outside(house: House) -> AsyncIterator[Outside]:
    made = Outside()
    settings = IdentitySettings(
        oidc_issuer=OUTSIDE,
        oidc_client_id="guanxi-client",
        oidc_client_secret="s",
        oidc_redirect_uri="https://app.example/back",
    )
    here = identity(house)
    here.provider = Provider(settings, transport=httpx.ASGITransport(app=made.app))
    yield made
    here.provider = None


async def come_back(
    client: httpx.AsyncClient, outside: Outside, *, code: str = "good", **more: str
) -> httpx.Response:
    begun = await client.post("/v1/auth/oidc/start")
    assert begun.status_code == 200, begun.text
    url = begun.json()["authorization_url"]
    assert url.startswith(f"{OUTSIDE}/authorize?response_type=code&client_id=guanxi-client")
    outside.visited(url)
    body = {"code": code, "state": begun.json()["state"], **more}
    return await client.post("/v1/auth/oidc/complete", json=body)


async def test_a_known_person_signs_in_at_the_provider(
    company: Company, outside: Outside, anybody: httpx.AsyncClient
) -> None:
    outside.claims = {"email": company.admin.email.upper(), "email_verified": True}
    answer = await come_back(anybody, outside)
    assert answer.status_code == 200, answer.text
    person = Person(anybody, "", "", answer.json())
    assert (await person.get("/v1/me")).json()["id"] == company.admin.id
    sessions = (await person.get("/v1/sessions")).json()["data"]
    assert {session["method"] for session in sessions} == {"password", "oidc"}


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email": f"{unique()}@nowhere.example"},
        {"aud": "somebody-else"},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"exp": 1},
        {"sub": None},
    ],
)
async def test_what_the_provider_does_not_prove_signs_nobody_in(
    company: Company, outside: Outside, anybody: httpx.AsyncClient, claims: dict[str, Any]
) -> None:
    outside.claims = {"email": company.admin.email, "email_verified": True, **claims}
    answer = await come_back(anybody, outside)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused"), answer.text


async def test_a_token_signed_by_somebody_else_is_refused(
    company: Company, outside: Outside, anybody: httpx.AsyncClient
) -> None:
    outside.claims = {"email": company.admin.email, "email_verified": True}
    outside.signs_with = ECKey.generate_key("P-256")
    assert (await come_back(anybody, outside)).status_code == 401


async def test_a_code_the_provider_refuses_and_a_state_not_ours_are_refused(
    outside: Outside, anybody: httpx.AsyncClient
) -> None:
    assert (await come_back(anybody, outside, code="bad")).status_code == 401
    answer = await anybody.post("/v1/auth/oidc/complete", json={"code": "good", "state": "made up"})
    assert answer.json()["code"] == "link_expired"


async def test_without_a_provider_there_is_no_such_sign_in(anybody: httpx.AsyncClient) -> None:
    assert (await anybody.post("/v1/auth/oidc/start")).status_code == 404


@pytest.mark.parametrize(
    "odd", [Response("<html>"), JSONResponse(["a"]), JSONResponse({"id_token": 7}), Response(b"")]
)
async def test_a_provider_that_answers_nonsense_is_not_our_error(
    company: Company, outside: Outside, anybody: httpx.AsyncClient, odd: Response
) -> None:
    outside.odd_answer = odd
    assert (await come_back(anybody, outside)).status_code in (401, 502, 503)


async def test_a_key_that_the_provider_made_since_is_fetched(
    company: Company, outside: Outside, anybody: httpx.AsyncClient
) -> None:
    outside.claims = {"email": company.admin.email, "email_verified": True}
    assert (await come_back(anybody, outside)).status_code == 200
    outside.key = ECKey.generate_key("P-256", parameters={"alg": "ES256"}, auto_kid=True)
    outside.signs_with = outside.key
    assert (await come_back(anybody, outside)).status_code == 200


async def test_who_works_for_two_organisations_chooses_one(
    company: Company, found_company: Found, outside: Outside, anybody: httpx.AsyncClient
) -> None:
    other = await found_company()
    body = {"email": company.admin.email, "name": "王芳", "role": "sales", "password": PASSWORD}
    twin = (await other.admin.post("/v1/users", body)).json()
    outside.claims = {"email": company.admin.email, "email_verified": True}
    for organisation, user_id in ((company.id, company.admin.id), (other.id, twin["id"])):
        answer = await come_back(anybody, outside, organisation_id=organisation)
        person = Person(anybody, "", "", answer.json())
        assert (await person.get("/v1/me")).json()["id"] == user_id
