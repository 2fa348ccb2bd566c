"""From draft to delivered and back: what each status allows, and what is told of it."""

import asyncio
from typing import Any

import httpx
import pytest

from guanxi_pipeline.orders.placing import place_many, place_order
from guanxi_pipeline.references.settling import settle_organisation
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known
from tests.pipeline.orders.ordering import PATH, acted, cny, line, made, order, verbs_of
from tests.pipeline.telling import account_told, told

ACTOR = Actor(id=None, kind="service", channel="test")


@pytest.fixture
def rep(client: Clients, organisation: Organisation) -> httpx.AsyncClient:
    return client(organisation.rep)


async def placed(rep: httpx.AsyncClient, account: Known, *lines: dict[str, Any]) -> dict[str, Any]:
    return await made(rep, order(await account(), *lines, status="placed"))


async def test_a_draft_is_placed_confirmed_and_fulfilled_in_parts(
    rep: httpx.AsyncClient, account: Known
) -> None:
    found = await made(rep, order(await account(), line("A", 3), line("B", 1)))
    first, second = (each["id"] for each in found["lines"])
    done = await acted(rep, found["id"], "place", ordered_on="2026-11-02")
    assert (done["status"], done["ordered_on"]) == ("placed", "2026-11-02")
    assert (await acted(rep, found["id"], "confirm"))["status"] == "confirmed"
    part = await acted(rep, found["id"], "fulfil", lines=[{"line_id": first, "quantity": 2}])
    assert (part["status"], part["lines"][0]["fulfilled"]) == ("partly_fulfilled", 2)
    over = await rep.post(
        f"{PATH}/{found['id']}/fulfil",
        json={"lines": [{"line_id": second, "quantity": 1}, {"line_id": first, "quantity": 1.5}]},
    )
    assert (over.status_code, over.json()["errors"]) == (422, {"lines.1.quantity": "At most 1."})
    whole = await acted(rep, found["id"], "fulfil")
    assert (whole["status"], [each["fulfilled"] for each in whole["lines"]]) == (
        "fulfilled",
        [3, 1],
    )
    assert (await rep.get(f"{PATH}/{found['id']}")).json() == whole
    told_of = ["created", "placed", "confirmed", "fulfilled", "fulfilled"]
    assert await verbs_of(rep, found["id"]) == told_of
    entries = (await rep.get(f"{PATH}/{found['id']}/history")).json()["data"]
    assert entries[0]["before"]["fulfilment"] == [
        {"line_id": first, "quantity": 1.0}, {"line_id": second, "quantity": 1.0},
    ]  # fmt: skip


async def test_of_ten_who_fulfil_at_once_none_takes_more_than_was_ordered(
    rep: httpx.AsyncClient, account: Known
) -> None:
    found = await placed(rep, account, line("A", 4))
    wanted = {"lines": [{"line_id": found["lines"][0]["id"], "quantity": 1}]}
    answers = await asyncio.gather(
        *(rep.post(f"{PATH}/{found['id']}/fulfil", json=wanted) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [409] * 6
    after = (await rep.get(f"{PATH}/{found['id']}")).json()
    assert (after["status"], after["lines"][0]["fulfilled"], after["version"]) == (
        "fulfilled",
        4,
        6,
    )


async def test_of_ten_who_return_at_once_no_more_comes_back_than_was_delivered(
    rep: httpx.AsyncClient, account: Known
) -> None:
    found = await placed(rep, account, line("A", 3, "33.33"))
    await acted(rep, found["id"], "fulfil")
    wanted = {"reason": "Broken", "lines": [{"line_id": found["lines"][0]["id"], "quantity": 1}]}
    answers = await asyncio.gather(
        *(rep.post(f"{PATH}/{found['id']}/returns", json=wanted) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 7
    after = (await rep.get(f"{PATH}/{found['id']}")).json()
    assert (after["status"], after["refunded"]) == ("returned", cny("99.99"))


async def test_returns_pay_back_in_parts_exactly_what_was_charged(
    rep: httpx.AsyncClient, account: Known
) -> None:
    found = await placed(rep, account, line("A", 3, "33.33", tax_rate=13))
    line_id = found["lines"][0]["id"]
    await acted(rep, found["id"], "fulfil", lines=[{"line_id": line_id, "quantity": 2}])
    back = await acted(
        rep,
        found["id"],
        "returns",
        reason="Wrong colour",
        lines=[{"line_id": line_id, "quantity": 1}],
    )
    assert (back["status"], back["lines"][0]["returned"]) == ("partly_fulfilled", 1)
    assert back["refunded"] == cny("37.66")  # a third of 99.99 + 13.00
    more = await rep.post(
        f"{PATH}/{found['id']}/returns",
        json={"reason": "x", "lines": [{"line_id": line_id, "quantity": 2}]},
    )
    assert more.json()["errors"] == {"lines.0.quantity": "At most 1."}
    too_dear = await rep.post(
        f"{PATH}/{found['id']}/returns",
        json={"reason": "x", "lines": [{"line_id": line_id, "refund": cny("37.68")}]},
    )
    assert too_dear.json()["errors"] == {"lines.0.refund": "At most 37.67 CNY."}
    paid = await acted(
        rep,
        found["id"],
        "returns",
        reason="Goodwill",
        lines=[{"line_id": line_id, "refund": cny("7.66")}],
    )
    assert (paid["refunded"], paid["lines"][0]["returned"]) == (cny("45.32"), 1)
    listed = (await rep.get(f"{PATH}/{found['id']}/returns")).json()["data"]
    assert [(each["reason"], each["refund"]["amount"]) for each in listed] == [
        ("Wrong colour", "37.66"), ("Goodwill", "7.66"),
    ]  # fmt: skip
    assert listed[0]["lines"][0]["amount"] == cny("33.33")
    assert (await verbs_of(rep, found["id"]))[-2:] == ["refunded", "refunded"]


async def test_nothing_comes_back_before_it_was_ordered_or_tomorrow(
    rep: httpx.AsyncClient, account: Known
) -> None:
    found = await made(rep, order(await account(), status="fulfilled", ordered_on="2026-05-05"))
    lines = [{"line_id": found["lines"][0]["id"], "quantity": 1}]
    for day in ("2026-05-04", "2199-01-01"):
        sent = {"reason": "x", "returned_on": day, "lines": lines}
        refused = await rep.post(f"{PATH}/{found['id']}/returns", json=sent)
        assert (refused.status_code, "returned_on" in refused.json()["errors"]) == (422, True)
    assert (await rep.get(f"{PATH}/{found['id']}/returns")).json() == {"data": []}
    done = await acted(
        rep, found["id"], "returns", reason="x", returned_on="2026-05-05", lines=lines
    )
    assert done["lines"][0]["returned"] == 1


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ("draft", ["confirm", "fulfil", "returns"]),
        ("placed", ["place", "returns"]),
        ("fulfilled", ["place", "confirm", "fulfil", "cancel"]),
        ("cancelled", ["place", "confirm", "fulfil", "cancel", "returns"]),
    ],
)
async def test_a_status_refuses_what_it_is_not_for(
    rep: httpx.AsyncClient, account: Known, status: str, refused: list[str]
) -> None:
    found = await made(rep, order(await account(), status=status))
    line_id = found["lines"][0]["id"]
    for verb in refused:
        document = {"reason": "x", "lines": [{"line_id": line_id, "quantity": 1}]}
        answer = await rep.post(
            f"{PATH}/{found['id']}/{verb}", json=document if verb == "returns" else {}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "order_status"), (
            verb,
            answer.text,
        )
    assert (await rep.get(f"{PATH}/{found['id']}")).json() == found


async def test_a_placed_order_is_not_edited_silently(
    rep: httpx.AsyncClient, account: Known
) -> None:
    found = await placed(rep, account, line("A", 3, "10"), line("B", 1, "5"))
    path = f"{PATH}/{found['id']}"
    kept, other = found["lines"]
    await acted(rep, found["id"], "fulfil", lines=[{"line_id": kept["id"], "quantity": 2}])
    note = (await rep.patch(path, json={"description": "Call first", "lines": [
        {**kept, "fulfilled": 0}, other]})).json()  # fmt: skip
    assert note["lines"][0]["fulfilled"] == 2
    changed = (await rep.patch(path, json={"lines": [{**kept, "quantity": 2}]})).json()
    assert (changed["total"], changed["status"]) == (cny("20.00"), "fulfilled")
    assert await verbs_of(rep, found["id"]) == [
        "created", "placed", "fulfilled", "updated", "changed",
    ]  # fmt: skip
    entry = (await rep.get(path + "/history")).json()["data"][0]
    assert {"lines", "total", "status"} <= set(entry["changed"])
    assert entry["before"]["total"] == cny("35.00")
    assert (await rep.patch(path, json={"ordered_on": None})).status_code in (409, 422)
    for sent in ({"lines": [kept]}, {"shipping": cny("1")}, {"ordered_on": "2026-01-01"}):
        refused = await rep.patch(path, json=sent)
        assert (refused.status_code, refused.json()["code"]) == (409, "order_status"), refused.text
    assert (await rep.patch(path, json={"tags": ["vip"]})).json()["tags"] == ["vip"]


async def test_nothing_is_cut_below_what_was_delivered(
    rep: httpx.AsyncClient, account: Known
) -> None:
    found = await placed(rep, account, line("A", 3), line("B", 1))
    kept, other = found["lines"]
    await acted(rep, found["id"], "fulfil", lines=[{"line_id": kept["id"], "quantity": 2}])
    for lines, field in (
        ([{**kept, "quantity": 1}, other], "lines.0.quantity"), ([other], "lines"),
        ([kept, kept], "lines.1.id"), ([], "lines"), ([{**kept, "id": str(new_id())}], "lines.0.id"),
    ):  # fmt: skip
        refused = await rep.patch(f"{PATH}/{found['id']}", json={"lines": lines})
        assert refused.status_code == 422, refused.text
        assert field in refused.json()["errors"], refused.text
    other_money = {"sku": "C", "unit_price": {"amount": "1", "currency": "USD"}}
    refused = await rep.patch(f"{PATH}/{found['id']}", json={"lines": [kept, other_money]})
    assert (refused.status_code, refused.json()["code"]) == (422, "mixed_currencies")


async def test_a_draft_may_change_its_currency_with_all_its_lines(
    rep: httpx.AsyncClient, account: Known
) -> None:
    found = await made(rep, order(await account(), shipping=cny("5")))
    path = f"{PATH}/{found['id']}"
    yen = [{"sku": "A", "unit_price": {"amount": "100", "currency": "JPY"}}]
    refused = await rep.patch(path, json={"lines": yen})
    assert (refused.status_code, "shipping" in refused.json()["errors"]) == (422, True)
    assert (await rep.patch(path, json={"currency": "JPY"})).status_code == 422
    done = await rep.patch(path, json={"lines": yen, "shipping": None})
    assert done.status_code == 200, done.text
    assert done.json()["total"] == {"amount": "100", "currency": "JPY"}


async def test_if_match_guards_the_verbs(rep: httpx.AsyncClient, account: Known) -> None:
    found = await made(rep, order(await account()))
    stale = await rep.post(f"{PATH}/{found['id']}/place", json={}, headers={"if-match": '"9"'})
    assert stale.status_code == 412


async def test_a_cancelled_order_says_why(rep: httpx.AsyncClient, account: Known) -> None:
    found = await placed(rep, account)
    done = await acted(rep, found["id"], "cancel", reason="Ordered twice")
    assert (done["status"], done["cancel_reason"]) == ("cancelled", "Ordered twice")
    assert await verbs_of(rep, found["id"]) == ["created", "placed", "cancelled"]


async def test_a_quote_that_is_accepted_becomes_a_placed_order(
    rep: httpx.AsyncClient, organisation: Organisation, account: Known, service_database: Database
) -> None:
    quote_id, account_id = new_id(), await account()
    agreed = {
        "account_id": account_id, "quote_id": quote_id, "owner_id": organisation.rep.id, "currency": "CNY",
        "lines": [{"product_id": new_id(), "sku": "A", "name": "Seat", "quantity": 2,
                   "unit_price": cny("10.00"), "discount": 10.0, "tax": cny("2.34"), "cost": cny("9")}],
    }  # fmt: skip
    async with service_database.transaction(organisation.id) as connection:
        state = await place_order(connection, organisation.id, agreed, actor=ACTOR)
    found = (await rep.get(f"{PATH}/{state['id']}")).json()
    assert (found["status"], found["quote_id"], found["number"]) == (
        "placed",
        str(quote_id),
        "SO-000001",
    )
    assert (found["total"], found["margin"]) == (cny("20.34"), cny("9.00"))
    assert found["version"] == 2
    assert await verbs_of(rep, found["id"]) == ["created", "placed"]


async def test_many_are_placed_at_once_as_if_one_by_one(
    client: Clients, organisation: Organisation, account: Known, service_database: Database
) -> None:
    admin, account_id = client(organisation.admin), await account()
    many = [
        order(account_id, line(f"S{i % 7}", 1 + i % 3, "9.99", cost=cny("5")), external_id=f"E-{i}")
        | {"status": "fulfilled", "ordered_on": "2026-01-02", "owner_id": organisation.rep.id}
        | ({"number": f"SO-{i:06d}"} if i == 5 else {})
        for i in range(300)
    ]  # fmt: skip
    async with service_database.transaction(organisation.id) as connection:
        states = await place_many(connection, organisation.id, many, actor=ACTOR)
    numbers = [state["number"] for state in states]
    assert sorted(numbers) == [f"SO-{count:06d}" for count in range(1, 301)]
    found = (await admin.get(f"{PATH}/{states[17]['id']}")).json()
    assert (found["status"], found["external_id"], found["version"]) == ("fulfilled", "E-17", 1)
    by_column = (await admin.get(f"{PATH}?external_id=E-17&fields=id,lines,total")).json()["data"][
        0
    ]
    assert (by_column["lines"], by_column["total"]) == (found["lines"], found["total"])
    assert await verbs_of(admin, found["id"]) == ["created"]
    back = await acted(admin, found["id"], "returns", reason="x", lines=[
        {"line_id": found["lines"][0]["id"], "quantity": found["lines"][0]["quantity"]}])  # fmt: skip
    assert back["status"] == "returned"


async def test_an_order_follows_its_account_into_a_merge_and_back(
    rep: httpx.AsyncClient, organisation: Organisation, account: Known, person: Known, heard: Heard
) -> None:
    source, survivor, ann = await account("Old"), await account("New"), await person()
    found = await made(rep, order(source, contact_id=ann))
    merge = {"id": str(new_id()), "source_ids": [source]}
    state = account_told(organisation.id, survivor, "New", owner_id=organisation.rep.id)["after"]
    await heard(
        told(
            organisation.id,
            "account",
            survivor,
            state,
            version=2,
            verb="merged",
            before={"merge": merge},
        )
    )
    moved = (await rep.get(f"{PATH}/{found['id']}")).json()
    assert moved["account_id"] == survivor
    assert moved["lines"] == found["lines"]
    await heard(
        told(
            organisation.id,
            "account",
            survivor,
            state,
            version=3,
            verb="unmerged",
            before={"merge": merge},
        )
    )
    assert (await rep.get(f"{PATH}/{found['id']}")).json()["account_id"] == source


async def test_a_placed_order_does_not_lose_its_day_or_its_customer(
    rep: httpx.AsyncClient, account: Known
) -> None:
    found = await placed(rep, account)
    for sent, field in (
        ({"ordered_on": None}, "ordered_on"), ({"account_id": None}, "account_id"),
        ({"lines": None}, "lines"), ({"ordered_on": "2999-01-01"}, "ordered_on"),
    ):  # fmt: skip
        refused = await rep.patch(f"{PATH}/{found['id']}", json=sent)
        assert (refused.status_code, field in refused.json()["errors"]) == (422, True), refused.text


@pytest.mark.parametrize(
    "number", ["1e400", "1" + "0" * 400, "0.0000001", "-1", "true", '"1"', "null"]
)
async def test_numbers_that_are_none_are_refused(
    rep: httpx.AsyncClient, account: Known, number: str
) -> None:
    found = await placed(rep, account)
    await acted(rep, found["id"], "fulfil")
    line_id = found["lines"][0]["id"]
    body = f'{{"reason": "x", "lines": [{{"line_id": "{line_id}", "quantity": {number}}}]}}'
    for verb in ("returns", "fulfil"):
        answer = await rep.post(
            f"{PATH}/{found['id']}/{verb}",
            content=body,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code in (400, 409, 422), answer.text
    dear = f'{{"account_id": "{found["account_id"]}", "lines": [{{"sku": "A", "quantity": {number}}}]}}'
    answer = await rep.post(PATH, content=dear, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


async def test_a_customer_taken_on_trust_is_settled_when_the_feed_tells_of_it(
    rep: httpx.AsyncClient, organisation: Organisation, heard: Heard, service_database: Database
) -> None:
    unknown = new_id()
    found = await made(rep, order(str(unknown)))
    assert found["is_account_verified"] is False
    await heard(account_told(organisation.id, unknown, "Late", owner_id=organisation.rep.id))
    await settle_organisation(service_database, organisation.id)
    settled = (await rep.get(f"{PATH}/{found['id']}")).json()
    assert (settled["is_account_verified"], settled["lines"]) == (True, found["lines"])
