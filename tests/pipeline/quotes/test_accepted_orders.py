"""What a customer accepts is ordered: once, to the smallest unit, whatever was offered."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known, Stages
from tests.pipeline.products.selling import cny, made, product
from tests.pipeline.quotes.offering import act, line, sent_quote
from tests.pipeline.telling import account_told


def money(amount: str, currency: str) -> dict[str, str]:
    return {"amount": amount, "currency": currency}


async def accepted(customer: httpx.AsyncClient, found: dict[str, Any]) -> dict[str, Any]:
    path = f"{found['link']['path']}/accept"
    answer = await customer.post(path, json={"name": "李雷"})
    assert answer.status_code == 200, answer.text
    offer: dict[str, Any] = answer.json()
    return offer


async def order_of(rep: httpx.AsyncClient, found: dict[str, Any]) -> dict[str, Any]:
    """The one order that came of a quote."""
    listed = (await rep.get(f"/v1/orders?quote_id={found['id']}")).json()["data"]
    assert [row["id"] for row in listed] == [
        (await rep.get(f"/v1/quotes/{found['id']}")).json()["order_id"]
    ]
    order: dict[str, Any] = (await rep.get(f"/v1/orders/{listed[0]['id']}")).json()
    return order


@pytest.mark.parametrize("mode", ["net", "gross"])
@pytest.mark.parametrize(
    ("currency", "price", "off"),
    [("CNY", "33.33", "0.07"), ("JPY", "101", "7"), ("KWD", "1.005", "0.007")],
)
async def test_an_order_comes_to_what_was_accepted_in_every_currency(
    client: Clients, organisation: Organisation, account: Known,
    mode: str, currency: str, price: str, off: str,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    lines = [
        {"name": f"L{n}", "unit_price": money(price, currency), "quantity": n + 0.5, "discount": 3.5 * n,
         "tax_rate": rate, "cost": money(price, currency)}
        for n, rate in enumerate((13, 6, 13, 0))
    ]  # fmt: skip
    for discount in (None, {"amount": money(off, currency)}, {"percent": 7.77}):
        found = await sent_quote(
            rep, *lines, account_id=await account(), currency=currency, price_mode=mode,
            discount=discount,
        )  # fmt: skip
        await accepted(client(), found)
        order, totals = await order_of(rep, found), found["totals"]
        assert (order["status"], order["quote_id"]) == ("placed", found["id"])
        assert (order["subtotal"], order["tax"], order["total"]) == (
            totals["net"], totals["tax"], totals["total"],
        )  # fmt: skip
        for bought, offered in zip(order["lines"], found["lines"], strict=True):
            assert (bought["amount"], bought["tax"]) == (offered["net"], offered["tax"])
            assert (bought["name"], bought["quantity"]) == (offered["name"], offered["quantity"])
        assert order["cost"] == totals["cost"]


async def test_many_who_accept_at_once_order_once(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    rep = client(organisation.rep)
    for _ in range(3):
        found = await sent_quote(rep, account_id=await account())
        await asyncio.gather(*(accepted(client(), found) for _ in range(6)))
        order = await order_of(rep, found)
        history = (await rep.get(f"/v1/orders/{order['id']}/history")).json()["data"]
        assert [each["type"].rpartition(".")[2] for each in reversed(history)] == [
            "created",
            "placed",
        ]


async def test_what_is_rejected_or_revised_is_not_ordered(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    rep, mine = client(organisation.rep), await account()
    first, second = await sent_quote(rep, account_id=mine), await sent_quote(rep, account_id=mine)
    await act(rep, first, "reject", name="X", reason="No")
    newer = await act(rep, second, "revise", 201)
    newer = await act(rep, newer, "send")
    closed = await client().post(f"{second['link']['path']}/accept", json={"name": "X"})
    assert closed.status_code == 410
    assert (await rep.get("/v1/orders?total=exact")).json()["page"]["total"] == 0
    await accepted(client(), newer)
    assert (await rep.get("/v1/orders?total=exact")).json()["page"]["total"] == 1


async def test_the_longest_name_of_a_product_can_be_ordered(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    manager, rep = client(organisation.manager), client(organisation.rep)
    name = "云" * 300
    sold = await product(manager, "L" * 100, name=name, category="c" * 100)
    found = await sent_quote(rep, {"product_id": sold["id"]}, account_id=await account())
    assert found["lines"][0]["name"] == name
    await accepted(client(), found)
    bought = (await order_of(rep, found))["lines"][0]
    assert (name.startswith(bought["name"]), len(bought["name"])) == (True, 200)
    assert (bought["sku"], bought["category"]) == ("L" * 100, "c" * 100)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"unit_price": cny("1000000000000000")}, "lines.1"),
        ({"unit_price": cny("999999999999999"), "tax_rate": 100, "quantity": 1.1}, "lines.1"),
        ({"cost": cny("999999999999999999"), "quantity": 1_000_000_000}, "lines.1.cost"),
        ({"cost": cny("1000000000000000")}, "lines.1.cost"),
    ],
)
async def test_a_line_that_no_order_could_hold_is_not_offered(
    client: Clients, organisation: Organisation, sent: dict[str, Any], field: str
) -> None:
    rep = client(organisation.rep)
    refused = await rep.post("/v1/quotes", json={"name": "Q", "lines": [line(), line() | sent]})
    assert refused.status_code == 422, refused.text
    assert list(refused.json()["errors"]) == [field]


async def test_the_largest_line_that_is_offered_can_be_ordered(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    rep, most = client(organisation.rep), cny("999999999999999.99")
    found = await sent_quote(
        rep, line() | {"unit_price": most, "cost": most, "tax_rate": 99}, account_id=await account(),
        discount={"amount": cny("0.01")},
    )  # fmt: skip
    await accepted(client(), found)
    order = await order_of(rep, found)
    assert (order["total"], order["cost"]) == (found["total"], most)


async def test_the_order_of_an_account_on_trust_waits_to_be_verified_as_well(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(rep, account_id=str(new_id()))
    assert found["is_account_verified"] is False
    await accepted(client(), found)
    order = await order_of(rep, found)
    assert (order["account_id"], order["is_account_verified"]) == (found["account_id"], False)


async def test_an_offer_to_a_person_alone_is_ordered_by_them(
    client: Clients, organisation: Organisation, person: Known
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(rep, contact_id=await person())
    await accepted(client(), found)
    order = await order_of(rep, found)
    assert (order["status"], order["contact_id"]) == ("placed", found["contact_id"])


async def test_an_offer_to_nobody_becomes_a_draft_that_says_whose_it_is_later(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(rep)
    await accepted(client(), found)
    order = await order_of(rep, found)
    assert (order["status"], order["total"]) == ("draft", found["total"])
    sent = {"account_id": await account()}
    assert (await rep.patch(f"/v1/orders/{order['id']}", json=sent)).status_code == 200
    placed = await rep.post(f"/v1/orders/{order['id']}/place", json={})
    assert (placed.status_code, placed.json()["status"]) == (200, "placed")
    assert UUID(order["quote_id"]) == UUID(found["id"])


async def test_offers_are_accepted_while_their_account_becomes_another_one(
    client: Clients, organisation: Organisation, stages: Stages, account: Known, heard: Heard
) -> None:
    """Both hold quotes, orders and deals: in one order, so that neither is given up for the other."""
    rep = client(organisation.rep)
    for _ in range(4):
        gone, survivor = await account("Gone"), await account("Survivor")
        offers = []
        for _ in range(4):
            deal = await made(rep, "/v1/opportunities", name="Deal", account_id=gone)
            sent = {"opportunity_id": deal["id"], "update_opportunity": True}
            offers.append(await sent_quote(rep, line(), **sent))
        merged = heard(
            account_told(
                organisation.id, survivor, "Survivor", owner_id=organisation.rep.id, version=2,
                verb="merged", before={"merge": {"id": str(new_id()), "source_ids": [gone]}},
            )
        )  # fmt: skip
        await asyncio.gather(*(accepted(client(), offer) for offer in offers), merged)
        for offer in offers:
            kept = (await rep.get(f"/v1/quotes/{offer['id']}")).json()
            order = await order_of(rep, offer)
            assert (kept["account_id"], order["account_id"]) == (survivor, survivor)
