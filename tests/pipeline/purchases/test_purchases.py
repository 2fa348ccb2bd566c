"""Purchases: what was bought less what came back, by period, as far as the caller sees."""

from collections import defaultdict
from decimal import Decimal
from random import Random
from typing import Any

import httpx
import pytest

from guanxi_pipeline.orders.placing import place_many
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known
from tests.pipeline.orders.ordering import acted, cny, line, made, order
from tests.pipeline.telling import account_told, told

ACTOR = Actor(id=None, kind="service", channel="test")


@pytest.fixture
def rep(client: Clients, organisation: Organisation) -> httpx.AsyncClient:
    return client(organisation.rep)


async def bought(
    client: httpx.AsyncClient, account_id: str, day: str, *lines: dict[str, Any], **more: Any
) -> dict[str, Any]:
    return await made(
        client, order(account_id, *lines, ordered_on=day, **{"status": "fulfilled", **more})
    )


async def read(client: httpx.AsyncClient, account_id: str, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"/v1/accounts/{account_id}/purchases?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def amounts(found: dict[str, Any]) -> dict[str, str]:
    return {row["period"]: row["amount"]["amount"] for row in found["data"]}


async def test_an_account_is_read_month_by_month_with_what_changed(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id = await account()
    await bought(rep, account_id, "2024-11-15", line("A", 1, "80", cost=cny("50")))
    await bought(rep, account_id, "2025-09-30", line("A", 2, "50", tax_rate=13, cost=cny("60")))
    await bought(
        rep, account_id, "2025-11-01", line("A", 3, "40", cost=cny("70")), shipping=cny("9")
    )
    await bought(rep, account_id, "2025-11-30", line("B", 1, "30"))
    await bought(rep, account_id, "2025-11-30", line("B", 1, "999"), status="draft")
    await bought(rep, account_id, "2025-11-30", line("B", 1, "999"), status="cancelled")
    found = await read(rep, account_id, "from=2025-09-10&to=2025-11-02")
    assert (found["from"], found["to"]) == ("2025-09-01", "2025-11-30")
    assert amounts(found) == {"2025-09": "100.00", "2025-10": "0.00", "2025-11": "150.00"}
    september, october, november = found["data"]
    assert (september["quantity"], september["orders"], september["margin"]) == (2, 1, cny("40.00"))
    assert september["change"]["amount"] == cny(
        "100.00"
    )  # August was in between: nothing was bought
    assert october["change"] == {
        "amount": cny("-100.00"), "amount_percent": -100.0, "quantity": -2, "quantity_percent": -100.0,
    }  # fmt: skip
    assert (october["change_on_year"], november["change"]["amount_percent"]) == (None, None)
    assert november["change_on_year"]["amount_percent"] == 87.5
    assert (november["margin"], november["cost"], november["costed"]) == (
        None,
        cny("70.00"),
        cny("120.00"),
    )
    assert found["totals"] == [
        {"currency": "CNY", "quantity": 6, "orders": 3, "amount": cny("250.00"), "cost": cny("130.00"),
         "costed": cny("220.00"), "margin": None},
    ]  # fmt: skip
    whole = await read(rep, account_id, "by=year")
    assert amounts(whole) == {"2024": "80.00", "2025": "250.00"}
    assert [row["change"] and row["change"]["amount_percent"] for row in whole["data"]] == [
        None,
        212.5,
    ]
    assert amounts(await read(rep, account_id, "by=quarter&from=2025-10-01&to=2025-10-01")) == {
        "2025-Q4": "150.00"
    }
    assert amounts(await read(rep, account_id, "product=B&by=day")) == {"2025-11-30": "30.00"}


async def test_months_in_which_nothing_was_bought_are_there_with_their_change(
    rep: httpx.AsyncClient, client: Clients, organisation: Organisation, account: Known
) -> None:
    """Also where all of them are such: that somebody stopped buying is what is looked for."""
    account_id = await account()
    for day in ("2024-12-05", "2025-11-05"):
        await bought(rep, account_id, day, line("A", 1, "100"))
    lost = {
        "amount": cny("-100.00"),
        "amount_percent": -100.0,
        "quantity": -1,
        "quantity_percent": -100.0,
    }
    none = {"amount": cny("0.00"), "amount_percent": None, "quantity": 0, "quantity_percent": None}
    for query in ("from=2025-12-01&to=2025-12-31", "from=2025-12-10"):
        found = await read(rep, account_id, query)
        assert (found["from"], found["to"]) == ("2025-12-01", "2025-12-31")
        [december] = found["data"]
        assert (december["amount"], december["orders"]) == (cny("0.00"), 0)
        assert (december["change"], december["change_on_year"]) == (lost, lost)
        assert [total["amount"] for total in found["totals"]] == [cny("0.00")]
    later = await read(rep, account_id, "from=2026-05-01&to=2026-06-01")
    assert [(row["period"], row["change"]) for row in later["data"]] == [
        ("2026-05", none), ("2026-06", none),
    ]  # fmt: skip
    early = await read(rep, account_id, "from=2024-10-01&to=2024-11-30")
    assert early["data"] == []  # nothing was ever bought until then
    rate = {"currency": "USD", "base": "CNY", "valid_on": "2024-01-01", "rate": 5}
    assert (
        await client(organisation.admin).post("/v1/exchange-rates", json=rate)
    ).status_code == 201
    dollars = await read(rep, account_id, "from=2025-12-01&to=2025-12-31&currency=USD")
    [december] = dollars["data"]
    assert december["amount"] == {"amount": "0.00", "currency": "USD"}
    assert december["change"]["amount"] == {"amount": "-20.00", "currency": "USD"}


async def test_deleted_orders_and_what_came_back_of_them_count_again_when_restored(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    admin, account_id = client(organisation.admin), await account()
    found = await bought(admin, account_id, "2025-10-20", line("A", 4, "25"))
    await bought(admin, account_id, "2025-10-21", line("A", 1, "7"))
    await acted(
        admin, found["id"], "returns", reason="Broken", returned_on="2025-11-05",
        lines=[{"line_id": found["lines"][0]["id"], "quantity": 1}],
    )  # fmt: skip
    whole = {"2025-10": "107.00", "2025-11": "-25.00"}
    assert amounts(await read(admin, account_id)) == whole
    assert (await admin.delete(f"/v1/orders/{found['id']}")).status_code == 200
    assert amounts(await read(admin, account_id)) == {"2025-10": "7.00"}
    assert (await admin.get(f"/v1/orders/{found['id']}/returns")).status_code == 404
    assert (await admin.post(f"/v1/orders/{found['id']}/restore")).status_code == 200
    assert amounts(await read(admin, account_id)) == whole


async def test_purchases_follow_accounts_that_become_one_and_part_again(
    rep: httpx.AsyncClient,
    client: Clients,
    organisation: Organisation,
    account: Known,
    heard: Heard,
) -> None:
    """Deleted orders, too: they come back to whoever the account has become."""
    source, survivor, admin = await account("Old"), await account("New"), client(organisation.admin)
    moved = await bought(rep, source, "2025-10-20", line("A", 4, "25"))
    gone = await bought(rep, source, "2025-10-21", line("A", 1, "5"))
    await bought(rep, survivor, "2025-11-02", line("A", 1, "7"))
    await acted(
        rep, moved["id"], "returns", reason="Broken", returned_on="2025-11-05",
        lines=[{"line_id": moved["lines"][0]["id"], "quantity": 1}],
    )  # fmt: skip
    assert (await admin.delete(f"/v1/orders/{gone['id']}")).status_code == 200
    merge = {"id": str(new_id()), "source_ids": [source]}
    state = account_told(organisation.id, survivor, "New", owner_id=organisation.rep.id)["after"]
    telling: dict[str, Any] = {"before": {"merge": merge}}
    await heard(
        told(organisation.id, "account", survivor, state, version=2, verb="merged", **telling)
    )
    assert (await admin.post(f"/v1/orders/{gone['id']}/restore")).status_code == 200
    found = await read(rep, survivor)
    assert amounts(found) == {"2025-10": "105.00", "2025-11": "-18.00"}
    assert found["totals"][0]["orders"] == 3
    await heard(
        told(organisation.id, "account", survivor, state, version=3, verb="unmerged", **telling)
    )
    assert amounts(await read(rep, survivor)) == {"2025-11": "7.00"}
    assert amounts(await read(rep, source)) == {"2025-10": "105.00", "2025-11": "-25.00"}


async def test_what_comes_back_counts_on_its_own_day(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id = await account()
    made_ = await bought(
        rep, account_id, "2025-10-20", line("A", 4, "25", cost=cny("40"), tax_rate=13)
    )
    await acted(
        rep, made_["id"], "returns", reason="Broken", returned_on="2025-11-05",
        lines=[{"line_id": made_["lines"][0]["id"], "quantity": 1}],
    )  # fmt: skip
    found = await read(rep, account_id)
    assert amounts(found) == {"2025-10": "100.00", "2025-11": "-25.00"}
    november = found["data"][1]
    assert (november["quantity"], november["orders"]) == (-1, 0)
    assert (november["cost"], november["margin"]) == (cny("-10.00"), cny("-15.00"))
    assert (found["totals"][0]["amount"], found["totals"][0]["orders"]) == (cny("75.00"), 1)


async def test_currencies_stay_apart_unless_rates_are_there_for_each_period(
    rep: httpx.AsyncClient, client: Clients, organisation: Organisation, account: Known
) -> None:
    account_id, admin = await account(), client(organisation.admin)
    dollars = {"sku": "A", "unit_price": {"amount": "10.00", "currency": "USD"}}
    for day in ("2025-10-20", "2025-11-20"):
        await bought(rep, account_id, day, dollars)
        await bought(rep, account_id, day, line("A", 1, "100"))
    apart = await read(rep, account_id)
    assert [(row["period"], row["amount"]["currency"]) for row in apart["data"]] == [
        ("2025-10", "CNY"), ("2025-11", "CNY"), ("2025-10", "USD"), ("2025-11", "USD"),
    ]  # fmt: skip
    for day, rate in (("2025-10-31", 7), ("2025-11-30", 8), ("2025-12-01", 99)):
        sent = {"currency": "USD", "base": "CNY", "valid_on": day, "rate": rate}
        if day == "2025-10-31":
            refused = await rep.get(f"/v1/accounts/{account_id}/purchases?currency=CNY")
            assert (refused.status_code, refused.json()["code"]) == (422, "rate_missing")
            assert refused.json()["missing"] == [{"from": "USD", "to": "CNY", "on": "2025-10-31"}]
        assert (await admin.post("/v1/exchange-rates", json=sent)).status_code == 201
    found = await read(rep, account_id, "currency=CNY")
    assert amounts(found) == {"2025-10": "170.00", "2025-11": "180.00"}
    assert found["totals"][0]["amount"] == cny("350.00")
    assert found["rates"] == [
        {"on": "2025-10-31", "currency": "USD", "rate": "7", "rate_date": "2025-10-31"},
        {"on": "2025-11-30", "currency": "USD", "rate": "8", "rate_date": "2025-11-30"},
    ]


async def test_nobody_reads_what_others_sold_or_whom_they_do_not_see(
    rep: httpx.AsyncClient, client: Clients, organisation: Organisation, account: Known
) -> None:
    account_id = await account()
    await bought(rep, account_id, "2025-10-20", line("A", 1, "100"))
    admin = client(organisation.admin)
    await bought(admin, account_id, "2025-10-21", line("A", 1, "7"))
    assert amounts(await read(rep, account_id)) == {"2025-10": "100.00"}
    assert amounts(await read(admin, account_id)) == {"2025-10": "107.00"}
    for path in (f"/v1/accounts/{account_id}/purchases", f"/v1/accounts/{new_id()}/purchases"):
        assert (await client(organisation.other_rep).get(path)).status_code == 404
    whole = (await client(organisation.other_rep).get("/v1/orders/purchases?by=month")).json()
    assert (whole["data"], whole["from"]) == ([], None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=week", "by"), ("from=soon", "from"), ("from=2025-02-01&to=2025-01-01", "from"),
        ("currency=QQQ", "currency"), ("colour=red", "colour"), ("by=month&by=day", "by"),
        ("group=colour", "group"), ("account_id=1", "account_id"),
    ],
)  # fmt: skip
async def test_a_question_that_cannot_be_read_is_400(
    rep: httpx.AsyncClient, query: str, field: str
) -> None:
    refused = await rep.get(f"/v1/orders/purchases?{query}")
    assert (refused.status_code, field in refused.json()["errors"]) == (400, True), refused.text


async def test_sums_by_product_owner_account_and_quarter_equal_a_count_by_hand(
    client: Clients, organisation: Organisation, account: Known, service_database: Database
) -> None:
    """Four hundred orders made at random, summed here line by line."""
    chance = Random(20261128)
    accounts = [await account(f"A{index}") for index in range(5)]
    owners = [organisation.rep, organisation.rep2, organisation.junior]
    orders, expected = [], defaultdict[tuple[str, str, str], Decimal](Decimal)
    counted = defaultdict[tuple[str, str, str], set[int]](set)
    for index in range(400):
        owner, account_id = chance.choice(owners), chance.choice(accounts)
        year, month = chance.choice([2024, 2025]), chance.randint(1, 12)
        lines = [
            line(f"S{chance.randint(1, 6)}", chance.randint(1, 9), f"{chance.randint(1, 9999) / 100:.2f}")
            | {"category": chance.choice("XY")}
            for _ in range(chance.randint(1, 4))
        ]  # fmt: skip
        orders.append(
            order(account_id, *lines, status="fulfilled", ordered_on=f"{year}-{month:02d}-17",
                  owner_id=owner.id)
        )  # fmt: skip
        quarter = f"{year}-Q{(month + 2) // 3}"
        for each in lines:
            amount = Decimal(each["unit_price"]["amount"]) * each["quantity"]
            for group, value in (
                ("product", each["sku"]), ("owner", str(owner.id)), ("account", account_id),
                ("category", each["category"]), ("none", ""),
            ):  # fmt: skip
                expected[group, value, quarter] += amount
                counted[group, value, quarter].add(index)
    async with service_database.transaction(organisation.id) as connection:
        await place_many(connection, organisation.id, orders, actor=ACTOR)
    found, numbers = {}, {}
    column = {
        "product": "sku",
        "owner": "owner_id",
        "account": "account_id",
        "category": "category",
    }
    for group in (*column, "none"):
        answer = await client(organisation.manager).get(
            f"/v1/orders/purchases?by=quarter&group={group}"
        )
        assert answer.status_code == 200, answer.text
        for row in answer.json()["data"]:
            key = (group, row.get(column.get(group, ""), ""), row["period"])
            found[key] = Decimal(row["amount"]["amount"])
            numbers[key] = row["orders"]
    assert found == dict(expected)
    assert numbers == {key: len(value) for key, value in counted.items()}
