"""The check for duplicates: what is found, why, and what it says of records that one may not see."""

import json
from typing import Any

import pytest

from tests.factories import Clients, Organisation, User, apply_to_directory, directory_event

NAME = "北京未来科技有限公司"
SECRET_FIELDS = {
    "name": NAME, "legal_name": "绝密法定名称", "domain": "geheim.example", "website": "https://geheim.example/x",
    "industry": "secret-industry", "external_id": "secret-17",
    "phones": [{"number": "010-6554 4321"}], "emails": [{"address": "secret@geheim.example"}],
}  # fmt: skip


async def make(client: Clients, user: User, resource: str = "accounts", **fields: Any) -> Any:
    answer = await client(user).post(f"/v1/{resource}", json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def check(
    client: Clients, user: User, resource: str = "accounts", *, similar: bool = False, **fields: Any
) -> list[dict[str, Any]]:
    params = {"similar": "true"} if similar else {}
    answer = await client(user).post(f"/v1/{resource}/check-duplicate", params=params, json=fields)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["candidates"]
    return found


def kinds(candidate: dict[str, Any]) -> set[str]:
    return {reason["kind"] for reason in candidate["reasons"]}


@pytest.mark.parametrize(
    ("sent", "kind", "field"),
    [
        ({"name": "北京未來科技股份有限公司"}, "company_name", "name"),
        ({"name": "Ｂeijing Weilai Keji"}, "pinyin", "name"),
        ({"name": "x", "phones": [{"number": "+86 10 65544321"}]}, "phone", "phones"),
        ({"emails": [{"address": "INFO@weilai.example"}]}, "email", "emails"),
        ({"emails": [{"address": "sales@weilai.example"}]}, "domain", "emails"),
        ({"website": "https://www.weilai.example/about"}, "domain", "website"),
        ({"external_id": "7"}, "external_id", "external_id"),
    ],
)
async def test_an_account_is_found_by(
    client: Clients, organisation: Organisation, sent: dict[str, Any], kind: str, field: str
) -> None:
    made = await make(
        client, organisation.rep, name=NAME, phones=[{"number": "010-6554 4321"}], external_id="7",
        emails=[{"address": "info@weilai.example"}], domain="weilai.example",
    )  # fmt: skip
    await make(client, organisation.rep, name="中兴通讯", domain="zte.example")
    (found,) = await check(client, organisation.rep, **sent)
    assert found["id"] == made["id"]
    assert found["record"] == made
    assert {"field": field, "kind": kind} in [
        {"field": each["field"], "kind": each["kind"]} for each in found["reasons"]
    ]
    assert found["owner"] == {"id": str(organisation.rep.id), "name": "rep"}


async def test_a_person_is_found_by_the_name_in_pinyin_and_by_an_account_more_surely(
    client: Clients, organisation: Organisation
) -> None:
    account = await make(client, organisation.rep, name=NAME)
    links = [{"account_id": account["id"]}]
    made = await make(client, organisation.rep, "contacts", name="张三", accounts=links)
    (by_name,) = await check(client, organisation.rep, "contacts", name="San Zhang")
    assert (by_name["id"], by_name["level"]) == (made["id"], "possible")
    assert kinds(by_name) == {"pinyin"}
    (with_account,) = await check(
        client, organisation.rep, "contacts", family_name="张", given_name="三", accounts=links
    )
    assert with_account["level"] == "likely"
    assert with_account["record"] == made
    assert kinds(with_account) == {"name", "account"}


async def test_of_an_invisible_record_only_existence_reasons_and_the_owners_name_are_said(
    client: Clients, organisation: Organisation
) -> None:
    secret = await make(client, organisation.rep, **SECRET_FIELDS)
    (found,) = await check(client, organisation.other_rep, name="北京未來科技集团")
    assert found == {
        "id": None, "score": 0.72, "level": "likely", "is_visible": False, "record": None,
        "owner": {"id": None, "name": "rep"},
        "reasons": [{"field": "name", "kind": "company_name", "detail": found["reasons"][0]["detail"]}],
    }  # fmt: skip
    text = json.dumps(found, ensure_ascii=False)
    for value in (secret["id"], str(organisation.rep.id), "绝密", "geheim", "secret", "6554"):
        assert value not in text
    assert NAME not in text  # the caller sent another spelling


async def test_the_score_of_an_invisible_record_does_not_follow_what_is_stored(
    client: Clients, organisation: Organisation
) -> None:
    """Else its name could be found out letter by letter."""
    await make(client, organisation.rep, name="Hidden Harbour Shipping", domain="h.example")
    scores = set()
    for guess in ("Zzz", "Hidden", "Hidden Harbour", "Hidden Harbour Shippin"):
        (found,) = await check(
            client, organisation.other_rep, name=guess, domain="h.example", similar=True
        )
        scores.add(found["score"])
        assert kinds(found) == {"domain"}
    assert len(scores) == 1
    assert await check(
        client, organisation.other_rep, name="Hidden Harbour Shippin", similar=True
    ) == []  # fmt: skip


async def test_nothing_of_another_organisation_is_known(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    await make(client, organisation.rep, **SECRET_FIELDS)
    assert await check(client, other_organisation.admin, **SECRET_FIELDS) == []


async def test_nearly_the_same_spelling_is_found_when_asked_for(
    client: Clients, organisation: Organisation
) -> None:
    made = await make(client, organisation.rep, name="Harbour Shipping Ltd")
    assert await check(client, organisation.rep, name="Harbuor Shipping") == []
    (found,) = await check(client, organisation.rep, name="Harbuor Shipping", similar=True)
    assert (found["id"], found["level"]) == (made["id"], "possible")
    assert kinds(found) == {"similar_name"}


async def test_a_record_is_no_duplicate_of_itself_and_deleted_ones_do_not_count(
    client: Clients, organisation: Organisation
) -> None:
    one = await make(client, organisation.rep, name=NAME)
    other = await make(client, organisation.rep, name="北京未來科技")
    rep = client(organisation.rep)
    path = f"/v1/accounts/{one['id']}/duplicates"
    (found,) = (await rep.get(path)).json()["candidates"]
    assert found["id"] == other["id"]
    (checked,) = await check(client, organisation.rep, id=one["id"], name=NAME)
    assert checked["id"] == other["id"]
    await rep.delete(f"/v1/accounts/{other['id']}")
    assert (await rep.get(path)).json() == {"candidates": []}
    assert (await client(organisation.other_rep).get(path)).status_code == 404


async def test_the_keys_follow_an_update(client: Clients, organisation: Organisation) -> None:
    made = await make(client, organisation.rep, name=NAME)
    rep = client(organisation.rep)
    await rep.patch(f"/v1/accounts/{made['id']}", json={"website": "https://w.example"})
    assert len(await check(client, organisation.rep, domain="w.example")) == 1
    await rep.patch(f"/v1/accounts/{made['id']}", json={"website": None, "name": "中兴"})
    assert await check(client, organisation.rep, domain="w.example", name=NAME) == []


async def test_those_of_a_free_mail_provider_are_no_duplicates(
    client: Clients, organisation: Organisation
) -> None:
    await make(client, organisation.rep, name="A", emails=[{"address": "a@qq.com"}])
    found = await check(client, organisation.rep, name="B", emails=[{"address": "b@qq.com"}])
    assert found == []


async def test_nothing_sent_finds_nothing(client: Clients, organisation: Organisation) -> None:
    await make(client, organisation.rep, name=NAME)
    assert await check(client, organisation.rep) == []
    assert await check(client, organisation.rep, industry="software") == []


@pytest.mark.parametrize(
    ("params", "body", "status", "field"),
    [
        ({"similar": "maybe"}, {"name": "x"}, 400, "similar"),
        ({"nonsense": "1"}, {"name": "x"}, 400, "nonsense"),
        ({}, {"nonsense": 1}, 422, "nonsense"),
        ({}, {"emails": [{"address": "nobody"}]}, 422, "emails.0"),
    ],
)
async def test_bad_checks_name_the_field(
    client: Clients, organisation: Organisation, params: dict[str, str], body: Any, status: int,
    field: str,
) -> None:  # fmt: skip
    answer = await client(organisation.rep).post(
        "/v1/accounts/check-duplicate", params=params, json=body
    )
    assert answer.status_code == status, answer.text
    assert field in answer.json()["errors"]


async def test_the_check_needs_the_permission_to_create(
    client: Clients, organisation: Organisation
) -> None:
    reader = organisation.rep.but(permissions=("accounts:read",))
    answer = await client(reader).post("/v1/accounts/check-duplicate", json={"name": NAME})
    assert answer.status_code == 403


async def test_an_owner_who_is_renamed_is_named_anew(
    client: Clients, organisation: Organisation, service_database: Any
) -> None:
    await make(client, organisation.rep, name=NAME)
    state = {"id": str(organisation.rep.id), "name": "李雷", "email": "l@x.example", "is_active": True,
             "sees_team": [], "sees_subtree": [], "teams": [], "subtree_teams": []}  # fmt: skip
    event = directory_event(organisation.id, "user", state, version=2, verb="updated")
    await apply_to_directory(service_database, [event])
    (found,) = await check(client, organisation.other_rep, name=NAME)
    assert found["owner"] == {"id": None, "name": "李雷"}
