"""Quotes: filled up from products and books, worked out, found, and following what they name."""

from decimal import Decimal
from typing import Any

import pytest

from guanxi_pipeline.references.settling import settle_organisation
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known, Stages
from tests.pipeline.products.selling import cny, entry, made, price_book, product, usd
from tests.pipeline.quotes.offering import line, quote, sent_quote
from tests.pipeline.telling import account_told
from tests.statements import statements_of


async def test_lines_are_filled_up_from_product_price_book_and_tax_class(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    manager, rep = client(organisation.manager), client(organisation.rep)
    mine = await account("未来科技", grade="A")
    for rate, since in ((16, "2018-05-01"), (13, "2019-04-01")):
        await made(
            client(organisation.admin), "/v1/products/tax-classes", code="VAT", name="VAT", rate=rate,
            valid_from=since,
        )  # fmt: skip
    sold = await product(
        manager,
        "CLD",
        name="云服务器",
        unit="月",
        tax_class="VAT",
        cost=cny("40"),
        prices=[cny("100")],
    )
    book = await price_book(
        manager, "A", entry(sold["id"], "90"), entry(sold["id"], "80", min_quantity=10, discount_limit=5),
        grades=["A"],
    )  # fmt: skip
    found = await quote(
        rep, {"product_id": sold["id"], "quantity": 10}, {"product_id": sold["id"], "unit_price": cny("70")},
        line("12.34", tax_rate=6), account_id=mine,
    )  # fmt: skip
    first, second, third = found["lines"]
    assert (first["sku"], first["name"], first["unit"], first["tax_rate"]) == (
        "CLD",
        "云服务器",
        "月",
        13,
    )
    assert (first["unit_price"], first["base_price"]) == (cny("80.00"), cny("80.00"))
    assert (first["price_book_id"], first["discount_limit"], first["cost"]) == (
        book["id"],
        5,
        cny("40.00"),
    )
    assert (second["unit_price"], second["base_price"]) == (cny("70.00"), cny("90.00"))
    assert (first["amount"], first["tax"], first["gross"]) == (
        cny("800.00"),
        cny("104.00"),
        cny("904.00"),
    )
    assert (third["base_price"], third["tax"]) == (None, cny("0.74"))
    assert found["totals"]["taxes"] == [
        {"rate": 6, "net": cny("12.34"), "tax": cny("0.74"), "gross": cny("13.08")},
        {"rate": 13, "net": cny("870.00"), "tax": cny("113.10"), "gross": cny("983.10")},
    ]
    assert (found["net"], found["total"]) == (cny("882.34"), cny("996.18"))
    assert (found["discount_percent"], found["status"], found["revision"]) == (22.2223, "draft", 1)
    assert (await rep.get(f"/v1/quotes/{found['id']}")).json() == found


async def test_with_tax_in_the_prices_a_list_price_gets_it_added(
    client: Clients, organisation: Organisation
) -> None:
    rep, sold = client(organisation.rep), await product(client(organisation.manager), "P")
    found = await quote(
        rep, {"product_id": sold["id"], "tax_rate": 13, "quantity": 3}, price_mode="gross",
        discount={"amount": cny("39")},
    )  # fmt: skip
    assert found["lines"][0]["unit_price"] == cny("113.00")
    assert (found["totals"]["subtotal"], found["totals"]["discount"]) == (
        cny("339.00"),
        cny("39.00"),
    )
    assert (found["total"], found["net"]) == (cny("300.00"), cny("265.49"))


async def test_it_is_found_by_number_name_and_account_and_seen_by_its_owner(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    rep, mine = client(organisation.rep), await account("北京未来科技")
    found = await quote(rep, name="年度许可", account_id=mine, tags=["q4"])
    await quote(rep, name="Other")
    for query in (
        "q=年度", "q=ndxk", "q=未来", "q=wlkj", f"q={found['number']}", f"number={found['number']}",
        f"account_id={mine}", "tags[has]=q4", "total[gte]=1&name=年度许可", "status=draft&q=wlkj",
    ):  # fmt: skip
        page = (await rep.get(f"/v1/quotes?{query}&include=account")).json()
        assert [row["id"] for row in page["data"]] == [found["id"]], query
        assert page["data"][0]["account"]["name"] == "北京未来科技"
    assert (await client(organisation.rep2).get(f"/v1/quotes/{found['id']}")).status_code == 404
    for verb in ("send", "withdraw", "submit", "revise"):
        hidden = await client(organisation.other_rep).post(
            f"/v1/quotes/{found['id']}/{verb}", json={}
        )
        assert hidden.status_code == 404, verb
    for path in ("pdf", "link", "history"):
        hidden = await client(organisation.other_rep).get(f"/v1/quotes/{found['id']}/{path}")
        assert hidden.status_code == 404, path
    assert (await client(organisation.manager).get(f"/v1/quotes/{found['id']}")).status_code == 200


async def test_an_offer_for_a_deal_is_for_its_account(
    client: Clients, organisation: Organisation, stages: Stages, account: Known
) -> None:
    rep, mine = client(organisation.rep), await account("Mine")
    deal = await made(rep, "/v1/opportunities", name="Deal", account_id=mine)
    found = await made(rep, "/v1/quotes", opportunity_id=deal["id"], lines=[line()])
    assert (found["account_id"], found["name"], found["currency"]) == (mine, "Deal", "CNY")
    theirs = await made(client(organisation.other_rep), "/v1/opportunities", name="Theirs")
    refused = await rep.post("/v1/quotes", json={"opportunity_id": theirs["id"]})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["opportunity_id"])


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"lines": [{"name": "X"}]}, "lines.0.unit_price"),
        ({"lines": [line(), {"unit_price": cny("1")}]}, "lines.1.name"),
        ({"lines": [line(quantity=0)]}, "lines.0.quantity"),
        ({"lines": [line("-1")]}, "lines.0.unit_price"),
        ({"lines": [line(discount=100.1)]}, "lines.0.discount"),
        ({"lines": [line(tax_class="nowhere")]}, "lines.0.tax_class"),
        ({"lines": [line(), line() | {"unit_price": usd("1")}]}, "lines.1.unit_price"),
        ({"lines": [{"product_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}]}, "lines.0.product_id"),
        ({"discount": {"percent": 1, "amount": cny("1")}}, "discount"),
        ({"discount": {"amount": cny("100.01")}}, "discount"),
        ({"discount": {"amount": usd("1")}}, "discount.amount"),
        ({"currency": "ZZZ"}, "currency"),
        ({"account_id": "nobody"}, "account_id"),
        ({"valid_until": "soon"}, "valid_until"),
        ({"status": "accepted"}, "status"),
        ({"lines": [line("999999999999999999", quantity=9)]}, "lines"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_written(
    client: Clients, organisation: Organisation, sent: Any, field: str
) -> None:
    rep = client(organisation.rep)
    refused = await rep.post("/v1/quotes", json={"name": "Q", "lines": [line()]} | sent)
    assert refused.status_code == 422, refused.text
    assert field in refused.json()["errors"], refused.text
    assert (await rep.get("/v1/quotes?total=exact")).json()["page"]["total"] == 0


async def test_a_product_without_a_price_in_this_currency_names_its_line(
    client: Clients, organisation: Organisation
) -> None:
    manager, rep = client(organisation.manager), client(organisation.rep)
    sold, gone = await product(manager, "P"), await product(manager, "G", is_active=False)
    for line_, field in (
        ({"product_id": sold["id"]}, "lines.0.unit_price"), ({"product_id": gone["id"]}, "lines.0.product_id"),
    ):  # fmt: skip
        refused = await rep.post(
            "/v1/quotes", json={"name": "Q", "currency": "USD", "lines": [line_]}
        )
        assert (refused.status_code, refused.json()["code"]) == (422, "no_price")
        assert list(refused.json()["errors"]) == [field]
    found = await quote(rep, {"product_id": sold["id"], "unit_price": usd("14")}, currency="USD")
    assert found["total"] == usd("14.00")


async def test_a_patch_works_out_what_it_touches_and_sends_prices_with_another_currency(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    found = await quote(rep, line("100", tax_rate=13), line("50", tax_rate=6))
    path = f"/v1/quotes/{found['id']}"
    cheaper = (await rep.patch(path, json={"discount": {"percent": 10}})).json()
    assert (cheaper["net"], cheaper["total"]) == (cny("135.00"), cny("149.40"))
    assert [each["discount_share"] for each in cheaper["lines"]] == [cny("10.00"), cny("5.00")]
    same = (await rep.patch(path, json={"lines": cheaper["lines"]})).json()
    assert same == cheaper  # a client's round trip changes nothing
    for sent in ({"currency": "USD"}, {"price_mode": "gross"}):
        refused = await rep.patch(path, json=sent)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["lines"])
    other = line() | {"unit_price": usd("10")}
    changed = (await rep.patch(path, json={"currency": "USD", "lines": [other]})).json()
    assert changed["total"] == usd("9.00")
    stale = await rep.patch(path, json={"name": "Late"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412


async def test_quotes_follow_accounts_and_people_that_become_one(
    client: Clients, organisation: Organisation, account: Known, heard: Heard
) -> None:
    rep = client(organisation.rep)
    gone, survivor = await account("Gone"), await account("Survivor")
    found = await sent_quote(rep, account_id=gone)
    merge = {"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "source_ids": [gone]}
    for verb, expected in (("merged", survivor), ("unmerged", gone)):
        await heard(
            account_told(
                organisation.id, survivor, "Survivor", owner_id=organisation.rep.id, version=2,
                verb=verb, before={"merge": merge},
            )
        )  # fmt: skip
        read = (await rep.get(f"/v1/quotes/{found['id']}")).json()
        assert (read["account_id"], read["status"]) == (expected, "sent")


@pytest.mark.usefixtures("remembered")
async def test_a_hundred_lines_cost_no_more_statements_than_one(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep, sold = client(organisation.rep), await product(client(organisation.manager), "P")
    lines = [{"product_id": sold["id"], "quantity": n + 1, "discount": n % 7} for n in range(100)]
    await quote(rep, *lines[:1])
    for count in (1, 100):
        with statements_of(service_database) as seen:
            found = await quote(rep, *lines[:count], discount={"percent": 3})
        assert len(found["lines"]) == count
        # The organisation's currency, prices and products, the number, the quote with its event.
        assert len(seen) == 4, [sql[:80] for sql in seen]
    shares = sum(Decimal(each["discount_share"]["amount"]) for each in found["lines"])
    assert shares == Decimal(found["totals"]["discount"]["amount"]) > 0


async def test_an_account_taken_on_trust_is_verified_when_it_is_heard_of(
    client: Clients, organisation: Organisation, heard: Heard, service_database: Database
) -> None:
    rep, unknown = client(organisation.rep), str(new_id())
    found = await quote(rep, account_id=unknown)
    assert found["is_account_verified"] is False
    await heard(account_told(organisation.id, unknown, "New", owner_id=organisation.rep.id))
    await settle_organisation(service_database, organisation.id)
    read = (await rep.get(f"/v1/quotes/{found['id']}")).json()
    assert (read["is_account_verified"], read["version"]) == (True, 2)


async def test_it_is_found_by_the_new_name_of_its_account(
    client: Clients, organisation: Organisation, account: Known, heard: Heard
) -> None:
    rep, mine = client(organisation.rep), await account("Old name")
    found = await quote(rep, account_id=mine)
    await heard(
        account_told(
            organisation.id, mine, "远航贸易", owner_id=organisation.rep.id, version=2,
            verb="updated", changed=["name"],
        )
    )  # fmt: skip
    for query, ids in (("远航", [found["id"]]), ("Old name", []), (found["number"], [found["id"]])):
        page = (await rep.get(f"/v1/quotes?q={query}")).json()["data"]
        assert [row["id"] for row in page] == ids, query
