"""Price books: whose prices hold when, volume breaks, and ten thousand entries."""

import asyncio
from random import Random
from typing import Any

import pytest

from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known
from tests.pipeline.products.selling import cny, entry, made, price_book, price_of, product, usd
from tests.pipeline.telling import account_told


async def test_the_break_that_is_reached_gives_the_price(
    client: Clients, organisation: Organisation
) -> None:
    manager, rep = client(organisation.manager), client(organisation.rep)
    sold = await product(manager, "P")
    book = await price_book(
        manager, "Volume", entry(sold["id"], "90"), entry(sold["id"], "80", min_quantity=10),
        entry(sold["id"], "70.50", min_quantity=100, discount_limit=5),
    )  # fmt: skip
    for quantity, amount, at in (
        (1, "90.00", 0),
        (9.5, "90.00", 0),
        (10, "80.00", 10),
        (5000, "70.50", 100),
    ):
        found = await price_of(rep, sold["id"], quantity)
        assert (found["unit_price"], found["min_quantity"]) == (cny(amount), at)
        assert (found["source"], found["price_book_id"]) == ("price_book", book["id"])
    assert found["discount_limit"] == 5


async def test_without_a_book_it_is_the_list_price_or_the_reason_why_there_is_none(
    client: Clients, organisation: Organisation
) -> None:
    manager, rep = client(organisation.manager), client(organisation.rep)
    sold = await product(manager, "P")
    gone = await product(manager, "G", is_active=False)
    assert (await price_of(rep, sold["id"]))["source"] == "list"
    for asked, more, reason in (
        (sold["id"], {"currency": "USD"}, "no_price_in_currency"),
        (gone["id"], {}, "inactive_product"),
        ("01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", {}, "unknown_product"),
    ):
        found = await price_of(rep, asked, **more)
        assert (found["unit_price"], found["reason"]) == (None, reason)


async def test_of_several_books_priority_then_closeness_then_the_later_one_decides(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    manager, rep = client(organisation.manager), client(organisation.rep)
    sold, mine = await product(manager, "P"), await account("Mine", grade="A", industry="retail")
    other = await account("Other", grade="B")
    await price_book(manager, "All", entry(sold["id"], "99"))
    await price_book(manager, "Later", entry(sold["id"], "98"), valid_from="2020-01-01")
    await price_book(manager, "Grade A", entry(sold["id"], "90"), grades=["A"])
    await price_book(
        manager, "A in banks", entry(sold["id"], "10"), grades=["A"], industries=["bank"]
    )
    await price_book(manager, "Named", entry(sold["id"], "80"), account_ids=[mine])
    assert (await price_of(rep, sold["id"]))["price_book_name"] == "Later"
    assert (await price_of(rep, sold["id"], account_id=other))["price_book_name"] == "Later"
    assert (await price_of(rep, sold["id"], account_id=mine))["price_book_name"] == "Named"
    await price_book(manager, "Sale", entry(sold["id"], "95"), priority=1)
    assert (await price_of(rep, sold["id"], account_id=mine))["price_book_name"] == "Sale"
    before = await price_of(rep, sold["id"], account_id=other, on="2019-01-01")
    assert before["price_book_name"] == "Sale"


async def test_a_book_holds_between_its_days_while_it_is_in_use(
    client: Clients, organisation: Organisation
) -> None:
    manager, rep = client(organisation.manager), client(organisation.rep)
    sold = await product(manager, "P")
    book = await price_book(
        manager, "Spring", entry(sold["id"], "50"), valid_from="2026-03-01", valid_to="2026-05-31"
    )
    for day, source in (
        ("2026-02-28", "list"), ("2026-03-01", "price_book"), ("2026-05-31", "price_book"), ("2026-06-01", "list"),
    ):  # fmt: skip
        assert (await price_of(rep, sold["id"], on=day))["source"] == source
    await manager.patch(f"/v1/price-books/{book['id']}", json={"is_active": False})
    assert (await price_of(rep, sold["id"], on="2026-04-01"))["source"] == "list"


async def test_ten_thousand_entries_are_put_patched_and_paged(
    client: Clients, organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    sold = [await product(manager, f"P{n}") for n in range(10)]
    entries = [
        entry(each["id"], f"{n + 1}.00", min_quantity=n) for each in sold for n in range(1000)
    ]
    book = await price_book(manager, "Large", *entries)
    path = f"/v1/price-books/{book['id']}/entries"
    seen, cursor = [], ""
    while True:
        page = (await manager.get(f"{path}?limit=1000{cursor}")).json()
        seen += [(row["product_id"], row["min_quantity"]) for row in page["data"]]
        if not page["page"]["has_more"]:
            break
        cursor = f"&cursor={page['page']['next_cursor']}"
    assert len(seen) == len(set(seen)) == 10_000
    again = (await manager.put(path, json={"entries": entries})).json()
    assert (again["set"], again["removed"]) == (0, 0)
    changed = await manager.patch(
        path, json={"set": [entry(sold[0]["id"], "5", min_quantity=0)], "remove": [{"product_id": sold[9]["id"]}]}
    )  # fmt: skip
    assert changed.json() | {"version": 0} == {
        "price_book_id": book["id"], "entry_count": 9000, "set": 1, "removed": 1000, "version": 0,
    }  # fmt: skip
    only = (await manager.get(f"{path}?product_id={sold[0]['id']}&limit=2")).json()["data"]
    assert [row["unit_price"] for row in only] == [cny("5.00"), cny("2.00")]
    history = (await manager.get(f"/v1/price-books/{book['id']}/history")).json()["data"]
    assert [each["after"]["entry_count"] for each in history] == [9000, 10_000, 0]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"unit_price": usd("1")}, "entries.1.unit_price"),
        ({"product_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, "entries.1.product_id"),
        ({"unit_price": cny("-1")}, "entries.1.unit_price"),
        ({"min_quantity": -1}, "entries.1.min_quantity"),
        ({"discount_limit": 101}, "entries.1.discount_limit"),
        ({"min_quantity": 1, "discount_limit": 5.005}, "entries.1.discount_limit"),
        ({}, "entries.1.min_quantity"),
    ],
)
async def test_a_wrong_entry_is_named_and_none_is_written(
    client: Clients, organisation: Organisation, more: dict[str, Any], field: str
) -> None:
    manager = client(organisation.manager)
    sold = await product(manager, "P")
    book = await price_book(manager, "Book", entry(sold["id"], "7"))
    path = f"/v1/price-books/{book['id']}/entries"
    refused = await manager.put(
        path, json={"entries": [entry(sold["id"], "9"), entry(sold["id"], "8") | more]}
    )
    assert refused.status_code == 422, refused.text
    assert field in refused.json()["errors"], refused.text
    kept = (await manager.get(path)).json()["data"]
    assert [row["unit_price"] for row in kept] == [cny("7.00")]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("limit=-1", "limit"),
        ("limit=000001999999", "limit"), ("limit=000001" + "9" * 40, "limit"), ("limit=" + "9" * 5000, "limit"),
        ("cursor=x", "cursor"), ("cursor=" + "é", "cursor"), ("product_id=x", "product_id"), ("sort=sku", "sort"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_page_of_entries_is_named(
    client: Clients, organisation: Organisation, query: str, field: str
) -> None:
    manager = client(organisation.manager)
    sold = await product(manager, "P")
    book = await price_book(manager, "Book", entry(sold["id"], "7"))
    refused = await manager.get(f"/v1/price-books/{book['id']}/entries?{query}")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field]), refused.text


async def test_two_who_write_one_book_at_once_leave_one_whole_list(
    client: Clients, organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    sold = [await product(manager, f"P{n}") for n in range(4)]
    book = await price_book(manager, "Book")
    path = f"/v1/price-books/{book['id']}/entries"

    async def put(products: list[dict[str, Any]], amount: str) -> int:
        sent = {"entries": [entry(each["id"], amount) for each in products]}
        return (await client(organisation.manager).put(path, json=sent)).status_code

    lists = [(sold[:3], "1"), (sold[1:], "2"), (sold[2:], "3")]
    assert await asyncio.gather(*(put(*each) for each in lists)) == [200] * 3
    kept = {
        (row["product_id"], row["unit_price"]["amount"])
        for row in (await manager.get(path)).json()["data"]
    }
    assert kept in [{(p["id"], f"{amount}.00") for p in products} for products, amount in lists]
    found = (await manager.get(f"/v1/price-books/{book['id']}")).json()
    assert (found["entry_count"], found["version"]) == (len(kept), 4)


async def test_a_book_follows_accounts_that_become_one(
    client: Clients, organisation: Organisation, account: Known, heard: Heard
) -> None:
    """There and back again, as the account's deals do."""
    manager = client(organisation.manager)
    gone, survivor = await account("Gone"), await account("Survivor")
    before = [gone, survivor]
    book = await made(manager, "/v1/price-books", name="B", currency="CNY", account_ids=before)
    merge = {"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "source_ids": [gone]}
    for version, verb, named in ((2, "merged", [survivor]), (3, "unmerged", before)):
        await heard(
            account_told(
                organisation.id, survivor, "Survivor", owner_id=organisation.rep.id, version=version,
                verb=verb, before={"merge": merge},
            )
        )  # fmt: skip
        read = (await manager.get(f"/v1/price-books/{book['id']}")).json()
        assert read["account_ids"] == named


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_feed_alone_rebuilds_every_entry(
    client: Clients, organisation: Organisation, seed: int
) -> None:
    manager, random = client(organisation.manager), Random(seed)
    products = [(await product(manager, f"P{n}"))["id"] for n in range(4)]
    book = await price_book(manager, "B")
    path = f"/v1/price-books/{book['id']}"

    def some() -> list[dict[str, Any]]:
        keys = random.sample([(id, least) for id in products for least in (1, 10)], 3)
        return [
            entry(id, str(random.randint(1, 3)), min_quantity=least, discount_limit=random.choice([None, 5]))
            for id, least in keys
        ]  # fmt: skip

    for _ in range(12):
        if random.random() < 0.4:
            done = await manager.put(path + "/entries", json={"entries": some()})
        else:
            gone = [
                {"product_id": random.choice(products)} | random.choice([{}, {"min_quantity": 10}])
            ]
            done = await manager.patch(path + "/entries", json={"set": some(), "remove": gone})
        assert done.status_code == 200, done.text
    rebuilt: dict[tuple[str, float], dict[str, Any]] = {}
    history = (await manager.get(path + "/history", params={"limit": 100})).json()["data"]
    for event in reversed(history):
        told = (event["before"] or {}).get("entries", {"set": [], "removed": []})
        for each in told["removed"]:
            del rebuilt[each["product_id"], each["min_quantity"]]
        for each in told["set"]:
            rebuilt[each["product_id"], each["min_quantity"]] = each
        assert event["after"]["entry_count"] == len(rebuilt)
    listed = (await manager.get(path + "/entries", params={"limit": 100})).json()["data"]
    assert [{k: v for k, v in row.items() if k not in ("sku", "name")} for row in listed] == [
        rebuilt[key] for key in sorted(rebuilt)
    ]
