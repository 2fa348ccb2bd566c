"""Undoing: exactly what was before, or field by field what later changes prevent."""

from typing import Any

import pytest

from tests.contacts.merges.merging import everything, make, merge, merged, read, undo
from tests.factories import Clients, Organisation


async def test_everything_is_as_it_was_before(client: Clients, organisation: Organisation) -> None:
    rep = organisation.rep
    top = await make(client, rep, name="top")
    survivor = await make(client, rep, phones=[{"number": "010-6554 4321"}], parent_id=top["id"])
    source = await make(
        client, rep, name="北京未來科技", industry="education", domain="weilai.example", tags=["b"],
        revenue={"amount": "86000000.00", "currency": "CNY"}, phones=[{"number": "13800138000"}],
        addresses=[{"city": "北京", "latitude": 39.9, "longitude": 116.3}], key_account={"plan": "p"},
    )  # fmt: skip
    await make(client, rep, name="child", parent_id=source["id"], referred_by_id=source["id"])
    links = [{"account_id": source["id"], "role": "buyer", "is_primary": True},
             {"account_id": survivor["id"], "stance": "supporter"}]  # fmt: skip
    await make(client, rep, "contacts", name="both", accounts=links)
    await make(client, rep, "contacts", name="one", accounts=links[:1])
    before = await everything(client, rep)
    done = await merged(client, rep, survivor, source)
    assert await everything(client, rep) != before
    undone = await undo(client, rep, done)
    assert undone.status_code == 200, undone.text
    assert (undone.json()["status"], undone.json()["undone_by"]) == ("undone", str(rep.id))
    assert await everything(client, rep) == before
    assert (await client(rep).get(f"/v1/accounts/{source['id']}")).status_code == 200
    for phone, owner in (("13800138000", source), ("01065544321", survivor)):
        found = await client(rep).get("/v1/accounts", params={"phone": phone})
        assert [row["id"] for row in found.json()["data"]] == [owner["id"]]


async def test_versions_only_go_up_and_the_feed_says_who_came_back(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep)
    person = await make(client, rep, "contacts", accounts=[{"account_id": source["id"]}])
    done = await merged(client, rep, survivor, source)
    await undo(client, rep, done)
    assert (await read(client, rep, survivor))["version"] == 3
    assert (await read(client, rep, source))["version"] == 3
    assert (await read(client, rep, person, "contacts"))["version"] == 3
    events = (await client(rep).get("/v1/events", params={"limit": 1000})).json()
    assert [(e["type"], e["data"]["id"]) for e in events[-3:]] == [
        ("contacts.account.restored", source["id"]),
        ("contacts.account.unmerged", survivor["id"]),
        ("contacts.contact.updated", person["id"]),
    ]
    assert events[-2]["data"]["before"]["merge"]["moved"] == {
        "contact_accounts.account_id": [person["id"]]
    }


async def test_people_become_several_again(client: Clients, organisation: Organisation) -> None:
    rep = organisation.rep
    first, second = await make(client, rep), await make(client, rep)
    survivor = await make(
        client, rep, "contacts", name="张三", accounts=[{"account_id": first["id"]}]
    )
    source = await make(
        client, rep, "contacts", name="Zhang San", given_name="San", birthday="--03-15",
        accounts=[{"account_id": first["id"], "role": "buyer"}, {"account_id": second["id"]}],
    )  # fmt: skip
    await make(client, rep, "contacts", name="below", reports_to_id=source["id"])
    before = await everything(client, rep)
    done = await merged(client, rep, survivor, source, resource="contacts")
    assert (await undo(client, rep, done)).status_code == 200
    assert await everything(client, rep) == before


async def test_later_changes_are_said_field_by_field_and_nothing_is_undone(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor = await make(client, rep)
    source = await make(
        client, rep, industry="education", region="华北", key_account={"plan": "p", "honours": "h"},
        revenue={"amount": "1.00", "currency": "CNY"},
    )  # fmt: skip
    child = await make(client, rep, name="child", parent_id=source["id"])
    other = await make(client, rep, name="other")
    links = [{"account_id": source["id"]}]
    person = await make(client, rep, "contacts", accounts=links)
    done = await merged(client, rep, survivor, source)
    me = client(rep)
    changes = {
        "industry": "software", "description": "new", "key_account": {"plan": "q"},
        "revenue": {"amount": "2.00", "currency": "CNY"},
    }  # fmt: skip
    await me.patch(f"/v1/accounts/{survivor['id']}", json=changes)
    await me.patch(f"/v1/accounts/{child['id']}", json={"parent_id": other["id"]})
    moved = [{"account_id": survivor["id"], "role": "user"}]
    await me.patch(f"/v1/contacts/{person['id']}", json={"accounts": moved})
    present = await everything(client, rep)
    answer = await undo(client, rep, done)
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "undo_prevented"
    said = {
        (o["resource"], o["id"], o["field"]): (o["now"], o["wanted"]) for o in problem["obstacles"]
    }
    link = {"contact_id": person["id"], "stance": None, "is_primary": True}
    assert said == {
        ("accounts", survivor["id"], "industry"): ("software", None),
        ("accounts", survivor["id"], "key_account.plan"): ("q", None),
        ("accounts", survivor["id"], "revenue"): (
            {"revenue_amount": "2.00", "revenue_currency": "CNY"},
            {"revenue_amount": None, "revenue_currency": None},
        ),
        ("accounts", child["id"], "parent_id"): (other["id"], source["id"]),
        ("contacts", person["id"], "accounts"): (
            [link | {"account_id": survivor["id"], "role": "user"}],
            [link | {"account_id": source["id"], "role": None}],
        ),
    }  # fmt: skip
    assert f"accounts.{survivor['id']}.industry" in problem["errors"]
    assert await everything(client, rep) == present
    forced = await undo(client, rep, done, force="true")
    assert forced.status_code == 200, forced.text
    assert len(forced.json()["kept"]) == 5
    now = await read(client, rep, survivor)
    assert (now["industry"], now["region"], now["description"]) == ("software", None, "new")
    assert (now["key_account"], now["revenue"]) == ({"plan": "q"}, changes["revenue"])
    assert (await read(client, rep, child))["parent_id"] == other["id"]
    assert (await read(client, rep, person, "contacts"))["accounts"][0]["role"] == "user"
    assert (await read(client, rep, source))["industry"] == "education"


async def test_what_was_put_back_by_hand_or_added_elsewhere_does_not_stand_in_the_way(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep, industry="x", region="y")
    third = await make(client, rep, name="third")
    person = await make(client, rep, "contacts", accounts=[{"account_id": source["id"]}])
    done = await merged(client, rep, survivor, source)
    me = client(rep)
    await me.patch(f"/v1/accounts/{survivor['id']}", json={"industry": None, "grade": "A"})
    places = [{"account_id": survivor["id"], "is_primary": True}, {"account_id": third["id"]}]
    await me.patch(f"/v1/contacts/{person['id']}", json={"accounts": places, "title": "CEO"})
    assert (await undo(client, rep, done)).status_code == 200
    now = await read(client, rep, survivor)
    assert (now["industry"], now["region"], now["grade"]) == (None, None, "A")
    now = await read(client, rep, person, "contacts")
    assert now["title"] == "CEO"
    assert [link["account_id"] for link in now["accounts"]] == [source["id"], third["id"]]


@pytest.mark.parametrize("force", [{}, {"force": "true"}])
async def test_a_survivor_that_is_gone_cannot_give_back(
    client: Clients, organisation: Organisation, force: dict[str, str]
) -> None:
    rep = organisation.rep
    a, b, c = [await make(client, rep, name=name) for name in "abc"]
    first = await merged(client, rep, b, a)
    second = await merged(client, rep, c, b)
    answer = await undo(client, rep, first, **force)
    assert answer.status_code == 409
    (obstacle,) = answer.json()["obstacles"]
    assert (obstacle["id"], obstacle["field"], obstacle["now"]) == (
        b["id"],
        "merged_into_id",
        c["id"],
    )
    assert (await undo(client, rep, second)).status_code == 200
    assert (await undo(client, rep, first)).status_code == 200
    assert [(await read(client, rep, each))["name"] for each in (a, b, c)] == ["a", "b", "c"]
    again = await undo(client, rep, first, **force)
    assert (again.status_code, again.json()["code"]) == (409, "already_undone")


async def test_old_places_that_would_close_a_cycle_refuse(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor = await make(client, rep, name="survivor")
    above = await make(client, rep, name="above")
    source = await make(client, rep, name="source", parent_id=above["id"])
    child = await make(client, rep, name="child", parent_id=source["id"])
    done = await merged(client, rep, survivor, source, fields={"parent_id": survivor["id"]})
    moved = await client(rep).patch(f"/v1/accounts/{above['id']}", json={"parent_id": child["id"]})
    assert moved.status_code == 200, moved.text
    present = await everything(client, rep)
    for force in ({}, {"force": "true"}):
        answer = await undo(client, rep, done, **force)
        assert answer.status_code == 409
        assert answer.json()["obstacles"][0]["field"] == "parent_id"
    assert await everything(client, rep) == present


async def test_obstacles_show_nothing_of_children_that_are_not_visible(
    client: Clients, organisation: Organisation
) -> None:
    rep, admin = organisation.rep, organisation.admin
    survivor, source = await make(client, rep), await make(client, rep)
    hidden = await make(client, admin, name="hidden", parent_id=source["id"])
    done = await merged(client, rep, survivor, source)
    other = await make(client, admin, name="other")
    await client(admin).patch(f"/v1/accounts/{hidden['id']}", json={"parent_id": other["id"]})
    answer = await undo(client, rep, done)
    assert answer.status_code == 409
    assert answer.json()["obstacles"] == [
        {"resource": "accounts", "id": None, "field": "parent_id", "now": None, "wanted": None}
    ]
    assert hidden["id"] not in answer.text
    seen = (await undo(client, admin, done)).json()["obstacles"]
    assert seen[0]["id"] == hidden["id"]


async def test_who_may_undo(client: Clients, organisation: Organisation) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep)
    done = await merged(client, rep, survivor, source)
    assert (await undo(client, organisation.other_rep, done)).status_code == 404
    for missing in ("merges:create", "accounts:update"):
        rights = tuple(p for p in rep.grant.permissions if p != missing)
        assert (await undo(client, rep.but(permissions=rights), done)).status_code == 403
    assert (await undo(client, rep, done, force="maybe")).status_code == 400
    unknown: dict[str, Any] = {"id": "nonsense"}
    assert (await undo(client, rep, unknown)).status_code == 404
    assert (await undo(client, rep, done)).status_code == 200
    assert (await merge(client, rep, survivor, source)).status_code == 201


async def test_an_old_value_that_names_a_record_merged_away_since_is_an_obstacle(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    top, other = [await make(client, rep, name=name) for name in ("top", "other")]
    survivor = await make(client, rep, parent_id=top["id"])
    source = await make(client, rep, parent_id=other["id"])
    done = await merged(client, rep, survivor, source, fields={"parent_id": source["id"]})
    later = await merged(client, rep, other, top)
    answer = await undo(client, rep, done)
    assert answer.status_code == 409
    (obstacle,) = answer.json()["obstacles"]
    assert (obstacle["field"], obstacle["now"], obstacle["wanted"]) == (
        "parent_id", other["id"], top["id"]
    )  # fmt: skip
    assert (await undo(client, rep, later)).status_code == 200
    assert (await undo(client, rep, done)).status_code == 200
    assert (await read(client, rep, survivor))["parent_id"] == top["id"]


async def test_merges_undone_in_another_order_give_everything_back(
    client: Clients, organisation: Organisation
) -> None:
    """A source of the first merge stood below the source of the second."""
    rep = organisation.rep
    above, z = [await make(client, rep, name=name) for name in ("above", "z")]
    survivor = await make(client, rep, name="survivor", referred_by_id=z["id"])
    source = await make(client, rep, name="source", parent_id=above["id"])
    before = await everything(client, rep)
    first = await merged(client, rep, survivor, source, fields={"parent_id": survivor["id"]})
    second = await merged(client, rep, z, above)
    assert (await undo(client, rep, first)).status_code == 200
    assert (await read(client, rep, source))["parent_id"] == z["id"]
    assert (await undo(client, rep, second)).status_code == 200
    assert await everything(client, rep) == before
