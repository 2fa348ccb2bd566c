"""Imports of quotes' lines: whole drafts, as requests would make them, or none of their rows."""

import asyncio
import csv
from typing import Any

import httpx
import pytest

from guanxi_shared.identifiers import new_id
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.products.selling import cny, entry, made, price_book, product
from tests.pipeline.quotes.offering import act, line, quote, sent_quote, told
from tests.pipeline.transfers.test_exports import exported, table

PATH = "/v1/quotes"
BY_KEY = {"key": "external_id", "duplicates": "update"}
BY_NUMBER = {"key": "number", "duplicates": "update"}
TABLE = """报价单号,external_id,报价名称,客户,商机,有效期至,计税方式,整单折扣,sku,产品,数量,单价,折扣,税率,税类,成本价,备注,币种
A-1,1,未来 2027,北京未来科技,Cloud,2099-01-31,不含税,2,GX-1,,12,,5,,,,内部,CNY
A-1,1,未来 2027,北京未来科技,Cloud,2099-01-31,不含税,2,,安装,1.5,100,,6,,60,内部,CNY
,2,,ACME GmbH,,,含税,,GX-2,,3,11.90,,19,,,,EUR
,3,,,Cloud,,,,GX-1,,1,80,,,,,,
"""


@pytest.fixture
def send(send: Sender) -> Sender:
    return send.of("quotes")


@pytest.fixture
async def sold(
    client: Clients, organisation: Organisation, account: Known, stages: Stages
) -> dict[str, Any]:
    """Products, one of them with a tax class and a price book; accounts; a deal of one of them."""
    admin = client(organisation.admin)
    await made(
        admin, "/v1/products/tax-classes", code="std", name="Standard", rate=13, valid_from="2020-01-01"
    )  # fmt: skip
    seats = await product(admin, "GX-1", name="Seats", tax_class="std", unit="seat", cost=cny("40"))
    await product(admin, "GX-2", name="Disks")
    await price_book(
        admin, "Usual", entry(seats["id"], "90.00", min_quantity=10, discount_limit=10)
    )
    cn, de = await account("北京未来科技"), await account("ACME GmbH")
    deal = await made(admin, "/v1/opportunities", name="Cloud", account_id=cn)
    return {"seats": seats, "cn": cn, "de": de, "deal": deal}


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in found["job"]["counts"].items() if count}


async def refused(send: Sender, found: dict[str, Any]) -> list[str]:
    rows = list(csv.reader((await send.errors(found["id"])).splitlines()))
    return [f"{row[-2]}: {row[-1]}" for row in rows[1:]]


async def by_external_id(send: Sender) -> dict[str, dict[str, Any]]:
    return {each["external_id"]: each for each in await send.records()}


async def found_by(user: httpx.AsyncClient, words: str) -> list[str]:
    return [row["id"] for row in (await user.get(PATH, params={"q": words})).json()["data"]]


OWN = {
    "id", "number", "first_id", "external_id", "version", "created_at", "updated_at", "owner_id",
}  # fmt: skip


async def test_rows_become_quotes_as_the_api_would_make_them(
    send: Sender, sold: dict[str, Any]
) -> None:
    found = await send(TABLE, **BY_KEY)
    assert counts(found) == {"created": 4}, (found["job"], await refused(send, found))
    quotes = await by_external_id(send)
    seats = {"product_id": sold["seats"]["id"]}
    asked: dict[str, dict[str, Any]] = {
        "1": {
            "name": "未来 2027", "account_id": sold["cn"], "opportunity_id": sold["deal"]["id"],
            "valid_until": "2099-01-31", "discount": {"percent": 2}, "description": "内部",
            "currency": "CNY",
            "lines": [
                seats | {"sku": "GX-1", "quantity": 12, "discount": 5},
                line(name="安装", quantity=1.5, tax_rate=6, cost=cny("60")),
            ],
        },
        "2": {
            "account_id": sold["de"], "price_mode": "gross", "currency": "EUR", "lines": [
                {"product_id": quotes["2"]["lines"][0]["product_id"], "sku": "GX-2", "quantity": 3,
                 "tax_rate": 19, "unit_price": {"amount": "11.90", "currency": "EUR"}}],
        },
        "3": {
            "opportunity_id": sold["deal"]["id"],
            "lines": [seats | {"sku": "GX-1", "unit_price": cny("80")}],
        },
    }  # fmt: skip
    for external_id, document in asked.items():
        wanted = await made(send.client, PATH, **document)
        assert {n: v for n, v in quotes[external_id].items() if n not in OWN} == {
            n: v for n, v in wanted.items() if n not in OWN
        } | ({"name": "ACME GmbH"} if external_id == "2" else {})
    first = quotes["1"]
    assert (first["number"], quotes["2"]["number"][:2]) == ("A-1", "Q-")
    assert first["lines"][0]["unit_price"] == cny("90.00")  # of the price book, for twelve
    assert first["lines"][0]["discount_limit"] == 10
    assert (quotes["3"]["name"], quotes["3"]["account_id"]) == ("Cloud", sold["cn"])
    assert await told(send.client, first) == ["created"]
    assert (await send.client.get(f"{PATH}/{first['id']}")).json() == first
    assert await found_by(send.client, "A-1 weilai") == [first["id"]]


@pytest.mark.parametrize("policy", ["skip", "update"])
async def test_the_same_file_again_makes_nothing_twice(
    send: Sender, sold: dict[str, Any], policy: str
) -> None:
    await send(TABLE, key="external_id", duplicates=policy)
    before = await send.records()
    again = await send(TABLE, key="external_id", duplicates=policy)
    assert counts(again) == {"skipped" if policy == "skip" else "unchanged": 4}
    assert await send.records() == before
    assert len(before) == 3


async def test_a_dry_run_counts_the_same_and_writes_nothing(
    send: Sender, sold: dict[str, Any]
) -> None:
    bad = TABLE + "A-1,4,,,,,,,GX-1,,1,,,,,,,\n,5,,,,,,,GX-1,,0,,,,,,,\n,6,,,,,,,NONE,,1,,,,,,,\n"
    dry = await send(bad, **BY_KEY, dry_run=True)
    assert await send.records() == []
    real = await send(bad, **BY_KEY)
    assert counts(dry) == counts(real) == {"created": 4, "refused": 3}
    expected = [
        "6: There is a quote 'A-1' already.",
        "7: 数量: input should be greater than 0",
        "8: 产品: Line 0 has no product and no name. Send it, or a product_id.",
    ]
    assert await refused(send, dry) == await refused(send, real)
    assert [
        said.startswith(begin)
        for said, begin in zip(await refused(send, real), expected, strict=True)
    ] == [True] * 3, await refused(send, real)


BAD = """external_id,account,opportunity,contact_id,valid_until,status,revision,price_mode,quote_discount,quote_discount_amount,product,product_id,quantity,unit_price,discount,tax_class,currency
1,Acme,,,,,,,,,A,,1,5,,,EUR
1,Acme,,,,,,,,,B,,0,5,,,EUR
2,Nobody,,,,,,,,,A,,1,5,,,EUR
3,Acme,,,2099-01-01,,,,,,A,,1,5,,,EUR
3,Acme,,,2099-01-02,,,,,,B,,1,5,,,EUR
4,Acme,,,,,,,,,A,,1,USD 5,,,EUR
5,Acme,Nothing,,,,,,,,A,,1,5,,,EUR
6,Acme,Twice,,,,,,,,A,,1,5,,,EUR
7,Acme,,01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50,,,,,,,A,,1,5,,,EUR
8,Acme,,,,sent,,,,,A,,1,5,,,EUR
9,Acme,,,,accepted,,,,,A,,1,5,,,EUR
10,Acme,,,,,2,,,,A,,1,5,,,EUR
11,Acme,,,,,,both,,,A,,1,5,,,EUR
12,Acme,,,,,,,150,,A,,1,5,,,EUR
13,Acme,,,,,,,5,5,A,,1,5,,,EUR
14,Acme,,,,,,,,99,A,,1,5,,,EUR
15,Acme,,,,,,,,,A,,1,5,101,,EUR
16,Acme,,,,,,,,,A,,1,5,,none,EUR
17,Acme,,,,,,,,,,01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50,1,5,,,EUR
18,Acme,,,,,,,,,,,1,5,,,EUR
19,Acme,,,,draft,1,net,,,A,,1,5,,,EUR
"""


async def test_a_row_that_is_wrong_refuses_its_quote_and_no_other(
    send: Sender, account: Known, stages: Stages
) -> None:
    await account("Acme")
    for _ in range(2):
        await made(send.client, "/v1/opportunities", name="Twice")
    found = await send(BAD, **BY_KEY)
    said = await refused(send, found)
    assert counts(found) == {"created": 1, "refused": 20}, said
    assert list(await by_external_id(send)) == ["19"]
    expected = [
        "2: The quote is refused for what stands in line 3.",
        "3: quantity: input should be greater than 0.",
        "4: account: 'Nobody': there is no such account.",
        "5: The quote is refused for what stands in line 6.",
        "6: valid_until: '2099-01-02' is not what line 5 says of the same quote.",
        "7: unit_price: The quote is in EUR. Send it in EUR.",
        "8: opportunity: 'Nothing': there is no such opportunity.",
        "9: opportunity: 'Twice': 2 opportunities are called so.",
        "10: contact_id: '01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50': there is no such contact.",
        "11: status: A file makes drafts",
        "12: status: A file makes drafts",
        "13: revision: A file makes first versions",
        "14: price_mode: input should be 'net' or 'gross'",
        "15: quote_discount: input should be less than or equal to 100",
        "16: quote_discount: is a percent or an amount, one of them",
        "17: quote_discount_amount: ",
        "18: discount: input should be less than or equal to 100",
        "19: tax_class: The tax class 'none' of line 0 has no rate today.",
        "20: product_id: '01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50': there is no such product.",
        "21: product: Line 0 has no product and no name.",
    ]
    for one, begin in zip(said, expected, strict=True):
        assert one.startswith(begin), (one, begin)


async def test_a_table_of_drafts_comes_back_whole(
    send: Sender, sold: dict[str, Any], person: Known
) -> None:
    await send(TABLE, **BY_KEY)
    ann = await person("Ann")
    await quote(
        send.client, line("9.99", name="Desk, big", quantity=2.5, description="Oak\nwaxed"),
        line("5", discount=12.5, tax_rate=6.5, unit="h"), discount={"amount": cny("1.25")},
        contact_id=ann, language="en", terms="30 days", tags=["a", "b"], update_opportunity=True,
        opportunity_id=sold["deal"]["id"],
    )  # fmt: skip
    await made(send.client, PATH, name="Empty")
    before = await send.records()
    content = await exported(send, resource="quotes", format="csv")
    rows = table(content)
    assert len(rows) == 7
    first, second = [row for row in rows if row["number"] == "A-1"]
    assert (first["account"], first["opportunity"], first["revision"]) == (
        "北京未来科技",
        "Cloud",
        "1",
    )
    assert (first["quote_discount"], first["sku"], second["product"]) == ("2.0", "GX-1", "安装")
    whole = next(each for each in before if each["number"] == "A-1")
    assert first["quote_total"] == second["sum_total"] == whole["total"]["amount"]
    assert [row["line_net"] for row in (first, second)] == [
        each["net"]["amount"] for each in whole["lines"]
    ]
    for key in ("id", "number"):
        again = await send(content, key=key, duplicates="update")
        assert counts(again) == {"unchanged": 7}, await refused(send, again)
    assert await send.records() == before

    await send.client.delete(f"{PATH}/{whole['id']}")
    fresh = content.decode("utf-8-sig").replace(whole["id"], str(new_id()))
    again = await send(fresh.replace("A-1", "A-2"), key="id", duplicates="update")
    assert counts(again) == {"created": 2, "unchanged": 5}, await refused(send, again)
    copy = next(each for each in await send.records() if each["number"] == "A-2")
    same = OWN | {"update_opportunity"}
    assert {n: v for n, v in copy.items() if n not in same} == {
        n: v for n, v in whole.items() if n not in same
    }


async def test_formats_agree_and_a_filter_and_fields_are_kept(
    send: Sender, sold: dict[str, Any]
) -> None:
    await send(TABLE, **BY_KEY)
    filters = [{"field": "currency", "operator": "eq", "value": "EUR"}]
    asked: dict[str, Any] = {
        "resource": "quotes", "document": {"filter_groups": [{"filters": filters}]},
        "fields": ["number", "lines", "discount", "account_id"],
    }  # fmt: skip
    (row,) = table(await exported(send, format="csv", **asked))
    assert (row["account"], row["sku"], row["unit_price"], row["line_gross"]) == (
        "ACME GmbH", "GX-2", "11.90", "35.70",
    )  # fmt: skip
    assert "status" not in row
    streamed = await send.client.get("/v1/quotes/export?currency=EUR&format=csv")
    assert streamed.status_code == 200, streamed.text
    assert [each["sku"] for each in table(streamed.content)] == ["GX-2"]


async def test_changes_follow_the_rules_of_patches(send: Sender, sold: dict[str, Any]) -> None:
    await send(TABLE, **BY_KEY)
    before = await by_external_id(send)
    news = """external_id,account,opportunity,sku,product,quantity,unit_price,discount,valid_until,tags,quote_discount_amount,currency
1,,,GX-1,,20,,,2099-03-01,"big, new",,
2,,,,,,,,,,1.00,EUR
3,ACME GmbH,,,,,,,,,,
"""
    found = await send(news, **BY_KEY)
    assert counts(found) == {"updated": 3}, await refused(send, found)
    after = await by_external_id(send)
    assert [each["quantity"] for each in after["1"]["lines"]] == [20]
    assert (after["1"]["valid_until"], after["1"]["tags"]) == ("2099-03-01", ["big", "new"])
    assert after["1"]["lines"][0]["unit_price"] == cny("90.00")
    assert after["1"]["number"] == "A-1"
    assert after["2"]["lines"][0]["amount"] == before["2"]["lines"][0]["amount"]
    assert after["2"]["totals"]["total"]["amount"] == "34.70"
    assert (after["3"]["account_id"], after["3"]["lines"][0]["unit_price"]) == (
        sold["de"], cny("80.00"),
    )  # fmt: skip
    assert await found_by(send.client, "acme cloud") == [after["3"]["id"]]
    for each in after.values():
        assert await told(send.client, each) == ["created", "updated"]
    assert counts(await send(news, **BY_KEY)) == {"unchanged": 3}


async def test_what_was_approved_is_a_draft_again_and_what_was_sent_is_sealed(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    rule = {"name": "Deep discounts", "discount_from": 20, "approver": "user",
            "approver_id": str(organisation.admin.id)}  # fmt: skip
    await made(send.client, "/v1/quotes/approval-rules", **rule)
    rep = client(organisation.rep)
    header = "external_id,product,quantity,unit_price,discount,status,tags\n"
    text = f"{header}1,Desk,1,100,50,,\n2,Desk,1,100,,,\n"
    found = await send.by(rep)(text, **BY_KEY)
    assert counts(found) == {"created": 2}
    mine = await by_external_id(send)
    refusal = await act(rep, mine["1"], "send", 409)
    assert refusal["code"] == "approval_required"
    await act(rep, mine["1"], "submit")
    await act(send.client, mine["1"], "approve")
    await act(rep, mine["2"], "send")
    dearer = f"{header}1,Desk,2,100,50,,\n2,Desk,1,99,,,\n"
    found = await send.by(rep)(dearer, **BY_KEY)
    assert counts(found) == {"updated": 1, "refused": 1}
    (said,) = await refused(send.by(rep), found)
    assert said.startswith("3: ")
    assert "A quote that is sent stays as it is" in said
    after = await by_external_id(send)
    assert (after["1"]["status"], after["1"]["approvals"]) == ("draft", [])
    aside = await send(f"{header}1,Desk,2,100,50,draft,\n2,Desk,1,100,,sent,won\n", **BY_KEY)
    assert counts(aside) == {"updated": 1, "unchanged": 1}, await refused(send, aside)
    for status in ("accepted", "draft"):
        found = await send(f"external_id,status\n2,{status}\n", **BY_KEY)
        (said,) = await refused(send, found)
        assert f"A quote that is sent does not become {status} by a file" in said


async def test_a_number_means_the_newest_version(send: Sender) -> None:
    first = await sent_quote(send.client)
    second = await act(send.client, first, "revise", 201)
    number = first["number"]
    news = "number,product,quantity,unit_price\n{number},Desk,7,1\n"
    found = await send(news.format(number=number), **BY_NUMBER)
    assert counts(found) == {"updated": 1}, await refused(send, found)
    shown = {each["id"]: each for each in await send.records()}
    assert shown[first["id"]]["lines"] == first["lines"]
    assert [each["quantity"] for each in shown[second["id"]]["lines"]] == [7]
    found = await send(f"number,revision,tags\n{number},1,x\n", **BY_NUMBER)
    (said,) = await refused(send, found)
    assert f"It is version 2 of {number}." in said
    content = await exported(send, resource="quotes", format="csv")
    again = await send(content, key="id", duplicates="update")
    assert counts(again) == {"unchanged": 2}, await refused(send, again)


async def test_numbers_that_are_brought_are_left_behind_by_the_count(send: Sender) -> None:
    before = await quote(send.client)
    count = int(before["number"].removeprefix("Q-"))
    text = "number,product,quantity,unit_price\n{},A,1,1\nX-9,A,1,1\nQ-9999999999,A,1,1\n,A,1,1\n"
    found = await send(text.format(f"Q-{count + 3:06d}"), key="number")
    assert counts(found) == {"created": 4}
    numbers = [each["number"] for each in await send.records()]
    assert numbers == [
        before["number"], f"Q-{count + 3:06d}", "X-9", "Q-9999999999", f"Q-{count + 4:06d}",
    ]  # fmt: skip
    assert (await quote(send.client))["number"] == f"Q-{count + 5:06d}"
    assert counts(await send(text.format(f"Q-{count:06d}"), key="none", duplicates="create")) == {
        "created": 1, "refused": 3,
    }  # fmt: skip


async def test_two_files_at_once_make_each_quote_once_with_numbers_of_their_own(
    send: Sender, sold: dict[str, Any], client: Clients, organisation: Organisation
) -> None:
    header = "external_id,account,sku,quantity\n"
    rows = [f"{n},ACME GmbH,GX-{1 + part},{part + 1}" for n in range(30) for part in range(2)]
    text = header + "\n".join(rows)
    requests = [quote(send.client) for _ in range(10)]
    one, other, *made_beside = await asyncio.gather(
        send(text, **BY_KEY), send(text, **BY_KEY), *requests
    )
    both = {
        name: one["job"]["counts"][name] + other["job"]["counts"][name]
        for name in ("created", "unchanged")
    }
    assert both == {"created": 60, "unchanged": 60}, (one["job"], other["job"])
    records = await send.records()
    assert len(records) == 40
    assert len({each["number"] for each in records}) == 40
    of_files = [each for each in records if each["external_id"] is not None]
    assert all([each["quantity"] for each in one["lines"]] == [1, 2] for one in of_files)
    assert {each["number"] for each in made_beside} <= {each["number"] for each in records}


async def test_one_changes_only_quotes_that_one_may_change_of_deals_that_one_sees(
    send: Sender, account: Known, stages: Stages, client: Clients, organisation: Organisation
) -> None:
    await account("Mine", owner=organisation.rep)
    await account("Theirs", owner=organisation.other_rep)
    rep, other = client(organisation.rep), client(organisation.other_rep)
    await made(other, "/v1/opportunities", name="Secret")
    line = "{no},{name},{deal},A,1,5\n"
    header = "external_id,account,opportunity,product,quantity,unit_price\n"
    theirs = send.by(other)
    row = line.format(no=1, name="Theirs", deal="Secret")
    assert counts(await theirs(header + row, **BY_KEY)) == {"created": 1}
    mine = send.by(rep)
    rows = [
        line.format(no=1, name="Mine", deal=""), line.format(no=2, name="Theirs", deal=""),
        line.format(no=3, name="Mine", deal="Secret"), line.format(no=4, name="Mine", deal=""),
    ]  # fmt: skip
    found = await mine(header + "".join(rows), **BY_KEY)
    assert counts(found) == {"created": 1, "refused": 3}
    assert await refused(mine, found) == [
        "2: This external_id belongs to a quote that you may not change.",
        "3: account: 'Theirs': there is no such account.",
        "4: opportunity: 'Secret': there is no such opportunity.",
    ]
    content = await exported(mine, resource="quotes", format="csv")
    assert [each["external_id"] for each in table(content)] == ["4"]
    (kept,) = await mine.records()
    assert kept["owner_id"] == str(organisation.rep.id)


async def test_whoever_may_not_write_quotes_imports_none(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    reader = send.by(client(organisation.read_only))
    answer = await reader.upload(TABLE)
    assert answer.status_code == 403, answer.text
