"""Ways to get more than one was given, each tried and refused; and access that ends when it is said to."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from guanxi_gateway.edge import FrontDoor
from guanxi_gateway.identity.permission_rules import BUILT_IN, token_visibility
from guanxi_shared.calls import House
from tests.gateway.identity.people import PASSWORD, Company, Person
from tests.gateway.identity.test_oauth import a_wish, an_app, exchange
from tests.gateway.identity.test_roles_keys_and_shares import contacts_saying
from tests.gateway.identity.test_second_factor_and_links import (
    NEW_PASSWORD,
    enrolled,
    eventually,
    letters_to,
    text_of,
    token_in,
)

Found = Callable[[], Awaitable[Company]]
PEOPLE = ["users:read", "users:update", "users:delete"]


async def key_of(person: Person, *scopes: str, **more: Any) -> Person:
    """The same person by a key that may do no more than `scopes`."""
    made = await person.post("/v1/api-keys", {"name": "k", "scopes": list(scopes), **more})
    assert made.status_code == 201, made.text
    return Person(
        person.client, made.json()["id"], person.email, {"access_token": made.json()["key"]}
    )


async def a_machine(company: Company, user: Person) -> tuple[dict[str, Any], Person]:
    """A client that acts as `user` by its own credentials, and a token of it."""
    app = await an_app(
        company, grant_types=["client_credentials"], redirect_uris=[], is_public=False,
        user_id=user.id,
    )  # fmt: skip
    return app, await machine_token(company, app)


async def machine_token(company: Company, app: dict[str, Any]) -> Person:
    answer = await exchange(
        company.client, grant_type="client_credentials", client_id=app["id"],
        client_secret=app["client_secret"],
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return Person(company.client, app["id"], "", answer.json())


# A key is less than its owner


@pytest.mark.parametrize(
    "change", [{"password": NEW_PASSWORD}, {"email": "else@where.example"}, {"is_active": False}]
)
async def test_a_narrow_key_does_not_change_the_account_of_its_owner(
    company: Company, change: dict[str, Any]
) -> None:
    await company.hire("admin")
    key = await key_of(company.admin, *PEOPLE)
    refused = await key.patch(f"/v1/users/{company.admin.id}", change)
    assert (refused.status_code, refused.json()["code"]) == (403, "beyond_your_own")
    assert (await key.delete(f"/v1/users/{company.admin.id}")).status_code == 403
    assert (await company.admin.sign_in()).status_code == 200


async def test_ones_own_password_takes_the_present_one(company: Company) -> None:
    path = f"/v1/users/{company.admin.id}"
    refused = await company.admin.patch(path, {"password": NEW_PASSWORD})
    assert refused.status_code == 403
    assert "/v1/me/password" in refused.json()["detail"]
    other = await company.hire("admin")
    assert (await other.patch(path, {"password": NEW_PASSWORD})).status_code == 200


async def test_ones_own_second_factor_takes_a_code(company: Company) -> None:
    await enrolled(company)
    path = f"/v1/users/{company.admin.id}/second-factor/remove"
    refused = await company.admin.post(path)
    assert refused.status_code == 403
    assert "/v1/me/totp/remove" in refused.json()["detail"]


async def test_codes_are_not_guessed_by_removing_a_second_factor(company: Company) -> None:
    await enrolled(company)
    answers = [await company.admin.post("/v1/me/totp/remove", {"code": "000000"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/v1/me", {"name": "Somebody else"}),
        ("GET", "/v1/sessions", None),
        ("DELETE", "/v1/sessions/0192d3a0-0000-7000-8000-000000000001", None),
        ("POST", "/v1/auth/sign-out", {"everywhere": True}),
        ("POST", "/v1/me/totp", {}),
    ],
)
async def test_a_narrow_key_stays_away_from_its_owners_profile_and_sessions(
    company: Company, method: str, path: str, body: dict[str, Any] | None
) -> None:
    key = await key_of(company.admin, "users:read")
    assert (await key.request(method, path, json=body)).status_code == 403
    assert (await company.admin.get("/v1/me")).json()["name"] == "王芳"


async def test_neither_a_key_nor_an_application_lets_other_applications_in(
    company: Company,
) -> None:
    wide = await an_app(company, scopes=["*:*"])
    key = await key_of(company.admin, "*:*")
    wish = {**a_wish(wide), "decision": "approve"}
    assert (await key.post("/v1/oauth/authorize", wish)).status_code == 403
    begun = await company.client.post("/v1/oauth/device", data={"client_id": wide["id"]})
    decision = {"user_code": begun.json()["user_code"], "decision": "approve"}
    assert (await key.post("/v1/oauth/device/decide", decision)).status_code == 403
    _, machine = await a_machine(company, company.admin)
    assert (await machine.post("/v1/oauth/authorize", wish)).status_code == 403
    assert (await company.admin.post("/v1/oauth/authorize", wish)).status_code == 200


@pytest.mark.parametrize("role", sorted(set(BUILT_IN) - {"admin"}))
async def test_keys_of_others_are_the_admins_business_alone(company: Company, role: str) -> None:
    key = await key_of(company.admin, "users:read")
    person = await company.hire(role)
    listed = await person.get("/v1/api-keys")
    assert listed.status_code == 403 or listed.json()["data"] == []
    assert (await person.delete(f"/v1/api-keys/{key.id}")).status_code in (403, 404)
    assert (await key.get("/v1/users")).status_code == 200
    assert token_visibility(BUILT_IN[role].visibility)["api-keys"] == "own"


# Ids that belong to somebody else


async def test_a_client_id_of_another_organisation_is_not_taken_over(
    company: Company, found_company: Found
) -> None:
    app, other = await an_app(company), await found_company()
    body = {
        "id": app["id"], "name": "Trap", "redirect_uris": ["https://evil.example/"],
        "grant_types": ["authorization_code"], "scopes": ["users:read"],
    }  # fmt: skip
    taken = await other.admin.post("/v1/oauth-clients", body)
    assert (taken.status_code, taken.json()["code"]) == (409, "not_unique")
    page = await company.client.get("/v1/oauth/authorize", params=a_wish(app))
    assert page.status_code == 200


async def test_ending_a_key_ends_nothing_else_of_the_same_id(
    company: Company, found_company: Found
) -> None:
    rep, other = await company.hire("sales"), await found_company()
    _, machine = await a_machine(company, company.admin)
    session = (await company.admin.get("/v1/me")).json()["session_id"]
    for thief in (rep, other.admin):
        for stolen in (machine.id, session, company.admin.id):
            key = await key_of(thief, "users:read", id=stolen)
            assert (await thief.delete(f"/v1/api-keys/{key.id}")).status_code == 200
            assert (await key.get("/v1/users")).status_code == 401
    assert (await machine.get("/v1/users")).status_code == 200
    assert (await company.admin.get("/v1/me")).status_code == 200


# Access that ends


async def test_a_key_ends_at_the_second_that_was_said(company: Company) -> None:
    until = (datetime.now(UTC) + timedelta(seconds=4)).isoformat().replace("+00:00", "Z")
    key = await key_of(company.admin, "users:read", expires_at=until)
    assert (await key.get("/v1/users")).status_code == 200
    deadline = time.monotonic() + 6.5
    while (await key.get("/v1/users")).status_code == 200:
        assert time.monotonic() < deadline, "the key outlives what was said"
        await asyncio.sleep(0.1)


async def test_a_key_loses_at_once_what_its_owner_loses(company: Company) -> None:
    second = await company.hire("admin")
    key = await key_of(second, "*:*")
    assert (await key.get("/v1/audit")).status_code == 200
    await company.admin.patch(f"/v1/users/{second.id}", {"role": "sales"})
    assert (await key.get("/v1/audit")).status_code == 403
    assert (await key.get("/v1/users")).status_code == 200


@pytest.mark.parametrize("way", ["deactivated", "deleted"])
async def test_who_is_gone_is_gone_by_every_credential_and_may_come_back(
    company: Company, way: str
) -> None:
    person = await company.hire("sales")
    app, machine = await a_machine(company, person)
    key = await key_of(person, "users:read")
    for credential in (person, key, machine):
        assert (await credential.get("/v1/users")).status_code == 200
    path = f"/v1/users/{person.id}"
    if way == "deleted":
        await company.admin.delete(path)
    else:
        await company.admin.patch(path, {"is_active": False})
    for credential in (person, key, machine):
        assert (await credential.get("/v1/users")).status_code == 401
    if way == "deleted":
        await company.admin.post(f"{path}/restore")
    else:
        await company.admin.patch(path, {"is_active": True})
    assert (await person.get("/v1/users")).status_code == 401
    assert (await key.get("/v1/users")).status_code == 200
    assert (await (await machine_token(company, app)).get("/v1/users")).status_code == 200


async def test_introspection_knows_that_a_session_has_ended(company: Company) -> None:
    app = await an_app(company)
    rep = await company.hire("sales")
    form = {"client_id": app["id"], "token": rep.tokens["access_token"]}
    found = await company.client.post("/v1/oauth/introspect", data=form)
    assert found.json()["active"] is True
    assert (await rep.post("/v1/auth/sign-out")).status_code == 204
    found = await company.client.post("/v1/oauth/introspect", data=form)
    assert found.json() == {"active": False}


async def test_a_new_password_ends_every_link_to_choose_one(
    company: Company, anybody: httpx.AsyncClient, mail_folder: Path
) -> None:
    rep = await company.hire("sales")
    for count in (1, 2):
        await anybody.post("/v1/auth/password-resets", json={"email": rep.email})
        await eventually(
            lambda n=count: "" if len(letters_to(mail_folder, rep.email)) == n else None
        )  # type: ignore[misc]
    newest, oldest = (token_in(text_of(path)) for path in letters_to(mail_folder, rep.email))
    complete = "/v1/auth/password-resets/complete"
    used = await anybody.post(complete, json={"token": newest, "password": NEW_PASSWORD})
    assert used.status_code == 204, used.text
    left = await anybody.post(complete, json={"token": oldest, "password": PASSWORD})
    assert (left.status_code, left.json()["code"]) == (422, "link_expired")


async def test_a_mailbox_is_not_filled_by_asking_at_once(
    company: Company, anybody: httpx.AsyncClient, house: House
) -> None:
    rep = await company.hire("sales")
    ask = {"email": rep.email}
    await asyncio.gather(*(anybody.post("/v1/auth/password-resets", json=ask) for _ in range(8)))
    rows = await house.db.fetch(
        company.id, "SELECT id FROM password_resets WHERE user_id = $2", uuid.UUID(rep.id)
    )
    assert len(rows) == 3


# Sharing


async def test_who_has_lost_a_record_does_not_widen_their_old_share_of_it(
    company: Company, house: House
) -> None:
    owner, receiver = await company.hire("sales"), await company.hire("sales")
    account = {"id": str(uuid.uuid4()), "owner_id": owner.id}
    body = {"resource": "accounts", "record_id": account["id"], "user_id": receiver.id}
    async with contacts_saying(house, {account["id"]: account}):
        share = (await owner.post("/v1/shares", body)).json()["id"]
        soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        account["owner_id"] = receiver.id
        refused = await owner.patch(f"/v1/shares/{share}", {"access": "write"})
        assert refused.status_code == 403
        narrowed = await owner.patch(f"/v1/shares/{share}", {"until": soon})
        assert narrowed.status_code == 200, narrowed.text
        assert (await owner.patch(f"/v1/shares/{share}", {"until": None})).status_code == 403


# What a request may claim


async def test_a_channel_is_one_short_word(company: Company) -> None:
    for claimed, kept in (("phone", "phone"), ("y" * 3000, "api"), ("a\tb", "api")):
        await company.admin.patch(
            "/v1/organisation", {"name": f"N {claimed[:5]}"}, headers={"x-guanxi-channel": claimed}
        )
        entry = (await company.admin.get("/v1/audit?limit=1")).json()["data"][0]["entry"]
        assert (entry["action"], entry["channel"]) == ("organisation.updated", kept)


async def test_what_the_gateway_asks_itself_is_not_for_people(company: Company) -> None:
    assert (await company.admin.get("/internal/own/v1/events")).status_code == 404


async def chunks() -> AsyncIterator[bytes]:
    yield b'{"email": "'
    for _ in range(20):
        yield b"x" * 65_536


async def test_a_body_that_grows_beyond_the_limit_is_413_on_our_own_paths(
    door: FrontDoor, anybody: httpx.AsyncClient
) -> None:
    answer = await anybody.post(
        "/v1/auth/sign-in", content=chunks(), headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
