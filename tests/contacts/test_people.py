"""Contacts (people) over HTTP: names, places in accounts, reporting lines."""

from typing import Any
from uuid import uuid4

import pytest
from uuid_utils.compat import uuid7

from tests.factories import Clients, Organisation

PATH = "/v1/contacts"


async def made(client: Clients, user: Any, path: str = PATH, **fields: Any) -> dict[str, Any]:
    answer = await client(user).post(path, json=fields)
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


@pytest.mark.parametrize(
    ("given", "family", "whole"),
    [
        ("三", "张", "张三"),
        ("Ann", "Lee", "Ann Lee"),
        ("太郎", "山田", "山田太郎"),
        ("Ann", None, "Ann"),
    ],
)
async def test_a_whole_name_is_put_together_as_people_write_it(
    client: Clients, organisation: Organisation, given: str, family: str | None, whole: str
) -> None:
    names = {"given_name": given} | ({"family_name": family} if family else {})
    assert (await made(client, organisation.rep, **names))["name"] == whole


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "name"),
        ({"name": "x", "birthday": "1980-02-30"}, "birthday"),
        ({"name": "x", "birthday": "--13-01"}, "birthday"),
        ({"name": "x", "time_zone": "Mars/Base"}, "time_zone"),
        ({"name": "x", "language": "???"}, "language"),
        ({"name": "x", "reports_to_id": str(uuid4())}, "reports_to_id"),
        ({"name": "x", "accounts": [{"account_id": str(uuid4())}]}, "accounts"),
        ({"name": "x", "accounts": [{"account_id": "no"}]}, "accounts.0.account_id"),
    ],
)
async def test_bad_fields_are_named(
    client: Clients, organisation: Organisation, sent: dict[str, Any], field: str
) -> None:
    answer = await client(organisation.rep).post(PATH, json=sent)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"]


async def test_a_birthday_may_lack_its_year(client: Clients, organisation: Organisation) -> None:
    assert (await made(client, organisation.rep, name="x", birthday="--02-29"))[
        "birthday"
    ] == "--02-29"


async def test_a_person_belongs_to_several_accounts_with_a_role_in_each(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    one = await made(client, organisation.rep, "/v1/accounts", name="One")
    two = await made(client, organisation.rep, "/v1/accounts", name="Two")
    links = [
        {"account_id": one["id"], "role": "buyer", "stance": "neutral"},
        {"account_id": two["id"], "role": "champion", "is_primary": True},
    ]
    person = await made(client, organisation.rep, name="张三", accounts=links)
    assert [(link["account_id"], link["is_primary"]) for link in person["accounts"]] == [
        (two["id"], True), (one["id"], False),
    ]  # fmt: skip
    assert (await rep.get(f"{PATH}/{person['id']}")).json() == person
    for account in (one, two):
        found = await rep.get(PATH, params={"account_id": account["id"]})
        assert [row["id"] for row in found.json()["data"]] == [person["id"]]
    answer = await rep.patch(f"{PATH}/{person['id']}", json={"accounts": links[:1]})
    assert [link["account_id"] for link in answer.json()["accounts"]] == [one["id"]]
    assert answer.json()["accounts"][0]["is_primary"] is True
    history = (await rep.get(f"{PATH}/{person['id']}/history")).json()["data"]
    assert history[0]["changed"] == ["accounts"]
    assert history[0]["before"]["accounts"] == person["accounts"]


async def test_an_account_that_the_caller_does_not_see_cannot_be_linked(
    client: Clients, organisation: Organisation
) -> None:
    hidden = await made(client, organisation.other_rep, "/v1/accounts", name="Hidden")
    sent = {"name": "x", "accounts": [{"account_id": hidden["id"]}]}
    answer = await client(organisation.rep).post(PATH, json=sent)
    assert answer.status_code == 422
    assert "Hidden" not in answer.text


async def test_the_org_chart_is_the_tree_of_who_reports_to_whom(
    client: Clients, organisation: Organisation
) -> None:
    account = await made(client, organisation.rep, "/v1/accounts", name="One")
    link = {"accounts": [{"account_id": account["id"], "role": "decision_maker"}]}
    boss = await made(client, organisation.rep, name="Boss", **link)
    await made(client, organisation.rep, name="Ann", reports_to_id=boss["id"], **link)
    bob = await made(client, organisation.rep, name="Bob", reports_to_id=boss["id"], **link)
    await made(client, organisation.rep, name="Cy", reports_to_id=bob["id"], **link)
    chart = (await client(organisation.rep).get(f"/v1/accounts/{account['id']}/org-chart")).json()
    (top,) = chart["people"]
    assert (top["name"], top["role"]) == ("Boss", "decision_maker")
    assert [p["name"] for p in top["reports"]] == ["Ann", "Bob"]
    assert [p["name"] for p in top["reports"][1]["reports"]] == ["Cy"]


async def test_a_chain_of_three_hundred_superiors_is_a_chart(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = (await rep.post("/v1/accounts", json={"name": "Acme"})).json()
    ids = [str(uuid7()) for _ in range(300)]
    people = [
        {"op": "create", "id": id, "data": {"name": f"Person {n}", "reports_to_id": ids[n - 1] if n else None,
         "accounts": [{"account_id": account["id"]}]}}
        for n, id in enumerate(ids)
    ]  # fmt: skip
    made = await rep.post("/v1/contacts/batch", json={"operations": people})
    assert made.status_code == 200, made.text

    answer = await rep.get(f"/v1/accounts/{account['id']}/org-chart")

    assert answer.status_code == 200, answer.text
    found, tops = [], answer.json()["people"]
    assert [top["id"] for top in tops] == [ids[0], ids[100], ids[200]]
    for top in tops:
        while top is not None:
            found.append(top["id"])
            top = next(iter(top["reports"]), None)
    assert found == ids


async def test_nobody_reports_to_themselves_by_any_way(
    client: Clients, organisation: Organisation
) -> None:
    boss = await made(client, organisation.rep, name="Boss")
    ann = await made(client, organisation.rep, name="Ann", reports_to_id=boss["id"])
    for superior in (boss["id"], ann["id"]):
        answer = await client(organisation.rep).patch(
            f"{PATH}/{boss['id']}", json={"reports_to_id": superior}
        )
        assert answer.status_code == 409
        assert "reports_to_id" in answer.json()["errors"]


@pytest.mark.parametrize("spelling", ["13800138000", "+86 138-0013-8000", "0086 138 0013 8000"])
async def test_a_phone_number_is_found_in_any_spelling(
    client: Clients, organisation: Organisation, spelling: str
) -> None:
    person = await made(
        client,
        organisation.rep,
        name="张三",
        phones=[{"number": "138 0013 8000", "kind": "mobile"}],
    )
    found = await client(organisation.rep).get(PATH, params={"phone": spelling})
    assert [row["id"] for row in found.json()["data"]] == [person["id"]]


async def test_an_email_is_found_whatever_its_case(
    client: Clients, organisation: Organisation
) -> None:
    await made(client, organisation.rep, name="x", emails=[{"address": "Zhang.San@weilai.example"}])
    found = await client(organisation.rep).get(PATH, params={"email": "zhang.san@WEILAI.example"})
    assert len(found.json()["data"]) == 1
