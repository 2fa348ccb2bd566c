"""What becomes of rows that are there already, and who may change what."""

from typing import Any

import pytest

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation

TWICE = "external_id,name,industry\nA1,Acme,retail\nA2,Beta,food\n" + "".join(
    f"F{n},Filler {n},x\n" for n in range(9)
)
AGAIN = "A1,Acme,software\n"  # a chunk further down


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in found["job"]["counts"].items() if count}


@pytest.mark.parametrize(
    ("duplicates", "expected", "industry"),
    [
        ("skip", {"created": 11, "skipped": 1}, ["retail"]),
        ("update", {"created": 11, "updated": 1}, ["software"]),
        ("create", {"created": 12}, ["retail", "software"]),
        ("refuse", {"created": 11, "refused": 1}, ["retail"]),
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_row_that_is_further_up_in_the_file(
    send: Sender, duplicates: str, expected: dict[str, int], industry: list[str], dry_run: bool
) -> None:
    found = await send(TWICE + AGAIN, key="external_id", duplicates=duplicates, dry_run=dry_run)

    assert counts(found) == expected
    stored = [each["industry"] for each in await send.records(external_id="A1")]
    assert stored == ([] if dry_run else industry)


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("external_id", "A1,other,,,"),
        ("email", ",other,INFO@acme.example,,"),
        ("phone", ",other,,0086 138 0013 8000,"),
        ("domain", ",other,,,https://www.acme.example/de"),
        ("name", ",ＡＣＭＥ  gmbh,,,"),
    ],
)
async def test_each_key_recognises_a_record_that_the_api_made(
    send: Sender, key: str, row: str
) -> None:
    made = await send.client.post("/v1/accounts", json={
        "name": "Acme GmbH", "external_id": "A1", "domain": "acme.example",
        "emails": [{"address": "info@acme.example"}], "phones": [{"number": "13800138000"}],
    })  # fmt: skip
    assert made.status_code == 201, made.text

    header = "external_id,name,email,phone,domain,industry\n"
    found = await send(f"{header}{row},food\n", key=key, duplicates="update")

    (stored,) = await send.records()
    assert counts(found) == {"updated": 1}
    assert (stored["id"], stored["version"], stored["industry"]) == (made.json()["id"], 2, "food")


async def test_an_update_leaves_the_event_that_a_request_would_leave(send: Sender) -> None:
    bodies = [{"name": f"Acme {n}", "external_id": f"A{n}", "tags": ["old"]} for n in (1, 2)]
    made = [(await send.client.post("/v1/accounts", json=body)).json() for body in bodies]
    change = {"industry": "food", "tags": ["a", "b"], "revenue": {"amount": "5.00", "currency": "CNY"},
              "phones": [{"number": "13800138000"}]}  # fmt: skip
    await send.client.patch(f"/v1/accounts/{made[0]['id']}", json=change)
    await send(
        "external_id,industry,tags,revenue,phone\nA2,food,b;a,5,13800138000\n",
        key="external_id", duplicates="update",
    )  # fmt: skip

    answer = await send.client.get("/v1/events", params={"types": "contacts.account.updated"})
    by_request, by_import = (event["data"] for event in answer.json())
    assert by_import["changed"] == by_request["changed"]
    assert by_import["before"] == by_request["before"]
    differing = {n for n, v in by_import["state"].items() if by_request["state"][n] != v}
    assert differing == {"id", "name", "external_id", "created_at", "updated_at"}
    stored = (await send.client.get(f"/v1/accounts/{made[1]['id']}")).json()
    assert by_import["state"] == stored


async def test_a_row_that_changes_nothing_leaves_the_record_alone(send: Sender) -> None:
    await send(TWICE)
    found = await send(TWICE, key="external_id", duplicates="update")

    assert counts(found) == {"unchanged": 11}
    assert {each["version"] for each in await send.records()} == {1}


async def test_a_key_that_two_records_have_is_refused(send: Sender) -> None:
    await send("external_id,name\nA1,One\nA1,Two\n")
    found = await send("external_id,name\nA1,Three\n", key="external_id", duplicates="update")

    assert counts(found) == {"refused": 1}
    assert "2 accounts have this external_id" in await send.errors(found["id"])


async def test_a_rep_changes_only_records_that_they_may_change(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    rep = send.by(client(organisation.rep))
    await rep("external_id,name\nR1,Of the rep\n")
    await send.by(client(organisation.other_rep))("external_id,name\nO1,Of somebody else\n")

    found = await rep(
        "external_id,name,industry\nR1,Of the rep,food\nO1,Stolen,food\n",
        key="external_id", duplicates="update",
    )  # fmt: skip

    assert counts(found) == {"updated": 1, "refused": 1}
    assert "belongs to an account that you may not change" in await rep.errors(found["id"])
    stored = {each["external_id"]: each["name"] for each in await send.records()}
    assert stored == {"R1": "Of the rep", "O1": "Of somebody else"}


async def test_owner_and_creation_are_kept(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    rep = f"Rep@{organisation.id}.example"
    found = await send(
        "name,owner,created\n"
        f"Kept,{rep},2019-03-05 10:20\n"
        "Mine,,\n"
        "Lost,nobody@x.example,\n"
    )  # fmt: skip

    kept, mine = await send.records()
    assert counts(found) == {"created": 2, "refused": 1}
    assert kept["owner_id"] == str(organisation.rep.id)
    assert kept["created_at"] == "2019-03-05T02:20:00Z"  # local time of the organisation
    assert mine["owner_id"] == str(organisation.admin.id)
    assert "'nobody@x.example' is no user known here" in await send.errors(found["id"])
    seen = await send.by(client(organisation.rep)).records()
    assert [each["name"] for each in seen] == ["Kept"]


async def test_a_rep_gives_records_to_nobody_whom_they_do_not_lead(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    rep = send.by(client(organisation.rep))
    found = await rep(f"name,owner\nGift,other_rep@{organisation.id}.example\n")

    assert counts(found) == {"refused": 1}


async def test_ids_are_taken_and_refused_like_the_apis(send: Sender) -> None:
    fresh = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"
    gone = (await send.client.post("/v1/accounts", json={"name": "Gone"})).json()["id"]
    await send.client.delete(f"/v1/accounts/{gone}")

    found = await send(f"id,name\n{fresh},New\n{fresh},Twice\n{gone},Back\nx,None\n")

    assert counts(found) == {"created": 1, "refused": 3}
    errors = await send.errors(found["id"])
    assert "There is an account with this id already" in errors
    assert "was deleted; restore it instead" in errors
    assert [each["id"] for each in await send.records()] == [fresh]


async def test_rows_without_a_name_can_only_change_what_is_there(send: Sender) -> None:
    await send("external_id,name\nA1,Acme\n")
    found = await send(
        "external_id,industry\nA1,food\nA2,food\n", key="external_id", duplicates="update"
    )

    assert counts(found) == {"updated": 1, "refused": 1}
    assert "A new account needs a name" in await send.errors(found["id"])


async def test_custom_fields_are_held_to_their_definitions(send: Sender) -> None:
    field = {"resource": "accounts", "key": "seats", "label": {"en": "Seats"}, "kind": "integer"}
    made = await send.client.post("/v1/fields", json=field)
    assert made.status_code == 201, made.text

    found = await send("name,custom.seats\nAcme,12\nBeta,many\n")

    assert counts(found) == {"created": 1, "refused": 1}
    (stored,) = await send.records()
    assert stored["custom"] == {"seats": 12}
