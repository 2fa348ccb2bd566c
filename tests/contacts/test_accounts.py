"""Accounts over HTTP: names, money, phones, trees, patches, versions."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation

PATH = "/v1/accounts"


async def created(client: Clients, user: Any, **fields: Any) -> dict[str, Any]:
    answer = await client(user).post(PATH, json={"name": "北京未来科技有限公司", **fields})
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


async def test_a_created_account_reads_back_as_the_create_answered(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    sent = {
        "name": "北京未来科技有限公司", "legal_name": "北京未来科技股份有限公司", "short_name": "未来科技",
        "local_name": "北京未來科技", "industry": "software", "region": "华北", "source": "展会",
        "domain": "https://www.Weilai.example/about", "founded_year": 1999, "staff_count": 240,
        "revenue": {"amount": "86000000", "currency": "CNY"}, "credit_limit": {"amount": "500000", "currency": "EUR"},
        "phones": [{"number": "010-6554 4321"}], "emails": [{"address": "Info@Weilai.example"}],
        "addresses": [{"city": "北京", "latitude": 39.98, "longitude": 116.31}],
        "key_account": {"plan": "year plan"}, "tags": ["b", "a", "b"], "grade": "A",
    }  # fmt: skip
    answer = await rep.post(PATH, json=sent)
    assert answer.status_code == 201, answer.text
    record = answer.json()
    assert answer.headers["location"] == f"{PATH}/{record['id']}"
    assert record["revenue"] == {"amount": "86000000.00", "currency": "CNY"}
    assert record["credit_limit"] == {"amount": "500000.00", "currency": "EUR"}
    assert record["phones"][0] == {
        "number": "010-6554 4321", "kind": "work", "is_primary": True, "e164": "+861065544321",
    }  # fmt: skip
    assert record["domain"] == "weilai.example"
    assert record["tags"] == ["a", "b"]
    assert (record["latitude"], record["longitude"]) == (39.98, 116.31)
    assert record["owner_id"] == str(organisation.rep.id)
    read = await rep.get(f"{PATH}/{record['id']}")
    assert read.json() == record
    assert read.headers["etag"] == answer.headers["etag"] == '"1"'


async def test_a_credit_limit_is_filtered_by_changed_and_kept_in_the_history(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    limit = {"amount": "500.00", "currency": "EUR"}
    made = (await rep.post(PATH, json={"name": "Acme", "credit_limit": limit})).json()
    await rep.post(PATH, json={"name": "Beta", "credit_limit": limit | {"amount": "0"}})
    await rep.post(PATH, json={"name": "Cui"})

    async def named(**asked: str) -> set[str]:
        answer = await rep.get(PATH, params=asked)
        assert answer.status_code == 200, answer.text
        return {each["name"] for each in answer.json()["data"]}

    assert await named(**{"credit_limit[gte]": "0"}) == {"Acme", "Beta"}
    assert await named(**{"credit_limit[gt]": "0", "credit_limit.currency": "EUR"}) == {"Acme"}
    assert await named(**{"credit_limit[is_null]": "true"}) == {"Cui"}
    one = f"{PATH}/{made['id']}"
    assert (await rep.patch(one, json={"credit_limit": None})).json()["credit_limit"] is None
    told = (await rep.get(f"{one}/history")).json()["data"]
    assert {each["version"] for each in told} == {1, 2}
    assert any("credit_limit" in each["changed"] for each in told)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "A\x00B"}, "name"),
        ({"name": "x", "revenue": {"amount": "1.234", "currency": "CNY"}}, "revenue"),
        ({"name": "x", "revenue": {"amount": "1.5", "currency": "JPY"}}, "revenue"),
        ({"name": "x", "revenue": {"amount": "1", "currency": "XYZ"}}, "revenue"),
        ({"name": "x", "credit_limit": {"amount": "-0.01", "currency": "CNY"}}, "credit_limit"),
        ({"name": "x", "credit_limit": {"amount": "1.5", "currency": "JPY"}}, "credit_limit"),
        ({"name": "x", "credit_limit": 3}, "credit_limit"),
        ({"name": "x", "grade": "E"}, "grade"),
        ({"name": "x", "staff_count": -1}, "staff_count"),
        ({"name": "x", "nonsense": 1}, "nonsense"),
        ({"name": "x", "version": 9}, "version"),
        ({"name": "x", "organisation_id": str(uuid4())}, "organisation_id"),
        ({"name": "x", "emails": [{"address": "nobody"}]}, "emails.0"),
        ({"name": "x", "addresses": [{"latitude": 91}]}, "addresses.0.latitude"),
        ({"name": "x", "parent_id": str(uuid4())}, "parent_id"),
        ({"name": "x", "referred_by_id": str(uuid4())}, "referred_by_id"),
        ({"name": "x", "owner_id": str(uuid4())}, "owner_id"),
        ({"name": "x", "team_id": str(uuid4())}, "team_id"),
        ({"name": "x", "custom": {"unknown": 1}}, "custom.unknown"),
    ],
)
async def test_bad_fields_are_named_and_nothing_is_written(
    client: Clients, organisation: Organisation, sent: dict[str, Any], field: str
) -> None:
    admin = client(organisation.admin)
    answer = await admin.post(PATH, json=sent)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in answer.json()["errors"]
    listed = await admin.get(PATH, params={"total": "exact"})
    assert listed.json()["page"]["total"] == 0


async def test_a_patch_changes_what_is_sent_and_null_takes_away(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = await created(
        client, organisation.rep, industry="software", tags=["a"],
        key_account={"plan": "old", "honours": "prize"},
    )  # fmt: skip
    answer = await rep.patch(
        f"{PATH}/{account['id']}",
        json={"industry": None, "tags": None, "key_account": {"plan": "new", "honours": None}},
    )
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert (changed["industry"], changed["tags"]) == (None, [])
    assert changed["key_account"] == {"plan": "new"}
    assert changed["name"] == account["name"]
    assert changed["version"] == 2


async def test_a_patch_that_changes_nothing_keeps_the_version_and_leaves_no_event(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = await created(client, organisation.rep, industry="software")
    answer = await rep.patch(f"{PATH}/{account['id']}", json={"industry": "software"})
    assert answer.json() == account
    history = (await rep.get(f"{PATH}/{account['id']}/history")).json()["data"]
    assert [entry["type"] for entry in history] == ["contacts.account.created"]


async def test_the_parents_of_accounts_cannot_form_a_cycle(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    top = await created(client, organisation.rep, name="Top")
    middle = await created(client, organisation.rep, name="Middle", parent_id=top["id"])
    bottom = await created(client, organisation.rep, name="Bottom", parent_id=middle["id"])
    for parent in (bottom["id"], top["id"]):
        answer = await rep.patch(f"{PATH}/{top['id']}", json={"parent_id": parent})
        assert answer.status_code == 409, answer.text
        assert "parent_id" in answer.json()["errors"]


async def test_two_moves_at_once_cannot_close_a_cycle_between_them(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for _ in range(5):
        one = await created(client, organisation.rep, name="One")
        two = await created(client, organisation.rep, name="Two")
        answers = await asyncio.gather(
            rep.patch(f"{PATH}/{one['id']}", json={"parent_id": two["id"]}),
            rep.patch(f"{PATH}/{two['id']}", json={"parent_id": one["id"]}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_of_two_patches_of_one_version_one_wins_and_the_other_learns_what_changed(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = await created(client, organisation.rep)
    guarded = {"If-Match": '"1"'}
    answers = await asyncio.gather(
        rep.patch(f"{PATH}/{account['id']}", json={"industry": "one"}, headers=guarded),
        rep.patch(f"{PATH}/{account['id']}", json={"region": "two"}, headers=guarded),
    )
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 412)
    assert lost.json()["current"] == won.json()
    assert len(lost.json()["differs"]) == 1
    assert lost.headers["etag"] == '"2"'


async def test_a_create_with_the_clients_id_is_repeatable_and_never_overwrites(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    sent = {"id": str(new_id()), "name": "Acme", "phones": [{"number": "138 0013 8000"}]}
    first = await rep.post(PATH, json=sent)
    again = await rep.post(PATH, json=sent)
    other = await rep.post(PATH, json={**sent, "name": "Other"})
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 409]
    assert again.json() == first.json()
    stranger = await client(organisation.other_rep).post(PATH, json=sent)
    assert stranger.status_code == 409
    assert "Acme" not in stranger.text


async def test_the_same_id_in_two_organisations_is_two_records(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    sent = {"id": str(new_id()), "name": "Acme"}
    for each in (organisation, other_organisation):
        assert (await client(each.rep).post(PATH, json=sent)).status_code == 201


async def test_only_people_one_leads_can_be_given_a_record(
    client: Clients, organisation: Organisation
) -> None:
    account = await created(client, organisation.rep)
    to_other = {"owner_id": str(organisation.other_rep.id)}
    refused = await client(organisation.rep).patch(f"{PATH}/{account['id']}", json=to_other)
    assert refused.status_code == 403
    to_rep2 = {"owner_id": str(organisation.rep2.id)}
    given = await client(organisation.manager).patch(f"{PATH}/{account['id']}", json=to_rep2)
    assert given.status_code == 200, given.text
    assert (await client(organisation.rep).get(f"{PATH}/{account['id']}")).status_code == 404
    assert (await client(organisation.rep2).get(f"{PATH}/{account['id']}")).status_code == 200


async def test_an_account_includes_only_the_people_the_caller_sees(
    client: Clients, organisation: Organisation
) -> None:
    account = await created(client, organisation.rep)
    links = [{"account_id": account["id"], "role": "buyer"}]
    for user, name in ((organisation.rep, "张三"), (organisation.admin, "李四")):
        answer = await client(user).post("/v1/contacts", json={"name": name, "accounts": links})
        assert answer.status_code == 201, answer.text
    seen = {}
    for user in (organisation.rep, organisation.admin):
        found = await client(user).get(PATH, params={"include": "contacts"})
        seen[user.name] = [c["name"] for c in found.json()["data"][0]["contacts"]]
    assert seen == {"rep": ["张三"], "admin": ["张三", "李四"]}


async def test_two_records_of_different_kinds_may_share_an_id_and_keep_their_own_history(
    client: Clients, organisation: Organisation
) -> None:
    """A client brings the ids; the log must not mix an account with a person of the same id."""
    rep, shared_id = client(organisation.rep), str(new_id())
    account = await created(client, organisation.rep, id=shared_id, name="Account")
    person = await rep.post("/v1/contacts", json={"id": shared_id, "name": "Person"})
    await rep.patch(f"/v1/contacts/{shared_id}", json={"title": "changed"})
    assert person.status_code == 201
    history = (await rep.get(f"{PATH}/{shared_id}/history")).json()["data"]
    assert [entry["type"] for entry in history] == ["contacts.account.created"]
    past = await rep.get(f"{PATH}/{shared_id}", params={"as_of": "now"})
    assert past.json() == account
    stale = await rep.patch(
        f"/v1/contacts/{shared_id}", json={"title": "x"}, headers={"If-Match": '"1"'}
    )
    assert stale.json()["differs"] == ["title"]


@pytest.mark.parametrize("how", ["list", "search"])
async def test_what_is_included_takes_the_permission_to_read_it(
    client: Clients, organisation: Organisation, how: str
) -> None:
    asking = client(organisation.admin.but(scopes=("accounts:read",)))
    if how == "list":
        answer = await asking.get(PATH, params={"include": "contacts"})
    else:
        answer = await asking.post(f"{PATH}/search", json={"include": ["contacts"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


@pytest.mark.parametrize(
    "path", [f"{PATH}/tags", "/v1/merges", "/v1/jobs", "/v1/search?q=a", f"{PATH}/%s/timeline"]
)
@pytest.mark.parametrize("limit", ["000000001000000", "000001999999", "000000001" + "0" * 4300])
async def test_no_limit_hides_behind_zeros(
    client: Clients, organisation: Organisation, path: str, limit: str
) -> None:
    account = await created(client, organisation.rep, name="x")
    asked = path.replace("%s", account["id"])
    joint = "&" if "?" in asked else "?"
    answer = await client(organisation.rep).get(f"{asked}{joint}limit={limit}")
    assert (answer.status_code, *answer.json()["errors"]) == (400, "limit"), answer.text
