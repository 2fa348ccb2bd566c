"""Orders: what they come to, their numbers, and who sees them."""

import asyncio
from typing import Any

import httpx
import pytest

from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known
from tests.pipeline.orders.ordering import PATH, cny, line, made, order, verbs_of
from tests.pipeline.products.selling import product


@pytest.fixture
def rep(client: Clients, organisation: Organisation) -> httpx.AsyncClient:
    return client(organisation.rep)


async def test_an_order_comes_to_its_rounded_lines_with_tax_and_shipping(
    rep: httpx.AsyncClient, organisation: Organisation, account: Known
) -> None:
    account_id = await account("未来科技")
    lines = [
        line("A", 3, "19.99", tax_rate=13, unit_cost=cny("10.00")),
        line("B", 1, "100", discount=12.5, tax=cny("1.00"), cost=cny("50")),
    ]
    found = await made(rep, order(account_id, *lines, shipping=cny("8")))
    assert [each["amount"]["amount"] for each in found["lines"]] == ["59.97", "87.50"]
    assert [each["tax"]["amount"] for each in found["lines"]] == ["7.80", "1.00"]
    assert [each["cost"]["amount"] for each in found["lines"]] == ["30.00", "50.00"]
    assert (found["subtotal"], found["tax"]) == (cny("147.47"), cny("8.80"))
    assert (found["shipping"], found["total"]) == (cny("8.00"), cny("164.27"))
    assert (found["margin"], found["cost"]) == (cny("67.47"), cny("80.00"))
    assert (found["status"], found["ordered_on"]) == ("draft", None)
    assert found["owner_id"] == str(organisation.rep.id)
    read = await rep.get(f"{PATH}/{found['id']}")
    assert (read.json(), read.headers["etag"]) == (found, '"1"')
    listed = (await rep.get(PATH + "?sku=B&include=account&account_name=未来科技")).json()["data"]
    assert [row["id"] for row in listed] == [found["id"]]
    assert listed[0]["account"]["name"] == "未来科技"
    assert (await rep.get(PATH + "?sku=C")).json()["data"] == []
    by_column = (await rep.get(f"{PATH}?fields=id,lines,total&total[gt]=164")).json()["data"][0]
    assert by_column == {"id": found["id"], "lines": found["lines"], "total": found["total"]}


async def test_a_margin_waits_for_every_cost_and_says_how_much_is_known(
    rep: httpx.AsyncClient, account: Known
) -> None:
    lines = [line("A", 1, "60", cost=cny("20")), line("B", 1, "40")]
    found = await made(rep, order(await account(), *lines))
    assert (found["margin"], found["cost"], found["costed"]) == (None, cny("20.00"), cny("60.00"))
    known = [found["lines"][0], {**found["lines"][1], "cost": cny("0")}]
    whole = (await rep.patch(f"{PATH}/{found['id']}", json={"lines": known})).json()
    assert (whole["margin"], whole["costed"]) == (cny("80.00"), cny("100.00"))


async def test_an_amount_may_be_given_where_no_unit_price_divides_it(
    rep: httpx.AsyncClient, account: Known
) -> None:
    one = await made(rep, order(await account(), {"name": "CD", "amount": cny("14.67")}))
    assert (one["lines"][0]["quantity"], one["total"]) == (1, cny("14.67"))
    whole = {"name": "2 CDs", "quantity": 2, "amount": {"amount": "29.33", "currency": "USD"}}
    found = await made(rep, order(await account(), whole))
    assert found["total"] == {"amount": "29.33", "currency": "USD"}
    assert found["lines"][0]["unit_price"] is None


async def test_numbers_run_on_without_gaps_or_doubles_however_many_order_at_once(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id = await account()
    sent = [order(account_id)] * 12 + [
        order(account_id, status="placed", ordered_on="2999-01-01")
    ] * 4
    answers = await asyncio.gather(*(rep.post(PATH, json=each) for each in sent))
    assert sorted(answer.status_code for answer in answers) == [201] * 12 + [422] * 4
    numbers = sorted(a.json()["number"] for a in answers if a.status_code == 201)
    assert numbers == [f"SO-{count:06d}" for count in range(1, 13)]


async def test_a_number_that_is_brought_is_kept_and_stepped_over(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id = await account()
    brought = await made(rep, order(account_id, number="SO-000002"))
    old = await made(rep, order(account_id, number="10248", external_id="NW-10248"))
    given = [(await made(rep, order(account_id)))["number"] for _ in range(3)]
    assert (brought["number"], old["number"]) == ("SO-000002", "10248")
    assert given == ["SO-000001", "SO-000003", "SO-000004"]
    twice = await rep.post(PATH, json=order(account_id, number="10248"))
    assert (twice.status_code, twice.json()["code"]) == (409, "number_taken")
    assert "number" in twice.json()["errors"]
    for query in ("number=10248", "external_id=NW-10248"):
        listed = (await rep.get(f"{PATH}?{query}")).json()["data"]
        assert [row["id"] for row in listed] == [old["id"]]


async def test_one_number_that_two_bring_at_once_is_one_order(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id = await account()
    for number in ("SO-000001", "A-7"):
        answers = await asyncio.gather(
            *(rep.post(PATH, json=order(account_id, number=number)) for _ in range(6))
        )
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
        assert all("number" in a.json()["errors"] for a in answers if a.status_code == 409)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"lines": [line(), {"sku": "X", "unit_price": {"amount": "1", "currency": "USD"}}]}, "lines"),
        ({"currency": "EUR"}, "currency"),
        ({"shipping": {"amount": "1", "currency": "EUR"}}, "shipping"),
        ({"lines": [line(quantity=0)]}, "lines.0.quantity"),
        ({"lines": [line(price="-1")]}, "lines.0.unit_price"),
        ({"lines": [line(price="1.234")]}, "lines.0.unit_price"),
        ({"lines": [{"sku": "X"}]}, "lines.0"),
        ({"lines": [{"unit_price": cny("1")}]}, "lines.0"),
        ({"lines": [line(quantity=1e9, price="999999999999999999")]}, "lines.0"),
        ({"lines": [line(discount=101)]}, "lines.0.discount"),
        ({"lines": [], "status": "placed"}, "lines"),
        ({"account_id": None, "status": "placed"}, "account_id"),
        ({"status": "placed", "ordered_on": "2999-01-01"}, "ordered_on"),
        ({"status": "returned"}, "status"),
        ({"account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, None),
        ({"opportunity_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, "opportunity_id"),
        ({"total": cny("1")}, "total"),
        ({"ordered_on": "2.11.2026"}, "ordered_on"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_nothing_is_written(
    rep: httpx.AsyncClient, account: Known, sent: dict[str, Any], field: str | None
) -> None:
    refused = await rep.post(PATH, json={**order(await account()), **sent})
    if field is None:  # an account that nobody here has heard of is taken on trust
        assert (refused.status_code, refused.json()["is_account_verified"]) == (201, False)
        return
    assert refused.status_code in (400, 422), refused.text
    assert any(name.startswith(field) for name in refused.json()["errors"]), refused.text
    assert (await rep.get(PATH + "?total=exact")).json()["page"]["total"] == 0


async def test_an_order_of_a_product_that_is_not_there_is_refused(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    """As with a deal: what is summed by product is of one."""
    admin, account_id = client(organisation.admin), await account()
    sold = await product(admin, "GX-1")
    refused = await admin.post(PATH, json=order(account_id, line(product_id=str(new_id()))))
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_reference")
    assert "lines" in refused.json()["errors"]
    found = await made(admin, order(account_id, line(product_id=sold["id"])))
    assert found["lines"][0]["product_id"] == sold["id"]
    assert (await admin.delete(f"/v1/products/{sold['id']}")).status_code == 200
    path = f"{PATH}/{found['id']}"
    more = [*found["lines"], line("B", product_id=str(new_id()))]
    assert "lines" in (await admin.patch(path, json={"lines": more})).json()["errors"]
    kept = await admin.patch(path, json={"lines": [{**found["lines"][0], "quantity": 4}]})
    assert (kept.status_code, kept.json()["lines"][0]["quantity"]) == (200, 4), kept.text


async def test_a_line_is_named_once_and_no_other_orders(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id, line_id = await account(), str(new_id())
    for more in ({}, {"id": str(new_id())}):
        twice = order(account_id, line(id=line_id), line("B", id=line_id), **more)
        refused = await rep.post(PATH, json=twice)
        assert (refused.status_code, refused.json()["errors"].keys()) == (422, {"lines.1.id"})
    found = await made(rep, order(account_id, line(id=line_id)))
    assert found["lines"][0]["id"] == line_id
    for more in ({}, {"id": str(new_id())}):
        taken = await rep.post(PATH, json=order(account_id, line(id=line_id), **more))
        assert (taken.status_code, taken.json()["errors"].keys()) == (409, {"lines"}), taken.text


async def test_other_peoples_orders_do_not_exist(
    client: Clients, rep: httpx.AsyncClient, organisation: Organisation, account: Known
) -> None:
    found = await made(rep, order(await account()))
    other = client(organisation.other_rep)
    path = f"{PATH}/{found['id']}"
    for answer in (
        await other.get(path), await other.patch(path, json={"description": "x"}),
        await other.post(path + "/place"), await other.post(path + "/fulfil"),
        await other.post(path + "/cancel", json={}), await other.get(path + "/returns"),
        await other.get(path + "/history"),
    ):  # fmt: skip
        assert answer.status_code == 404, answer.text
    assert (await other.get(PATH)).json()["data"] == []
    assert (await client(organisation.manager).get(path)).json() == found
    hidden = await account("Hidden", owner=organisation.other_rep)
    refused = await rep.post(PATH, json=order(hidden))
    assert (refused.status_code, "account_id" in refused.json()["errors"]) == (422, True)


async def test_it_is_deleted_restored_and_read_as_it_was(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    admin = client(organisation.admin)
    found = await made(admin, order(await account(), line("A", 2, "5")))
    path = f"{PATH}/{found['id']}"
    fewer = (await admin.patch(path, json={"lines": [line("B", 1, "7")]})).json()
    assert (fewer["total"], fewer["version"]) == (cny("7.00"), 2)
    past = (await admin.get(path, params={"as_of": found["created_at"]})).json()
    assert [each["sku"] for each in past["lines"]] == ["A"]
    assert (await admin.delete(path, headers={"if-match": '"1"'})).status_code == 412
    assert (await admin.delete(path)).status_code == 200
    assert (await admin.get(path)).status_code == 404
    assert (await admin.post(path + "/restore")).json()["lines"] == fewer["lines"]
    assert await verbs_of(admin, found["id"]) == ["created", "updated", "deleted", "restored"]
    assert (await made(admin, order(await account())))["number"] == "SO-000002"


async def test_a_create_is_repeated_safely(rep: httpx.AsyncClient, account: Known) -> None:
    document = order(await account(), id=str(new_id()))
    first = await rep.post(PATH, json=document)
    again = await rep.post(PATH, json=document)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["number"] == first.json()["number"]
    differs = await rep.post(PATH, json={**document, "lines": [line(quantity=9)]})
    assert (differs.status_code, differs.json()["code"]) == (409, "id_taken")
    keyed = [await rep.post(PATH, json=order(document["account_id"]), headers={"idempotency-key": "k"}) for _ in range(2)]  # fmt: skip
    assert keyed[0].json() == keyed[1].json()
    assert (await rep.get(PATH + "?total=exact")).json()["page"]["total"] == 2


async def test_a_batch_finds_by_number_and_external_id(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id = await account()
    found = await made(rep, order(account_id, external_id="E-1"))
    operations = [
        {"op": "update", "match": {"field": "number", "value": found["number"]}, "data": {"description": "x"}},
        {"op": "upsert", "match": {"field": "external_id", "value": "E-2"}, "data": order(account_id, external_id="E-2")},
        {"op": "create", "data": order(account_id, number=found["number"])},
        {"op": "create", "data": order(account_id)},
    ]  # fmt: skip
    answer = await rep.post(PATH + "/batch", json={"mode": "independent", "operations": operations})
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [200, 201, 409, 201], answer.text
    assert [results[1]["data"]["number"], results[3]["data"]["number"]] == [
        "SO-000002",
        "SO-000003",
    ]
