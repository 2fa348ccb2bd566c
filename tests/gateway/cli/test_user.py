"""guanxi user, against a running gateway."""

import re
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from guanxi_shared.launch.errors import LaunchError
from tests.gateway.cli.conftest import Guanxi
from tests.gateway.identity.people import unique


def organisation_of(result: Result) -> str:
    assert result.exit_code == 0, result.output + repr(result.exception)
    found = re.search(r"is made: (\S+)", result.output)
    assert found is not None
    return found[1]


def password_in(result: Result) -> str:
    assert result.exit_code == 0, result.output + repr(result.exception)
    found = re.search(r"shown this once: (\S+)", result.output)
    assert found is not None
    return found[1]


def refusal_of(result: Result) -> str:
    assert isinstance(result.exception, LaunchError)
    return str(result.exception)


def sign_in(gateway: str, email: str, password: str) -> httpx.Response:
    body = {"email": email, "password": password}
    return httpx.post(f"{gateway}/v1/auth/sign-in", json=body)


def me(gateway: str, tokens: httpx.Response) -> httpx.Response:
    headers = {"authorization": f"Bearer {tokens.json()['access_token']}"}
    return httpx.get(f"{gateway}/v1/me", headers=headers)


@pytest.fixture
def admin_email() -> str:
    return f"admin@{unique()}.example"


@pytest.fixture
def organisation(guanxi: Guanxi, admin_email: str) -> str:
    name = f"关系 {unique()}"
    return organisation_of(
        guanxi("user", "organisation-create", name, "--admin-email", admin_email)
    )


def test_an_organisation_is_made_with_an_admin_who_can_sign_in(
    guanxi: Guanxi, gateway: str, admin_email: str
) -> None:
    made = guanxi(
        "user", "organisation-create", "王记 GmbH", "--admin-email", admin_email,
        "--admin-name", "王芳", "--time-zone", "Europe/Vienna", "--currency", "EUR",
    )  # fmt: skip
    found = me(gateway, sign_in(gateway, admin_email, password_in(made))).json()
    assert (found["role"], found["name"]) == ("admin", "王芳")
    assert found["organisation"]["id"] == organisation_of(made)
    assert found["organisation"]["currency"] == "EUR"


def test_a_user_is_made_in_a_team_listed_and_lets_themselves_in(
    guanxi: Guanxi, gateway: str, admin_email: str
) -> None:
    made = guanxi("user", "organisation-create", "Acme", "--admin-email", admin_email)
    organisation = organisation_of(made)
    admin = sign_in(gateway, admin_email, password_in(made)).json()["access_token"]
    headers = {"authorization": f"Bearer {admin}"}
    team = httpx.post(f"{gateway}/v1/teams", json={"name": "华东"}, headers=headers).json()
    email = f"Li.Na@{unique()}.example"
    hired = guanxi(
        "user", "create", email, "--name", "李娜", "--role", "sales", "--team", "华东",
        "--organisation", organisation,
    )  # fmt: skip
    found = me(gateway, sign_in(gateway, email, password_in(hired))).json()
    assert (found["name"], found["role"], found["team_ids"]) == ("李娜", "sales", [team["id"]])
    listed = guanxi("user", "list", "-o", organisation).output
    assert "李娜" in listed
    assert "华东" in listed
    assert admin_email in listed


def test_a_new_password_ends_what_the_old_one_opened(
    guanxi: Guanxi, gateway: str, organisation: str, admin_email: str
) -> None:
    first = password_in(guanxi("user", "set-password", admin_email, "-o", organisation))
    session = sign_in(gateway, admin_email, first)
    second = password_in(guanxi("user", "set-password", admin_email.upper(), "-o", organisation))
    assert me(gateway, session).status_code == 401
    assert sign_in(gateway, admin_email, first).status_code == 401
    assert sign_in(gateway, admin_email, second).status_code == 200


def test_a_password_may_be_typed_and_is_checked_like_any_other(
    guanxi: Guanxi, gateway: str, organisation: str, admin_email: str
) -> None:
    words = ("user", "set-password", admin_email, "--type", "-o", organisation)
    weak = guanxi(*words, typed="short\nshort\n")
    assert "at least 10 characters" in refusal_of(weak)
    typed = "correct horse battery staple"
    assert guanxi(*words, typed=f"{typed}\n{typed}\n").exit_code == 0
    assert sign_in(gateway, admin_email, typed).status_code == 200


def test_a_deactivated_user_is_shut_out_until_activated(
    guanxi: Guanxi, gateway: str, organisation: str
) -> None:
    email = f"rep@{unique()}.example"
    made = guanxi("user", "create", email, "--name", "Rep", "--role", "sales", "-o", organisation)
    password = password_in(made)
    session = sign_in(gateway, email, password)
    assert guanxi("user", "deactivate", email, "-o", organisation).exit_code == 0
    assert me(gateway, session).status_code == 401
    assert sign_in(gateway, email, password).status_code == 401
    assert "inactive" in guanxi("user", "list", "-o", organisation).output
    assert guanxi("user", "activate", email, "-o", organisation).exit_code == 0
    assert sign_in(gateway, email, password).status_code == 200


def test_an_invited_user_chooses_a_password_behind_the_link(
    guanxi: Guanxi, gateway: str, organisation: str
) -> None:
    email = f"new@{unique()}.example"
    told = guanxi(
        "user", "create", email, "--name", "新人", "--role", "agent", "--invite",
        "-o", organisation,
    )  # fmt: skip
    assert told.exit_code == 0, told.output + repr(told.exception)
    token = told.output.partition("token=")[2].split()[0]
    body = {"token": token, "name": "新人", "password": "correct horse battery staple"}
    accepted = httpx.post(f"{gateway}/v1/auth/invitations/accept", json=body)
    assert me(gateway, accepted).json()["role"] == "agent"


def test_what_cannot_be_done_is_told_in_a_sentence(
    guanxi: Guanxi, organisation: str, admin_email: str
) -> None:
    nobody = guanxi("user", "deactivate", "nobody@nowhere.example", "-o", organisation)
    assert "no user with the address" in refusal_of(nobody)
    create = ("user", "create", f"a@{unique()}.example", "--name", "A", "-o", organisation)
    assert "no role 'boss'" in refusal_of(guanxi(*create, "--role", "boss"))
    no_team = guanxi(*create, "--role", "sales", "--team", "Nowhere")
    assert "no team with the name 'Nowhere'" in refusal_of(no_team)
    last = guanxi("user", "deactivate", admin_email, "-o", organisation)
    assert "at least one active admin" in refusal_of(last)
    assert "no organisation 'Nowhere AG'" in refusal_of(guanxi("user", "list", "-o", "Nowhere AG"))


def test_with_several_organisations_one_has_to_be_named(
    guanxi: Guanxi, organisation: str, admin_email: str
) -> None:
    guanxi("user", "organisation-create", "Another", "--admin-email", f"x@{unique()}.example")
    assert organisation in refusal_of(guanxi("user", "list"))


def test_without_a_running_suite_it_says_how_to_start_one(
    guanxi: Guanxi, organisation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUANXI_GATEWAY_URL", "http://127.0.0.1:1")
    assert "is the suite running?" in refusal_of(guanxi("user", "list", "-o", organisation))


def test_without_the_secret_nothing_is_tried(
    guanxi: Guanxi, organisation: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GUANXI_SERVICE_SECRET")
    assert str(tmp_path) in refusal_of(guanxi("user", "list", "-o", organisation))
    (tmp_path / "secrets.json").write_text('{"GUANXI_SERVICE_SECRET": "%s"}' % ("x" * 40))
    assert "not valid" in refusal_of(guanxi("user", "list", "-o", organisation))
