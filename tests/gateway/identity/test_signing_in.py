import asyncio
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import httpx
import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.gateway.identity.people import PASSWORD, Company, Person, unique


async def test_an_admin_signs_in_and_sees_who_they_are(company: Company) -> None:
    me = (await company.admin.get("/v1/me")).json()
    assert (me["email"], me["role"], me["name"]) == (company.admin.email, "admin", "王芳")
    assert me["organisation"]["id"] == company.id
    assert me["organisation"]["time_zone"] == "Asia/Shanghai"
    assert me["permissions"] == ["*:*"]
    assert me["scopes"] is None


async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    company: Company, anybody: httpx.AsyncClient
) -> None:
    wrong = await company.admin.sign_in("not the password")
    nobody = await Person(anybody, id="", email=f"{unique()}@nowhere.example").sign_in()
    assert wrong.status_code == nobody.status_code == 401
    first, second = wrong.json(), nobody.json()
    assert {**first, "request_id": ""} == {**second, "request_id": ""}
    assert first["code"] == "sign_in_refused"


@pytest.mark.parametrize("known", [True, False])
async def test_the_sixth_failure_in_a_row_is_locked_out_known_or_not(
    company: Company, anybody: httpx.AsyncClient, known: bool
) -> None:
    email = company.admin.email if known else f"{unique()}@nowhere.example"
    person = Person(anybody, id="", email=email)
    statuses = [(await person.sign_in("wrong password")).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    locked = await person.sign_in(PASSWORD)
    assert locked.status_code == 429
    assert locked.json()["code"] == "sign_in_locked"
    assert 1 <= int(locked.headers["retry-after"]) <= 30


async def test_guessing_in_parallel_is_not_faster_than_the_lock(
    company: Company, anybody: httpx.AsyncClient
) -> None:
    guesses = [
        Person(anybody, id="", email=company.admin.email).sign_in(f"wrong password {n}")
        for n in range(12)
    ]
    statuses = [answer.status_code for answer in await asyncio.gather(*guesses)]
    assert sorted(statuses) == [401] * 5 + [429] * 7


async def test_success_forgets_the_failures_before_it(company: Company) -> None:
    for _ in range(4):
        assert (await company.admin.sign_in("wrong password")).status_code == 401
    assert (await company.admin.sign_in()).status_code == 200
    for _ in range(4):
        assert (await company.admin.sign_in("wrong password")).status_code == 401
    assert (await company.admin.sign_in()).status_code == 200


async def test_many_may_sign_in_with_one_account_at_once(company: Company) -> None:
    answers = await asyncio.gather(*(company.admin.sign_in() for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}


async def test_without_a_token_there_is_nothing_to_see(anybody: httpx.AsyncClient) -> None:
    for path in ("/v1/me", "/v1/users", "/v1/teams", "/v1/audit", "/v1/sessions", "/v1/roles"):
        answer = await anybody.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_refresh_token_gives_new_tokens_and_is_spent(company: Company) -> None:
    person, client = company.admin, company.client
    old = person.tokens["refresh_token"]
    first = await client.post("/v1/auth/refresh", json={"refresh_token": old})
    assert first.status_code == 200
    person.tokens = first.json()
    assert person.tokens["refresh_token"] != old
    assert (await person.get("/v1/me")).status_code == 200


async def test_a_lost_answer_is_given_again(company: Company) -> None:
    body = {"refresh_token": company.admin.tokens["refresh_token"]}
    first = await company.client.post("/v1/auth/refresh", json=body)
    again = await company.client.post("/v1/auth/refresh", json=body)
    assert first.status_code == again.status_code == 200
    assert first.json()["refresh_token"] == again.json()["refresh_token"]


async def test_ten_refreshes_at_once_agree_on_one_successor(company: Company) -> None:
    body = {"refresh_token": company.admin.tokens["refresh_token"]}
    answers = await asyncio.gather(
        *(company.client.post("/v1/auth/refresh", json=body) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


async def test_a_stolen_token_ends_the_family_for_both(company: Company) -> None:
    client = company.client
    stolen = company.admin.tokens["refresh_token"]
    second = (await client.post("/v1/auth/refresh", json={"refresh_token": stolen})).json()
    third = await client.post("/v1/auth/refresh", json={"refresh_token": second["refresh_token"]})
    assert third.status_code == 200
    replay = await client.post("/v1/auth/refresh", json={"refresh_token": stolen})
    assert (replay.status_code, replay.json()["code"]) == (401, "refresh_reused")
    newest = await client.post(
        "/v1/auth/refresh", json={"refresh_token": third.json()["refresh_token"]}
    )
    assert (newest.status_code, newest.json()["code"]) == (401, "refresh_refused")
    company.admin.tokens = third.json()
    assert (await company.admin.get("/v1/me")).json()["code"] == "session_ended"


@pytest.mark.parametrize("token", ["x", "x" * 43, "eyJhbGciOiJub25lIn0.e30."])
async def test_what_is_not_a_refresh_token_is_refused(
    anybody: httpx.AsyncClient, token: str
) -> None:
    answer = await anybody.post("/v1/auth/refresh", json={"refresh_token": token})
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_refused")


async def test_an_access_token_does_not_refresh_and_a_refresh_token_does_not_open(
    company: Company,
) -> None:
    tokens = company.admin.tokens
    body = {"refresh_token": tokens["access_token"][:200]}
    assert (await company.client.post("/v1/auth/refresh", json=body)).status_code == 401
    company.admin.tokens = {"access_token": tokens["refresh_token"]}
    assert (await company.admin.get("/v1/me")).status_code == 401


async def test_signing_out_ends_the_session_at_once(company: Company) -> None:
    assert (await company.admin.post("/v1/auth/sign-out")).status_code == 204
    ended = await company.admin.get("/v1/me")
    assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")
    body = {"refresh_token": company.admin.tokens["refresh_token"]}
    assert (await company.client.post("/v1/auth/refresh", json=body)).status_code == 401


async def test_signing_out_with_the_refresh_token_needs_no_other(company: Company) -> None:
    body = {"refresh_token": company.admin.tokens["refresh_token"]}
    assert (await company.client.post("/v1/auth/sign-out", json=body)).status_code == 204
    assert (await company.client.post("/v1/auth/refresh", json=body)).status_code == 401


async def test_sessions_are_listed_and_can_be_ended_one_by_one(company: Company) -> None:
    laptop = Person(company.client, company.admin.id, company.admin.email)
    await laptop.sign_in()
    listed = (await company.admin.get("/v1/sessions")).json()["data"]
    assert len(listed) == 2
    other = next(session for session in listed if not session["is_current"])
    assert other["method"] == "password"
    assert (await company.admin.delete(f"/v1/sessions/{other['id']}")).status_code == 204
    assert (await laptop.get("/v1/me")).status_code == 401
    assert (await company.admin.get("/v1/me")).status_code == 200


async def test_sessions_of_others_cannot_be_ended(company: Company) -> None:
    rep = await company.hire()
    session = (await company.admin.get("/v1/sessions")).json()["data"][0]["id"]
    assert (await rep.delete(f"/v1/sessions/{session}")).status_code == 404
    assert (await company.admin.get("/v1/me")).status_code == 200


async def test_signing_out_everywhere_ends_every_session(company: Company) -> None:
    laptop = Person(company.client, company.admin.id, company.admin.email)
    await laptop.sign_in()
    answer = await company.admin.post("/v1/auth/sign-out", {"everywhere": True})
    assert answer.status_code == 204
    assert (await laptop.get("/v1/me")).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"email":1,"password":"x"}',
        b'{"email":"a@b.example","password":"x","role":"admin"}',
        b'{"email":"a@b.example","password":"\\u0000"}',
        b'{"email":"\\ud800","password":"x"}',
    ],
)
async def test_strange_bodies_are_problems_not_failures(
    anybody: httpx.AsyncClient, body: bytes
) -> None:
    answer = await anybody.post(
        "/v1/auth/sign-in", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 401, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def forgeries(token: str, jwk: dict[str, Any]) -> dict[str, str]:
    """Tokens somebody without our private key can make of a real one."""
    header, payload, signature = token.split(".")
    claims = orjson.loads(urlsafe_b64decode(payload + "=="))
    kid = orjson.loads(urlsafe_b64decode(header + "=="))["kid"]
    public = ECKey.import_key(jwk)
    other = ECKey.generate_key("P-256")
    typed = {"typ": "at+jwt", "kid": kid}

    def signed(head: dict[str, Any], key: Any, algorithm: str) -> str:
        return jwt.encode({**typed, **head, "alg": algorithm}, claims, key, [algorithm])

    def text(value: object) -> str:
        return urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()

    confused = f"{text({'alg': 'HS256', **typed})}.{payload}"
    digest = hmac.digest(public.as_pem(), confused.encode(), "sha256")
    mac = urlsafe_b64encode(digest).rstrip(b"=").decode()
    return {
        "none": f"{text({'alg': 'none', **typed})}.{payload}.",
        "public key as a secret": f"{confused}.{mac}",
        "another key": signed({}, other, "ES256"),
        "its own key": signed({"jwk": other.as_dict(private=False)}, other, "ES256"),
        "unknown kid": signed({"kid": "x"}, other, "ES256"),
        "more rights": f"{header}.{text({**claims, 'role': 'admin'})}.{signature}",
        "cut signature": f"{header}.{payload}.{signature[:-4]}",
        "another type": f"{text({'alg': 'ES256', 'typ': 'JWT', 'kid': kid})}.{payload}.{signature}",
    }


async def test_no_forged_token_opens_anything(company: Company) -> None:
    rep = await company.hire("sales")
    keys = (await company.client.get("/.well-known/jwks.json")).json()["keys"]
    kid = orjson.loads(urlsafe_b64decode(rep.tokens["access_token"].split(".")[0] + "=="))["kid"]
    jwk = next(key for key in keys if key["kid"] == kid)
    for name, forged in forgeries(rep.tokens["access_token"], jwk).items():
        answer = await company.client.get("/v1/me", headers={"authorization": f"Bearer {forged}"})
        assert answer.status_code == 401, name
    assert (await rep.get("/v1/me")).status_code == 200
