import asyncio
import email
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pyotp
import pytest

from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.sealing import purpose_key
from guanxi_shared.calls import House
from tests.gateway.identity.people import PASSWORD, Company, Person, unique

NEW_PASSWORD = "a new and better password"


async def eventually(check: Callable[[], str | None], *, seconds: float = 5.0) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := check()) is not None:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to pass in time")


def letters_to(folder: Path, address: str) -> list[Path]:
    """The newest first."""
    return [
        path
        for path in sorted(folder.glob("*.eml"), reverse=True)
        if email.message_from_bytes(path.read_bytes())["To"] == address
    ]


def text_of(letter: Path) -> str:
    message = email.message_from_bytes(letter.read_bytes())
    return str(message.get_payload(decode=True), "utf-8")  # type: ignore[arg-type]


def letter_to(folder: Path, address: str) -> Callable[[], str | None]:
    def read() -> str | None:
        return next((text_of(path) for path in letters_to(folder, address)), None)

    return read


def token_in(text: str) -> str:
    return text.partition("token=")[2].split()[0]


async def enrolled(company: Company) -> tuple[str, list[str]]:
    """The secret of the admin's new second factor, and their recovery codes."""
    begun = await company.admin.post("/v1/me/totp")
    assert begun.status_code == 201, begun.text
    secret = begun.json()["secret"]
    earlier = pyotp.TOTP(secret).at(int(time.time()) - 30)
    confirmed = await company.admin.post("/v1/me/totp/confirm", {"code": earlier})
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["recovery_codes"]


async def test_with_a_second_factor_the_password_is_not_enough(company: Company) -> None:
    secret, _ = await enrolled(company)
    without = await company.admin.sign_in()
    assert (without.status_code, without.json()["code"]) == (401, "totp_required")
    code = pyotp.TOTP(secret).now()
    assert (await company.admin.sign_in(totp=code)).status_code == 200
    again = await company.admin.sign_in(totp=code)
    assert (again.status_code, again.json()["code"]) == (401, "totp_refused")
    assert (await company.admin.get("/v1/me")).json()["has_second_factor"] is True


async def test_guessed_codes_count_as_failed_sign_ins(company: Company) -> None:
    await enrolled(company)
    statuses = [(await company.admin.sign_in(totp="000000")).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_a_recovery_code_lets_in_once(company: Company) -> None:
    _, codes = await enrolled(company)
    assert len(codes) == 10
    assert (await company.admin.sign_in(totp=codes[0].lower())).status_code == 200
    assert (await company.admin.sign_in(totp=codes[0])).status_code == 401


async def test_a_second_factor_sealed_before_the_gateway_had_its_own_secret_still_counts(
    company: Company, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, _ = await enrolled(company)
    here = identity(house)
    fresh = purpose_key("a new secret of thirty-two bytes", "totp")
    monkeypatch.setattr(here, "totp_keys", (fresh, *here.totp_keys))
    assert (await company.admin.sign_in(totp=pyotp.TOTP(secret).now())).status_code == 200


async def test_a_device_whose_secret_is_gone_leaves_the_recovery_codes(
    company: Company, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, codes = await enrolled(company)
    other = purpose_key("a new secret of thirty-two bytes", "totp")
    monkeypatch.setattr(identity(house), "totp_keys", (other,))
    assert (await company.admin.sign_in(totp=pyotp.TOTP(secret).now())).status_code == 401
    assert (await company.admin.sign_in(totp=codes[0])).status_code == 200


async def test_an_enrolment_nobody_confirmed_changes_nothing(company: Company) -> None:
    await company.admin.post("/v1/me/totp")
    wrong = await company.admin.post("/v1/me/totp/confirm", {"code": "000000"})
    assert wrong.json()["code"] == "totp_refused"
    assert (await company.admin.sign_in()).status_code == 200


async def test_a_second_factor_is_removed_by_a_code_or_by_an_admin(company: Company) -> None:
    _, codes = await enrolled(company)
    assert (await company.admin.post("/v1/me/totp")).status_code == 409
    refused = await company.admin.post("/v1/me/totp/remove", {"code": "000000"})
    assert refused.status_code == 401
    removed = await company.admin.post("/v1/me/totp/remove", {"code": codes[0]})
    assert removed.status_code == 204
    assert (await company.admin.sign_in()).status_code == 200
    await enrolled(company)
    other = await company.hire("admin")
    path = f"/v1/users/{company.admin.id}/second-factor/remove"
    assert (await other.post(path)).json()["has_second_factor"] is False
    assert (await company.admin.sign_in()).status_code == 200


async def test_secrets_of_second_factors_are_sealed_in_the_database(
    company: Company, house: House
) -> None:
    secret, codes = await enrolled(company)
    rows = await house.db.fetch(
        company.id, "SELECT * FROM totp_devices WHERE organisation_id = $2", company.id
    )
    text = str([dict(row) for row in rows])
    assert secret not in text
    assert not any(code in text for code in codes)


async def test_a_changed_password_ends_the_other_sessions(company: Company) -> None:
    laptop = Person(company.client, company.admin.id, company.admin.email)
    await laptop.sign_in()
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await company.admin.post("/v1/me/password", body)).status_code == 204
    assert (await laptop.get("/v1/me")).status_code == 401
    assert (await company.admin.get("/v1/me")).status_code == 200
    assert (await company.admin.sign_in()).status_code == 401
    assert (await company.admin.sign_in(NEW_PASSWORD)).status_code == 200


async def test_the_present_password_is_needed_and_the_new_one_checked(company: Company) -> None:
    wrong = {"current_password": "not this one", "new_password": NEW_PASSWORD}
    assert (await company.admin.post("/v1/me/password", wrong)).status_code == 401
    weak = {"current_password": PASSWORD, "new_password": "short"}
    assert (await company.admin.post("/v1/me/password", weak)).status_code == 422


async def test_a_key_cannot_change_its_owners_password(company: Company) -> None:
    made = (await company.admin.post("/v1/api-keys", {"name": "x", "scopes": ["*:*"]})).json()
    headers = {"authorization": f"Bearer {made['key']}"}
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    answer = await company.client.post("/v1/me/password", json=body, headers=headers)
    assert answer.status_code == 403


async def test_a_forgotten_password_is_renewed_by_a_link_that_works_once(
    company: Company, mail_folder: Path
) -> None:
    client = company.client
    asked = await client.post("/v1/auth/password-resets", json={"email": company.admin.email})
    assert asked.status_code == 202
    text = await eventually(letter_to(mail_folder, company.admin.email))
    body = {"token": token_in(text), "password": NEW_PASSWORD}
    assert (await client.post("/v1/auth/password-resets/complete", json=body)).status_code == 204
    assert (await company.admin.get("/v1/me")).status_code == 401
    assert (await company.admin.sign_in(NEW_PASSWORD)).status_code == 200
    used = await client.post("/v1/auth/password-resets/complete", json=body)
    assert (used.status_code, used.json()["code"]) == (422, "link_expired")


async def test_a_weak_new_password_leaves_the_link_good(
    company: Company, mail_folder: Path
) -> None:
    client = company.client
    await client.post("/v1/auth/password-resets", json={"email": company.admin.email})
    token = token_in(await eventually(letter_to(mail_folder, company.admin.email)))
    weak = {"token": token, "password": "short"}
    answer = await client.post("/v1/auth/password-resets/complete", json=weak)
    assert answer.json()["code"] == "weak_password"
    good = {"token": token, "password": NEW_PASSWORD}
    assert (await client.post("/v1/auth/password-resets/complete", json=good)).status_code == 204


async def test_asking_for_an_unknown_address_is_answered_the_same(
    company: Company, anybody: httpx.AsyncClient, mail_folder: Path
) -> None:
    known = await anybody.post("/v1/auth/password-resets", json={"email": company.admin.email})
    nobody = f"{unique()}@nowhere.example"
    unknown = await anybody.post("/v1/auth/password-resets", json={"email": nobody})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert letters_to(mail_folder, nobody) == []


async def test_a_mailbox_cannot_be_filled_by_others(company: Company, mail_folder: Path) -> None:
    for _ in range(6):
        await company.client.post("/v1/auth/password-resets", json={"email": company.admin.email})
    letters = letters_to(mail_folder, company.admin.email)
    assert len(letters) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in letters)


async def test_an_invited_person_becomes_a_user_of_that_role_and_team(
    company: Company, anybody: httpx.AsyncClient, mail_folder: Path
) -> None:
    team = await company.team("Sales")
    address = f"{unique()}@people.example"
    made = await company.admin.post(
        "/v1/invitations", {"email": address, "role": "sales", "team_ids": [team]}
    )
    assert made.status_code == 201, made.text
    text = await eventually(letter_to(mail_folder, address))
    assert "关系有限公司" in text
    assert made.json()["link"] in text
    body = {"token": token_in(text), "name": "新人", "password": PASSWORD}
    accepted = await anybody.post("/v1/auth/invitations/accept", json=body)
    assert accepted.status_code == 201, accepted.text
    person = Person(anybody, id="", email=address, tokens=accepted.json())
    me = (await person.get("/v1/me")).json()
    assert (me["name"], me["role"], me["team_ids"]) == ("新人", "sales", [team])
    assert (await person.sign_in()).status_code == 200
    again = await anybody.post("/v1/auth/invitations/accept", json=body)
    assert again.json()["code"] == "link_expired"


async def test_an_invitation_can_be_taken_back(
    company: Company, anybody: httpx.AsyncClient
) -> None:
    address = f"{unique()}@people.example"
    made = (await company.admin.post("/v1/invitations", {"email": address, "role": "sales"})).json()
    listed = (await company.admin.get("/v1/invitations")).json()["data"]
    assert [row["email"] for row in listed] == [address]
    assert "link" not in listed[0]
    assert (await company.admin.delete(f"/v1/invitations/{made['id']}")).status_code == 200
    body = {"token": token_in(made["link"]), "name": "X", "password": PASSWORD}
    answer = await anybody.post("/v1/auth/invitations/accept", json=body)
    assert answer.json()["code"] == "link_expired"


async def test_inviting_somebody_who_is_here_is_refused(company: Company) -> None:
    body = {"email": company.admin.email, "role": "sales"}
    assert (await company.admin.post("/v1/invitations", body)).status_code == 409


@pytest.mark.parametrize(
    "path", ["/v1/auth/invitations/accept", "/v1/auth/password-resets/complete"]
)
async def test_an_invented_link_token_is_refused(anybody: httpx.AsyncClient, path: str) -> None:
    body = {"token": "x" * 43, "name": "X", "password": PASSWORD}
    if "reset" in path:
        del body["name"]
    answer = await anybody.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "link_expired")
