"""The people of a data set become users and teams, through the API of a running gateway."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from guanxi_gateway.cli.recipe_staff import address_for, address_part
from tests.gateway.cli.conftest import Guanxi
from tests.gateway.cli.test_user import organisation_of, password_in, sign_in
from tests.gateway.identity.people import unique

PEOPLE = """agent,boss,office
Anna Snelling,Dustin Brinkmann,Central
Mei-Mei Johns,Melvin Marxen,Central
Zoë Łuk,Dustin Brinkmann,Central
Ed Ü,Rocco Neubert,East
"""


def listed(gateway: str, headers: dict[str, str], word: str) -> list[dict[str, Any]]:
    found = httpx.get(f"{gateway}/v1/{word}?limit=200", headers=headers)
    data: list[dict[str, Any]] = found.json()["data"]
    return data


def test_people_become_users_in_teams_once(guanxi: Guanxi, gateway: str, tmp_path: Path) -> None:
    email = f"admin@{unique()}.example"
    made = guanxi("user", "organisation-create", f"Maven {unique()}", "--admin-email", email)
    organisation_of(made)
    password = password_in(made)
    domain = f"{unique()}.example"
    step = {"file": "people.csv",
            "staff": {"name": "agent", "leader": "boss", "team": "office", "domain": domain}}  # fmt: skip
    recipe = tmp_path / "people.json"
    recipe.write_text(json.dumps({"title": "t", "where": "w", "steps": [step]}))
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    signed = ["--url", gateway, "--email", email, "--password", password]
    dry = guanxi("import", "--recipe", str(recipe), str(tmp_path), "--dry-run", *signed)
    assert "not tried in a dry run" in dry.output
    first = guanxi("import", "--recipe", str(recipe), str(tmp_path), *signed)
    assert first.exit_code == 0, first.output + repr(first.exception)
    assert "5 teams and 7 users created" in first.output
    again = guanxi("import", "--recipe", str(recipe), str(tmp_path), *signed)
    assert "0 teams and 0 users created" in again.output

    token = sign_in(gateway, email, password).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    teams = {each["id"]: each for each in listed(gateway, headers, "teams")}
    users = {each["name"]: each for each in listed(gateway, headers, "users")}
    anna, boss = users["Anna Snelling"], users["Dustin Brinkmann"]
    assert (anna["role"], boss["role"]) == ("sales", "manager")
    assert anna["team_ids"] == boss["team_ids"]
    led = teams[anna["team_ids"][0]]
    assert (led["name"], teams[led["parent_id"]]["name"]) == (
        "Central: Dustin Brinkmann",
        "Central",
    )
    assert users["Zoë Łuk"]["email"] == f"zoe.uk@{domain}"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Mei-Mei Johns", "mei-mei.johns"),
        ("Ed Ü", "ed.u"),
        ("张伟", "zhangwei"),
        ("O'Neil", "o.neil"),
        ("欧阳 娜娜", "ouyangnana"),
        ("…", "user"),
    ],
)
def test_addresses_are_made_of_names(name: str, part: str) -> None:
    assert address_part(name) == part


def test_two_people_whose_names_sound_alike_have_two_addresses() -> None:
    users: dict[str, str] = {}
    for name, address in (
        ("张伟", "zhangwei@x"),
        ("章伟", "zhangwei2@x"),
        ("张玮", "zhangwei3@x"),
    ) * 2:
        assert address_for(name, "x", users) == address
        users[address] = name
