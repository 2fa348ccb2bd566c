"""Imports of order lines: whole orders, or none of their rows."""

import csv
from decimal import Decimal
from typing import Any

import pytest

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known
from tests.pipeline.orders.ordering import verbs_of
from tests.pipeline.products.selling import product

BY_KEY = {"key": "external_id", "duplicates": "update"}
TABLE = """订单编号,external_id,客户,下单日期,发货日期,sku,产品,数量,单价,折扣,税率,unit_cost,运费,币种
A-1,1,北京未来科技,2025-01-31,2025-02-03,GX-1,,3,19.99,10,13,12.5,30,CNY
A-1,1,北京未来科技,2025-01-31,2025-02-03,,安装,1,100,,,,30,CNY
A-2,2,Acme GmbH,2025-02-01,,GX-1,,2,20.00,,,,,EUR
,3,Acme GmbH,2025-03-01,2025-03-05,GX-1,,2,20.00,,,,,EUR
,3,Acme GmbH,2025-03-01,,GX-2,,1,7.00,,,,,EUR
"""


@pytest.fixture
def send(send: Sender) -> Sender:
    return send.of("orders")


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in found["job"]["counts"].items() if count}


async def refused(send: Sender, found: dict[str, Any]) -> list[str]:
    rows = list(csv.reader((await send.errors(found["id"])).splitlines()))
    return [f"{row[-2]}: {row[-1]}" for row in rows[1:]]


@pytest.fixture
async def customers(account: Known) -> dict[str, str]:
    return {
        "cn": await account("北京未来科技"),
        "de": await account("ACME  gmbh", external_id="C-9"),
    }


async def test_rows_become_orders_as_the_api_would_make_them(
    send: Sender, customers: dict[str, str]
) -> None:
    seats = await product(send.client, "GX-1", name="Seats", category="licences")
    found = await send(TABLE, **BY_KEY)
    assert found["job"]["status"] == "done", found["job"]
    assert counts(found) == {"created": 5}, found["job"]
    first, second, third = sorted(await send.records(), key=lambda each: each["external_id"])

    assert (first["number"], first["account_id"]) == ("A-1", customers["cn"])
    assert (first["status"], first["ordered_on"]) == ("fulfilled", "2025-01-31")
    line, other = first["lines"]
    assert (line["product_id"], line["sku"], line["name"], line["category"]) == (
        seats["id"], "GX-1", "Seats", "licences",
    )  # fmt: skip
    assert line["amount"] == {"amount": "53.97", "currency": "CNY"}
    assert (line["tax"]["amount"], line["cost"]["amount"], line["fulfilled"]) == (
        "7.02",
        "37.50",
        3.0,
    )
    assert (other["name"], other["product_id"], other["amount"]["amount"]) == (
        "安装",
        None,
        "100.00",
    )
    assert (first["shipping"]["amount"], first["total"]["amount"]) == ("30.00", "190.99")
    assert (second["status"], second["number"], second["currency"]) == ("placed", "A-2", "EUR")
    assert (third["status"], [each["fulfilled"] for each in third["lines"]]) == (
        "partly_fulfilled", [2.0, 0.0],
    )  # fmt: skip
    assert third["number"].startswith("SO-")
    assert await verbs_of(send.client, first["id"]) == ["created"]
    assert await verbs_of(send.client, second["id"]) == ["created", "placed"]
    shown = await send.client.get(f"/v1/orders/{first['id']}")
    assert shown.json() == first

    path = f"/v1/accounts/{customers['de']}/purchases?by=month"
    bought = (await send.client.get(path)).json()
    assert "47.00" in str(bought), bought


@pytest.mark.parametrize("policy", ["skip", "update"])
async def test_the_same_file_again_makes_nothing_twice(
    send: Sender, customers: dict[str, str], policy: str
) -> None:
    await send(TABLE, key="external_id", duplicates=policy)
    before = await send.records()
    again = await send(TABLE, key="external_id", duplicates=policy)
    assert counts(again) == {"skipped" if policy == "skip" else "unchanged": 5}
    assert await send.records() == before
    assert len(before) == 3


async def test_a_dry_run_counts_the_same_and_writes_nothing(
    send: Sender, customers: dict[str, str]
) -> None:
    bad = TABLE + "A-2,4,Acme GmbH,2025-02-01,,GX-1,,2,20.00,,,,,EUR\n"
    dry = await send(bad, **BY_KEY, dry_run=True)
    assert await send.records() == []
    real = await send(bad, **BY_KEY)
    assert counts(dry) == counts(real) == {"created": 5, "refused": 1}
    assert await refused(send, real) == ["7: There is an order 'A-2' already."]


BAD = """external_id,account,ordered_on,fulfilled_on,status,sku,quantity,unit_price,currency
1,Acme,2025-01-01,,,A,1,5,EUR
1,Acme,2025-01-01,,,B,0,5,EUR
1,Acme,2025-01-01,,,C,1,5,EUR
2,Nobody,2025-01-01,,,A,1,5,EUR
2,Nobody,2025-01-01,,,B,1,5,EUR
3,Acme,2025-01-01,,,A,1,5,EUR
3,Acme,2025-01-02,,,B,1,5,EUR
4,Acme,2025-01-01,,,A,1,5,EUR
4,Acme,,,,B,1,USD 5,
5,Acme,2025-01-09,2025-01-01,,A,1,5,EUR
6,Acme,2199-01-01,,,A,1,5,EUR
7,,2025-01-01,,,A,1,5,EUR
8,Acme,2025-01-01,,,A,1,,EUR
9,Acme,2025-01-01,,returned,A,1,5,EUR
10,Acme,2025-01-01,,shipped,A,1,5,EUR
11,Acme,someday,,,A,1,5,EUR
"""


async def test_a_row_that_is_wrong_refuses_its_order_and_no_other(
    send: Sender, account: Known
) -> None:
    await account("Acme")
    found = await send(BAD, **BY_KEY)
    assert counts(found) == {"created": 1, "refused": 15}
    assert [each["external_id"] for each in await send.records()] == ["10"]
    said = await refused(send, found)
    expected = [
        "2: The order is refused for what stands in line 3.",
        "3: quantity: input should be greater than 0.",
        "4: The order is refused for what stands in line 3.",
        "5: account: 'Nobody': there is no such account.",
        "6: The order is refused for what stands in line 5.",
        "7: The order is refused for what stands in line 8.",
        "8: ordered_on: '2025-01-02' is not what line 7 says of the same order.",
        "9: lines names EUR and USD; use one currency, or records of their own.",
        "10: The order is refused for what stands in line 9.",
        "11: fulfilled_on: It was fulfilled before it was ordered. Send a day from 2025-01-09 on.",
        "12: ordered_on: ordered_on is still to come.",
        "13: account: Say who ordered: an account or a contact.",
        "14: sku: needs a unit_price or an amount.",
        "15: status: No order is brought in as returned.",
        "17: ordered_on: 'someday' is ",
    ]
    for one, begin in zip(said, expected, strict=True):
        assert one.startswith(begin)


async def test_rows_that_stand_apart_come_together_however_the_file_falls_into_chunks(
    send: Sender, account: Known
) -> None:
    await account("Acme")
    lines = [
        f"{number},Acme,2025-01-01,P{part},{part + 1},10,EUR"
        for part in range(4)
        for number in range(9)
    ]
    header = "external_id,account,ordered_on,sku,quantity,unit_price,currency"
    text = "\n".join(
        [header, *lines, "20,Acme,2025-01-01,P9,1,1,EUR", "0,Acme,2025-01-01,P9,0,1,EUR"]
    )
    found = await send(text, **BY_KEY)
    assert counts(found) == {"created": 33, "refused": 5}
    assert (found["job"]["done"], found["job"]["total"]) == (38, 38)
    records = await send.records()
    assert {each["external_id"] for each in records} == {*"12345678", "20"}
    for each in records:
        if each["external_id"] != "20":
            assert [line["quantity"] for line in each["lines"]] == [1, 2, 3, 4]
            assert each["total"]["amount"] == "100.00"


async def test_an_update_moves_orders_on_and_keeps_what_is_agreed(
    send: Sender, customers: dict[str, str]
) -> None:
    await send(TABLE, **BY_KEY)
    news = """external_id,fulfilled_on,status,description
1,,cancelled,
2,2025-02-09,,arrived
3,2025-03-07,,
"""
    found = await send(news, **BY_KEY)
    assert counts(found) == {"updated": 2, "refused": 1}
    (said,) = await refused(send, found)
    assert "status" in said
    first, second, third = sorted(await send.records(), key=lambda each: each["external_id"])
    assert [first["status"], second["status"], third["status"]] == ["fulfilled"] * 3
    assert second["description"] == "arrived"
    assert await verbs_of(send.client, second["id"]) == ["created", "placed", "fulfilled"]
    dearer = "external_id,sku,quantity,unit_price,currency\n2,GX-1,2,21.00,EUR\n"
    late = await send(dearer, **BY_KEY)
    (said,) = await refused(send, late)
    assert "fulfilled keeps its lines" in said
    assert counts(await send(news.replace("1,,cancelled,\n", ""), **BY_KEY)) == {"unchanged": 2}


async def test_lines_of_what_is_open_are_changed_in_bulk(
    send: Sender, customers: dict[str, str]
) -> None:
    await send(TABLE, **BY_KEY)
    before = {each["external_id"]: each for each in await send.records()}
    news = "external_id,sku,quantity,unit_price,currency\n2,GX-1,5,20,EUR\n2,GX-7,1,1,EUR\n"
    assert counts(await send(news, **BY_KEY)) == {"updated": 2}
    after = {each["external_id"]: each for each in await send.records()}
    assert [line["id"] for line in after["2"]["lines"]][:1] == [before["2"]["lines"][0]["id"]]
    assert Decimal(after["2"]["total"]["amount"]) == 101
    assert {**before, "2": None} == {**after, "2": None}
    assert await verbs_of(send.client, after["2"]["id"]) == ["created", "placed", "changed"]


async def test_one_changes_only_orders_that_one_may_change(
    send: Sender, account: Known, client: Clients, organisation: Organisation
) -> None:
    await account("Mine", owner=organisation.rep)
    await account("Theirs", owner=organisation.other_rep)
    line = "{no},{name},2025-01-01,A,1,5\n"
    header = "external_id,account,ordered_on,sku,quantity,unit_price\n"
    theirs = send.by(client(organisation.other_rep))
    assert counts(await theirs(header + line.format(no=1, name="Theirs"), **BY_KEY)) == {
        "created": 1
    }
    mine = send.by(client(organisation.rep))
    both = header + line.format(no=1, name="Mine") + line.format(no=2, name="Theirs")
    found = await mine(both, **BY_KEY)
    assert counts(found) == {"refused": 2}
    assert await refused(mine, found) == [
        "2: This external_id belongs to an order that you may not change.",
        "3: account: 'Theirs': there is no such account.",
    ]


async def test_rows_without_a_number_are_orders_of_their_own(send: Sender, account: Known) -> None:
    await account("Acme")
    text = "account,ordered_on,product,quantity,amount\nAcme,2025-01-01,CD,1,11.77\nAcme,2025-01-01,CD,2,20\n"
    assert counts(await send(text)) == {"created": 2}
    first, second = await send.records()
    assert [first["total"]["amount"], second["total"]["amount"]] == ["11.77", "20.00"]
    assert first["currency"] == "CNY"


async def test_what_a_file_brings_or_changes_is_found_by_words(
    send: Sender, customers: dict[str, str]
) -> None:
    async def found(words: str) -> set[str]:
        listed = (await send.client.get("/v1/orders", params={"q": words})).json()["data"]
        return {each["external_id"] for each in listed}

    await product(send.client, "GX-1", name="Seats")
    await send(TABLE, **BY_KEY)
    expected = {
        "weilai": {"1"}, "anzhuang": {"1"}, "seats": {"1", "2", "3"}, "acme": {"2", "3"},
    }  # fmt: skip
    for words, ids in expected.items():
        assert await found(words) == ids, words
    news = """external_id,客户,sku,数量,单价,币种,tags,description
2,北京未来科技,GX-9,2,20.00,EUR,,
3,,,,,,urgent,明天送
"""
    assert counts(await send(news, **BY_KEY)) == {"updated": 2}
    changed = {
        "weilai": {"1", "2"}, "acme": {"3"}, "gx-9": {"2"}, "seats": {"1", "3"},
        "mingtian": {"3"}, "urgent acme": {"3"},
    }  # fmt: skip
    for words, ids in changed.items():
        assert await found(words) == ids, words
