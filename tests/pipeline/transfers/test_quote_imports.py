"""Imports of quotes' lines: whole drafts, as requests would make them, or none of their rows."""

import asyncio
from typing import Any

import pytest

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.products.selling import cny, made
from tests.pipeline.quotes.offering import line, quote, told
from tests.pipeline.transfers.quoting import (
    BY_KEY,
    OWN,
    PATH,
    TABLE,
    by_external_id,
    counts,
    found_by,
    refused,
)
from tests.pipeline.transfers.test_exports import exported, table


@pytest.fixture
def send(send: Sender) -> Sender:
    return send.of("quotes")


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


async def test_a_quote_has_five_hundred_lines_at_most(send: Sender) -> None:
    header = "external_id,product,quantity,unit_price\n"
    rows = [f"1,P{n},1,1\n" for n in range(500)] + [f"2,P{n},1,1\n" for n in range(501)]
    found = await send(header + "".join(rows), **BY_KEY)
    assert counts(found) == {"created": 500, "refused": 501}
    said = await refused(send, found)
    assert said[0] == "502: It has 501 lines; a quote has 500 at most."
    assert said[1] == "503: The quote is refused for what stands in line 502."
    (kept,) = await send.records()
    assert (len(kept["lines"]), kept["net"]["amount"]) == (500, "500.00")
