import base64
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from guanxi_gateway.identity.oauth_rules import DEVICE_GRANT, pkce_challenge
from guanxi_shared.calls import House
from tests.gateway.identity.conftest import ISSUER
from tests.gateway.identity.people import PASSWORD, Company, Person

Found = Callable[[], Awaitable[Company]]
VERIFIER = "v" * 50
CALLBACK = "https://app.example/callback"


async def an_app(company: Company, **changes: Any) -> dict[str, Any]:
    body = {
        "name": "Field app",
        "redirect_uris": [CALLBACK, "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token", DEVICE_GRANT],
        "scopes": ["users:read", "teams:read"],
    }
    answer = await company.admin.post("/v1/oauth-clients", {**body, **changes})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def a_wish(app: dict[str, Any], **changes: str) -> dict[str, str]:
    wish = {
        "response_type": "code",
        "client_id": app["id"],
        "redirect_uri": CALLBACK,
        "state": "st4te",
        "code_challenge": pkce_challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (wish | changes).items() if value}


async def allow(company: Company, app: dict[str, Any], **changes: str) -> dict[str, str]:
    """What the browser is sent back to the application with."""
    body = {**a_wish(app, **changes), "decision": "approve"}
    answer = await company.admin.post("/v1/oauth/authorize", body)
    assert answer.status_code == 200, answer.text
    return query_of(answer.json()["redirect_to"])


def query_of(uri: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(uri).query).items()}


async def exchange(client: httpx.AsyncClient, **form: str) -> httpx.Response:
    return await client.post("/v1/oauth/token", data=form)


async def tokens_by_code(company: Company, app: dict[str, Any], **changes: str) -> httpx.Response:
    code = (await allow(company, app))["code"]
    form = {
        "grant_type": "authorization_code",
        "client_id": app["id"],
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return await exchange(company.client, **(form | changes))


async def test_a_code_becomes_tokens_within_the_apps_scopes(company: Company) -> None:
    app = await an_app(company)
    back = await allow(company, app, scope="users:read")
    assert (back["state"], back["iss"]) == ("st4te", ISSUER)
    answer = await exchange(
        company.client,
        grant_type="authorization_code",
        client_id=app["id"],
        code=back["code"],
        redirect_uri=CALLBACK,
        code_verifier=VERIFIER,
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert tokens["scope"] == "users:read"
    agent = Person(company.client, "", "", tokens)
    assert (await agent.get("/v1/users")).status_code == 200
    assert (await agent.get("/v1/teams")).status_code == 403
    assert (await agent.get("/v1/me")).json()["scopes"] == ["users:read"]


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 50},
        {"code": "x" * 43},
        {"redirect_uri": "http://127.0.0.1/callback"},
    ],
)
async def test_a_code_needs_its_verifier_and_address(
    company: Company, changes: dict[str, str]
) -> None:
    answer = await tokens_by_code(company, await an_app(company), **changes)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


async def test_a_code_shown_twice_ends_what_it_was_changed_for(company: Company) -> None:
    app = await an_app(company)
    form = {
        "grant_type": "authorization_code",
        "client_id": app["id"],
        "code": (await allow(company, app))["code"],
        "code_verifier": VERIFIER,
    }
    first = await exchange(company.client, **form)
    assert first.status_code == 200
    again = await exchange(company.client, **form)
    assert again.json()["error"] == "invalid_grant"
    agent = Person(company.client, "", "", first.json())
    assert (await agent.get("/v1/users")).status_code == 401
    refreshed = await exchange(
        company.client,
        grant_type="refresh_token",
        client_id=app["id"],
        refresh_token=first.json()["refresh_token"],
    )
    assert refreshed.json()["error"] == "invalid_grant"


async def test_a_code_is_good_for_a_minute(company: Company, house: House) -> None:
    app = await an_app(company)
    code = (await allow(company, app))["code"]
    async with house.db.transaction(UUID(company.id)) as connection:
        await connection.execute(
            "UPDATE oauth_codes SET expires_at = now() - $1::interval", timedelta(0)
        )
    answer = await exchange(
        company.client,
        grant_type="authorization_code",
        client_id=app["id"],
        code=code,
        code_verifier=VERIFIER,
    )
    assert answer.json()["error"] == "invalid_grant"


async def test_an_apps_refresh_token_rotates_and_is_its_own(company: Company) -> None:
    app, other = await an_app(company), await an_app(company)
    tokens = (await tokens_by_code(company, app)).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    stolen = await exchange(company.client, client_id=other["id"], **form)
    assert stolen.json()["error"] == "invalid_grant"
    plain = await company.client.post(
        "/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}
    )
    assert plain.status_code == 401
    fresh = await exchange(company.client, client_id=app["id"], **form)
    assert fresh.status_code == 200
    assert fresh.json()["refresh_token"] != tokens["refresh_token"]
    agent = Person(company.client, "", "", fresh.json())
    assert (await agent.get("/v1/me")).json()["scopes"] == ["teams:read", "users:read"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "audit:read"}, "invalid_scope"),
    ],
)
async def test_a_bad_wish_goes_back_to_the_application(
    company: Company, anybody: httpx.AsyncClient, changes: dict[str, str], error: str
) -> None:
    wish = a_wish(await an_app(company), **changes)
    answer = await anybody.get("/v1/oauth/authorize", params=wish)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(CALLBACK)
    back = query_of(answer.headers["location"])
    assert (back["error"], back["state"], back["iss"]) == (error, "st4te", ISSUER)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": ""},
        {"client_id": "0192d3a0-0000-7000-8000-000000000001"},
        {"client_id": "nonsense"},
    ],
)
async def test_nobody_is_redirected_while_client_or_address_are_in_doubt(
    company: Company, anybody: httpx.AsyncClient, changes: dict[str, str]
) -> None:
    wish = a_wish(await an_app(company), **changes)
    answer = await anybody.get("/v1/oauth/authorize", params=wish)
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_person_allows_on_the_page_with_their_password(
    company: Company, anybody: httpx.AsyncClient
) -> None:
    app = await an_app(company, name="<script>alert(1)</script>")
    wish = a_wish(app, redirect_uri="http://127.0.0.1:51999/callback")
    page = await anybody.get("/v1/oauth/authorize", params=wish)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "users:read" in page.text
    form = {**wish, "email": company.admin.email, "password": "wrong", "decision": "approve"}
    wrong = await anybody.post("/v1/oauth/authorize", data=form)
    assert wrong.status_code == 401
    assert 'role="alert"' in wrong.text
    done = await anybody.post("/v1/oauth/authorize", data={**form, "password": PASSWORD})
    assert done.status_code == 303
    assert done.headers["location"].startswith("http://127.0.0.1:51999/callback?code=")
    refused = await anybody.post("/v1/oauth/authorize", data={**form, "decision": "deny"})
    assert query_of(refused.headers["location"])["error"] == "access_denied"


async def test_an_app_of_another_organisation_gets_nothing(
    company: Company, found_company: Found
) -> None:
    other: Company = await found_company()
    app = await an_app(company)
    body = {**a_wish(app), "decision": "approve"}
    assert (await other.admin.post("/v1/oauth/authorize", body)).status_code == 403
    assert (await other.admin.get(f"/v1/oauth-clients/{app['id']}")).status_code == 404


async def test_a_confidential_client_proves_itself_by_header_or_body(company: Company) -> None:
    app = await an_app(
        company,
        is_public=False,
        grant_types=["client_credentials"],
        user_id=company.admin.id,
    )
    secret = app["client_secret"]
    basic = base64.b64encode(f"{app['id']}:{secret}".encode()).decode()
    by_header = await company.client.post(
        "/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"authorization": f"Basic {basic}"},
    )
    by_body = await exchange(
        company.client, grant_type="client_credentials", client_id=app["id"], client_secret=secret
    )
    for answer in (by_header, by_body):
        assert answer.status_code == 200, answer.text
        assert "refresh_token" not in answer.json()
    machine = Person(company.client, "", "", by_body.json())
    assert (await machine.get("/v1/users")).status_code == 200
    assert (await machine.get("/v1/audit")).status_code == 403
    assert (await company.admin.delete(f"/v1/oauth-clients/{app['id']}")).status_code == 200
    assert (await machine.get("/v1/users")).status_code == 401


@pytest.mark.parametrize("secret", ["", "wrong"])
async def test_a_wrong_or_missing_secret_is_invalid_client(company: Company, secret: str) -> None:
    app = await an_app(company, is_public=False)
    form = {"grant_type": "refresh_token", "client_id": app["id"], "refresh_token": "x"}
    if secret:
        form["client_secret"] = secret
    answer = await exchange(company.client, **form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
async def test_a_token_request_that_cannot_be_served_says_why(
    company: Company, form: dict[str, str], error: str
) -> None:
    app = await an_app(company)
    answer = await exchange(company.client, client_id=app["id"], **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"redirect_uris": ["http://app.example/cb"]}, 422),
        ({"redirect_uris": []}, 422),
        ({"scopes": ["everything"]}, 422),
        ({"grant_types": ["password"]}, 422),
        ({"grant_types": ["client_credentials"]}, 422),
    ],
)
async def test_an_unsafe_client_cannot_be_registered(
    company: Company, changes: dict[str, Any], status: int
) -> None:
    body = {
        "name": "App",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code"],
        "scopes": ["users:read"],
    }
    answer = await company.admin.post("/v1/oauth-clients", {**body, **changes})
    assert answer.status_code == status, answer.text


async def test_a_device_waits_for_a_person_and_is_slowed_down(
    company: Company, house: House
) -> None:
    app = await an_app(company)
    begun = await company.client.post("/v1/oauth/device", data={"client_id": app["id"]})
    assert begun.status_code == 200, begun.text
    codes = begun.json()
    form = {
        "grant_type": DEVICE_GRANT,
        "client_id": app["id"],
        "device_code": codes["device_code"],
    }
    assert (await exchange(company.client, **form)).json()["error"] == "authorization_pending"
    assert (await exchange(company.client, **form)).json()["error"] == "slow_down"
    typed = codes["user_code"].lower().replace("-", " ")
    decided = await company.admin.post(
        "/v1/oauth/device/decide", {"user_code": typed, "decision": "approve"}
    )
    assert decided.json()["client_name"] == "Field app"
    async with house.db.transaction(UUID(company.id)) as connection:
        await connection.execute("UPDATE device_codes SET last_polled_at = NULL")
    answer = await exchange(company.client, **form)
    assert answer.status_code == 200, answer.text
    device = Person(company.client, "", "", answer.json())
    assert (await device.get("/v1/users")).status_code == 200
    async with house.db.transaction(UUID(company.id)) as connection:
        await connection.execute("UPDATE device_codes SET last_polled_at = NULL")
    assert (await exchange(company.client, **form)).json()["error"] == "invalid_grant"


async def test_a_refused_or_expired_device_is_told_so(company: Company, house: House) -> None:
    app = await an_app(company)
    begun = (await company.client.post("/v1/oauth/device", data={"client_id": app["id"]})).json()
    body = {
        "email": company.admin.email,
        "password": PASSWORD,
        "user_code": begun["user_code"],
        "decision": "deny",
    }
    page = await company.client.post("/v1/oauth/device/decide", data=body)
    assert page.status_code == 200
    form = {
        "grant_type": DEVICE_GRANT,
        "client_id": app["id"],
        "device_code": begun["device_code"],
    }
    assert (await exchange(company.client, **form)).json()["error"] == "access_denied"
    async with house.db.transaction(UUID(company.id)) as connection:
        await connection.execute(
            "UPDATE device_codes SET last_polled_at = NULL, expires_at = now()"
        )
    assert (await exchange(company.client, **form)).json()["error"] == "expired_token"
    late = {"user_code": begun["user_code"], "decision": "approve"}
    assert (await company.admin.post("/v1/oauth/device/decide", late)).status_code == 404


async def test_revocation_ends_the_session_and_is_silent_about_strangers(
    company: Company,
) -> None:
    app, other = await an_app(company), await an_app(company)
    tokens = (await tokens_by_code(company, app)).json()
    agent = Person(company.client, "", "", tokens)
    form = {"token": tokens["refresh_token"], "client_id": other["id"]}
    assert (await company.client.post("/v1/oauth/revoke", data=form)).status_code == 200
    assert (await agent.get("/v1/users")).status_code == 200
    form = {"token": tokens["refresh_token"], "client_id": app["id"]}
    assert (await company.client.post("/v1/oauth/revoke", data=form)).status_code == 200
    assert (await agent.get("/v1/users")).status_code == 401


async def test_introspection_tells_a_client_of_the_organisation(company: Company) -> None:
    app = await an_app(company)
    tokens = (await tokens_by_code(company, app)).json()
    form = {"token": tokens["access_token"], "client_id": app["id"]}
    found = (await company.client.post("/v1/oauth/introspect", data=form)).json()
    assert found["active"] is True
    assert found["scope"] == "teams:read users:read"
    form["token"] = "nonsense"
    found = (await company.client.post("/v1/oauth/introspect", data=form)).json()
    assert found == {"active": False}


async def test_metadata_and_keys_are_public(anybody: httpx.AsyncClient) -> None:
    document = (await anybody.get("/.well-known/oauth-authorization-server")).json()
    assert document["issuer"] == ISSUER
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert "accounts:read" in document["scopes_supported"]
    keys = (await anybody.get("/.well-known/jwks.json")).json()["keys"]
    assert keys
    assert all("d" not in key and key["alg"] == "ES256" for key in keys)
