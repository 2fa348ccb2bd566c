"""Merging: whose values win, what moves, who is told, where the merged ids lead."""

from typing import Any
from uuid import uuid4

import pytest

from guanxi_shared.edge import Edge
from tests.contacts.merges.merging import MERGES, NAME, make, merge, merged, read
from tests.factories import Clients, Organisation


async def test_the_survivors_values_win_gaps_are_filled_and_lists_united(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor = await make(
        client, rep, industry="software", phones=[{"number": "010-6554 4321"}], tags=["a"],
        key_account={"plan": "ours"},
    )  # fmt: skip
    source = await make(
        client, rep, name="北京未來科技", industry="education", region="华北", tags=["b", "a"],
        revenue={"amount": "86000000.00", "currency": "CNY"}, domain="weilai.example",
        credit_limit={"amount": "0.00", "currency": "EUR"},
        phones=[{"number": "+86 10 6554 4321"}, {"number": "13800138000", "is_primary": True}],
        emails=[{"address": "info@weilai.example"}], staff_count=7,
        addresses=[{"city": "北京", "latitude": 39.9, "longitude": 116.3}],
        key_account={"plan": "theirs", "honours": "many"},
    )  # fmt: skip
    done = await merged(client, rep, survivor, source)
    assert (done["status"], done["source_ids"]) == ("done", [source["id"]])
    now = await read(client, rep, survivor)
    assert (now["name"], now["industry"], now["region"]) == (NAME, "software", "华北")
    assert [each["number"] for each in now["phones"]] == ["010-6554 4321", "13800138000"]
    assert [each["is_primary"] for each in now["phones"]] == [True, False]
    assert now["revenue"] == {"amount": "86000000.00", "currency": "CNY"}
    assert now["credit_limit"] == {"amount": "0.00", "currency": "EUR"}
    assert (now["tags"], now["staff_count"], now["domain"]) == (["a", "b"], 7, "weilai.example")
    assert now["key_account"] == {"plan": "ours", "honours": "many"}
    assert (now["latitude"], now["longitude"]) == (39.9, 116.3)
    assert now["version"] == survivor["version"] + 1
    found = await client(rep).get("/v1/accounts", params={"phone": "13800138000"})
    assert [row["id"] for row in found.json()["data"]] == [survivor["id"]]


async def test_single_fields_are_chosen(client: Clients, organisation: Organisation) -> None:
    admin = organisation.admin
    kind = {"resource": "accounts", "key": "vat", "label": {"en": "VAT"}, "kind": "text"}
    assert (await client(admin).post("/v1/fields", json=kind)).status_code == 201
    one = await make(client, admin, industry="software", custom={"vat": "1"}, tags=["a"])
    other = await make(
        client, admin, name="未来", industry="education", custom={"vat": "2"}, tags=["b"],
        owner_id=str(organisation.rep.id),
    )  # fmt: skip
    choices = dict.fromkeys(["name", "industry", "custom.vat", "tags", "owner_id"], other["id"])
    await merged(client, admin, one, other, fields=choices)
    now = await read(client, admin, one)
    assert (now["name"], now["industry"], now["tags"]) == ("未来", "education", ["b"])
    assert now["custom"] == {"vat": "2"}
    assert now["owner_id"] == str(organisation.rep.id)


async def test_without_a_choice_the_owner_and_team_stay(
    client: Clients, organisation: Organisation
) -> None:
    admin = organisation.admin
    one = await make(client, admin)
    other = await make(client, admin, team_id=str(organisation.teams["a"]))
    await merged(client, admin, one, other)
    now = await read(client, admin, one)
    assert (now["owner_id"], now["team_id"]) == (str(admin.id), None)


async def test_children_move_and_each_tells_of_it(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep)
    child = await make(
        client, rep, name="child", parent_id=source["id"], referred_by_id=source["id"]
    )
    both = await make(
        client, rep, "contacts", name="both",
        accounts=[{"account_id": source["id"], "role": "buyer", "is_primary": True},
                  {"account_id": survivor["id"], "stance": "supporter"}],
    )  # fmt: skip
    one = await make(
        client, rep, "contacts", name="one", accounts=[{"account_id": source["id"], "role": "user"}]
    )
    done = await merged(client, rep, survivor, source)
    assert done["moved"] == {
        "accounts.parent_id": 1, "accounts.referred_by_id": 1, "contact_accounts.account_id": 2
    }  # fmt: skip
    moved = await read(client, rep, child)
    assert (moved["parent_id"], moved["referred_by_id"]) == (survivor["id"], survivor["id"])
    assert moved["version"] == 2
    assert (await read(client, rep, both, "contacts"))["accounts"] == [
        {"account_id": survivor["id"], "role": "buyer", "stance": "supporter", "is_primary": True}
    ]
    assert (await read(client, rep, one, "contacts"))["accounts"][0]["account_id"] == survivor["id"]
    events = (await client(rep).get("/v1/events", params={"limit": 1000})).json()
    told = [(event["type"], event["data"]["id"]) for event in events][5:]
    assert told[0] == ("contacts.account.merged", survivor["id"])
    assert told[-1] == ("contacts.account.deleted", source["id"])
    assert set(told[1:-1]) == {
        ("contacts.account.updated", child["id"]),
        ("contacts.contact.updated", both["id"]),
        ("contacts.contact.updated", one["id"]),
    }
    event = next(e for e in events if e["type"].endswith("merged"))
    assert event["data"]["before"]["merge"] == {
        "id": done["id"], "source_ids": [source["id"]],
        "moved": {"accounts.parent_id": [child["id"]], "accounts.referred_by_id": [child["id"]],
                  "contact_accounts.account_id": sorted([both["id"], one["id"]])},
    }  # fmt: skip
    assert event["data"]["state"] == await read(client, rep, survivor)


async def test_whoever_asked_not_to_be_contacted_has_asked_it_after_a_merge(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    stop = {"do_not_contact": True, "do_not_contact_reason": "asked by letter"}
    survivor = await make(client, rep, "contacts")
    source = await make(client, rep, "contacts", **stop)
    await merged(client, rep, survivor, source, resource="contacts")
    now = await read(client, rep, survivor, "contacts")
    assert {name: now[name] for name in stop} == stop

    other = await make(client, rep, "contacts")
    fields = {"do_not_contact": other["id"]}
    await merged(client, rep, now, other, resource="contacts", fields=fields)
    after = await read(client, rep, survivor, "contacts")
    assert (after["do_not_contact"], after["do_not_contact_reason"]) == (False, None)


async def test_people_are_merged_with_their_places_and_those_below_them(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    first, second = await make(client, rep), await make(client, rep, name="中兴")
    survivor = await make(
        client,
        rep,
        "contacts",
        name="张三",
        accounts=[{"account_id": first["id"], "role": "buyer"}],
    )
    source = await make(
        client, rep, "contacts", name="Zhang San", given_name="San", family_name="Zhang",
        birthday="--03-15", hobbies=["围棋"],
        accounts=[{"account_id": first["id"], "stance": "neutral"}, {"account_id": second["id"]}],
    )  # fmt: skip
    below = await make(client, rep, "contacts", name="below", reports_to_id=source["id"])
    await merged(client, rep, survivor, source, resource="contacts")
    now = await read(client, rep, survivor, "contacts")
    assert (now["name"], now["given_name"], now["birthday"]) == ("张三", "San", "--03-15")
    assert now["accounts"] == [
        {"account_id": first["id"], "role": "buyer", "stance": "neutral", "is_primary": True},
        {"account_id": second["id"], "role": None, "stance": None, "is_primary": False},
    ]
    assert (await read(client, rep, below, "contacts"))["reports_to_id"] == survivor["id"]


@pytest.mark.parametrize("asked", ["source", "chain"])
async def test_a_merged_id_leads_to_the_survivor_at_the_end_of_the_chain(
    client: Clients, organisation: Organisation, asked: str
) -> None:
    rep = organisation.rep
    a, b, c = [await make(client, rep, name=name) for name in "abc"]
    await merged(client, rep, b, a)
    if asked == "chain":
        await merged(client, rep, c, b)
    end = c if asked == "chain" else b
    answer = await client(rep).get(f"/v1/accounts/{a['id']}")
    assert answer.status_code == 308
    assert answer.headers["location"] == f"/v1/accounts/{end['id']}"
    followed = await client(rep).get(f"/v1/accounts/{a['id']}", follow_redirects=True)
    assert followed.json()["id"] == end["id"]
    # Whoever may not see the survivor is not told that there was anything.
    assert (await client(organisation.other_rep).get(f"/v1/accounts/{a['id']}")).status_code == 404
    await client(rep).delete(f"/v1/accounts/{end['id']}")
    assert (await client(rep).get(f"/v1/accounts/{a['id']}")).status_code == 404


async def test_sources_are_neither_listed_nor_searched_nor_written_nor_restored(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor = await make(client, rep, name="survivor")
    source = await make(client, rep, name="unmistakable")
    await merged(client, rep, survivor, source)
    me = client(rep)
    assert [r["id"] for r in (await me.get("/v1/accounts")).json()["data"]] == [survivor["id"]]
    assert (await me.get("/v1/accounts", params={"q": "unmistakable"})).json()["data"] == []
    path = f"/v1/accounts/{source['id']}"
    assert (await me.patch(path, json={"name": "x"})).status_code == 404
    assert (await me.delete(path)).status_code == 404
    restored = await me.post(f"{path}/restore")
    assert (restored.status_code, restored.json()["code"]) == (409, "merged_away")
    again = await merge(client, rep, survivor, source)
    assert (again.status_code, again.json()["code"]) == (409, "merged_away")
    assert "source_ids.0" in again.json()["errors"]
    # What was before is still known to those who saw it.
    assert (await me.get(f"{path}/history")).status_code == 200
    created = (await me.get(f"{path}/history")).json()["data"][-1]["occurred_at"]
    past = await me.get(path, params={"as_of": created})
    assert past.json() == source


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("survivor below source", None),
        ("survivor below child of source", None),
        ("survivor below child of source below top", "top"),
        ("source below survivor", None),
        ("only source has a parent", "top"),
    ],
)
async def test_no_merge_puts_an_account_above_itself(
    client: Clients, organisation: Organisation, relation: str, expected: str | None
) -> None:
    rep = organisation.rep
    top = await make(client, rep, name="top")
    above = top["id"] if "top" in relation or "only" in relation else None
    if relation == "source below survivor":
        survivor = await make(client, rep)
        source = await make(client, rep, parent_id=survivor["id"])
    else:
        source = await make(client, rep, parent_id=above)
        below: str | None = source["id"]
        if "child" in relation:
            below = (await make(client, rep, name="child", parent_id=source["id"]))["id"]
        survivor = await make(client, rep, parent_id=None if "only" in relation else below)
    await merged(client, rep, survivor, source)
    found = (await read(client, rep, survivor))["parent_id"]
    assert found == (top["id"] if expected else None)
    rows = (await client(rep).get("/v1/accounts", params={"name": "child"})).json()["data"]
    assert all(row["parent_id"] == survivor["id"] for row in rows)


async def test_a_deleted_child_moves_silently_and_comes_back_at_the_survivor(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep)
    links = [{"account_id": source["id"]}]
    person = await make(client, rep, "contacts", name="gone", accounts=links)
    child = await make(client, rep, name="child", parent_id=source["id"])
    await client(rep).delete(f"/v1/contacts/{person['id']}")
    await client(rep).delete(f"/v1/accounts/{child['id']}")
    await merged(client, rep, survivor, source)
    events = (await client(rep).get("/v1/events", params={"limit": 1000})).json()
    of_person = [e["type"] for e in events if e["data"]["id"] in (person["id"], child["id"])]
    assert len(of_person) == 4
    back = (await client(rep).post(f"/v1/contacts/{person['id']}/restore")).json()
    assert back["accounts"][0]["account_id"] == survivor["id"]
    restored = (await client(rep).post(f"/v1/accounts/{child['id']}/restore")).json()
    assert restored["parent_id"] == survivor["id"]


async def test_a_stale_version_is_412_and_nothing_is_merged(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep)
    await client(rep).patch(f"/v1/accounts/{source['id']}", json={"industry": "x"})
    versions = {survivor["id"]: 1, source["id"]: 1}
    answer = await merge(client, rep, survivor, source, if_match=versions)
    assert answer.status_code == 412
    assert answer.json()["current"]["id"] == source["id"]
    assert answer.json()["differs"] == ["industry"]
    assert (await read(client, rep, survivor))["version"] == 1
    versions[source["id"]] = 2
    assert (await merge(client, rep, survivor, source, if_match=versions)).status_code == 201


async def test_refusals_name_the_field_and_write_nothing(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep)
    theirs = await make(client, organisation.other_rep)
    nobody = {"id": str(uuid4())}
    cases: list[tuple[Any, Any, dict[str, Any], int, str]] = [
        (survivor, theirs, {}, 404, "source_ids.0"),
        (theirs, source, {}, 404, "survivor_id"),
        (survivor, nobody, {}, 404, "source_ids.0"),
        (survivor, survivor, {}, 422, "body"),
        (survivor, source, {"fields": {"nonsense": source["id"]}}, 422, "fields.nonsense"),
        (survivor, source, {"fields": {"version": source["id"]}}, 422, "fields.version"),
        (survivor, source, {"fields": {"name": nobody["id"]}}, 422, "fields.name"),
        (survivor, source, {"if_match": {nobody["id"]: 1}}, 422, f"if_match.{nobody['id']}"),
        (survivor, source, {"resource": "contacts"}, 404, "survivor_id"),
        (survivor, source, {"resource": "leads"}, 422, "resource"),
        (survivor, source, {"nonsense": 1}, 422, "nonsense"),
    ]
    for one, other, more, status, field in cases:
        answer = await merge(client, rep, one, other, **more)
        assert answer.status_code == status, (field, answer.text)
        assert field in answer.json()["errors"], answer.text
    for record in (survivor, source):
        assert await read(client, rep, record) == record


async def test_what_one_may_only_read_one_may_not_merge(
    client: Clients, organisation: Organisation
) -> None:
    rep, admin = organisation.rep, organisation.admin
    survivor, source = await make(client, rep), await make(client, rep)
    for user, status in (
        (rep.but(permissions=("accounts:read", "accounts:update", "accounts:delete")), 403),
        (rep.but(permissions=("merges:create", "accounts:read", "accounts:update")), 403),
        (admin, 201),
    ):
        answer = await merge(client, user, survivor, source)
        assert answer.status_code == status, answer.text


async def test_too_many_entries_ask_for_a_choice(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    one, other = [
        await make(client, rep, phones=[{"number": f"1380013{i}{n:03d}"} for n in range(15)])
        for i in (1, 2)
    ]
    answer = await merge(client, rep, one, other)
    assert answer.status_code == 422
    assert "fields.phones" in answer.json()["errors"]
    await merged(client, rep, one, other, fields={"phones": other["id"]})
    assert len((await read(client, rep, one))["phones"]) == 15


async def test_the_same_request_twice_merges_once(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep)
    keyed = client(rep, **{"idempotency-key": "once"})
    body = {"resource": "accounts", "survivor_id": survivor["id"], "source_ids": [source["id"]]}
    first, again = await keyed.post(MERGES, json=body), await keyed.post(MERGES, json=body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert first.headers["location"] == f"{MERGES}/{first.json()['id']}"


async def test_merges_are_listed_to_those_who_see_the_survivor(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    records = [await make(client, rep, name=str(n)) for n in range(5)]
    ids = [(await merged(client, rep, records[0], each))["id"] for each in records[1:]]
    page = (await client(rep).get(MERGES, params={"limit": 3})).json()
    assert [each["id"] for each in page["data"]] == ids[:0:-1]
    assert page["page"]["has_more"]
    rest = await client(rep).get(MERGES, params={"cursor": page["page"]["next_cursor"]})
    assert [each["id"] for each in rest.json()["data"]] == ids[:1]
    for params, found in (
        ({"source_id": records[2]["id"]}, [ids[1]]),
        ({"survivor_id": records[1]["id"]}, []),
        ({"status": "undone"}, []),
        ({"resource": "contacts"}, []),
    ):
        listed = (await client(rep).get(MERGES, params=params)).json()["data"]
        assert [each["id"] for each in listed] == found
    assert (await client(rep).get(f"{MERGES}/{ids[0]}")).json()["id"] == ids[0]
    stranger = organisation.other_rep
    assert (await client(stranger).get(MERGES)).json()["data"] == []
    assert (await client(stranger).get(f"{MERGES}/{ids[0]}")).status_code == 404
    assert (await client(stranger).post(f"{MERGES}/{ids[0]}/undo")).status_code == 404
    manager = (await client(organisation.manager).get(MERGES)).json()["data"]
    assert len(manager) == 4
    blind = rep.but(permissions=("merges:read",))
    assert (await client(blind).get(MERGES)).json()["data"] == []
    for query in ("limit=0", "cursor=x", "status=x", "nonsense=1"):
        answer = await client(rep).get(f"{MERGES}?{query}")
        assert answer.status_code == 400, query


def test_the_document_says_that_a_get_may_lead_elsewhere(contacts: Edge) -> None:
    paths = contacts.app.openapi()["paths"]
    for path in ("/v1/accounts/{account_id}", "/v1/contacts/{contact_id}"):
        assert "Location" in paths[path]["get"]["responses"]["308"]["headers"]
    assert "409" in paths["/v1/merges/{merge_id}/undo"]["post"]["responses"]
