"""Imports and exports of price books, a row for each entry."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from guanxi_pipeline.exports.price_entries import MOST, spread_entries
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known
from tests.pipeline.products.selling import cny, entry, price_book, price_of, product
from tests.pipeline.transfers.test_exports import exported, table
from tests.pipeline.transfers.test_product_imports import counts, refused

BY_NAME = {"key": "name", "duplicates": "update"}
TABLE = """价格表,币种,客户等级,生效日期,失效日期,优先级,货号,产品,单价,起订量,折扣上限
重点客户,CNY,A;B,2027-01-01,2027/12/31,10,GX-1,,900.50,,
重点客户,CNY,A;B,2027-01-01,2027/12/31,10,GX-1,,850,10,5
重点客户,CNY,,,,,,Setup,1200,,
Export,USD,,,,,GX-1,,120,,
"""


@pytest.fixture
def books(send: Sender) -> Sender:
    return send.of("price-books")


@pytest.fixture
async def goods(send: Sender) -> dict[str, Any]:
    names = {"GX-1": "Seats", "GX-2": "Setup"}
    return {sku: await product(send.client, sku, name=name) for sku, name in names.items()}


async def entries(client: httpx.AsyncClient, book_id: str) -> list[tuple[Any, ...]]:
    answer = await client.get(f"/v1/price-books/{book_id}/entries?limit=1000")
    assert answer.status_code == 200, answer.text
    return [
        (e["sku"], e["min_quantity"], e["unit_price"]["amount"], e["discount_limit"])
        for e in answer.json()["data"]
    ]


async def told(client: httpx.AsyncClient, book_id: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/price-books/{book_id}/history")
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_rows_become_books_and_their_entries_and_the_same_again_changes_nothing(
    books: Sender, goods: dict[str, Any]
) -> None:
    assert counts(await books(TABLE, **BY_NAME, dry_run=True)) == {"created": 4}
    assert await books.records() == []
    assert counts(await books(TABLE, **BY_NAME)) == {"created": 4}
    first, second = await books.records()
    shown = (
        "name",
        "currency",
        "grades",
        "valid_from",
        "valid_to",
        "priority",
        "is_active",
        "entry_count",
    )
    assert [first[n] for n in shown] == [
        "重点客户", "CNY", ["A", "B"], "2027-01-01", "2027-12-31", 10, True, 3,
    ]  # fmt: skip
    assert await entries(books.client, first["id"]) == [
        ("GX-1", 0, "900.50", None), ("GX-1", 10, "850.00", 5), ("GX-2", 0, "1200.00", None),
    ]  # fmt: skip
    assert (second["currency"], second["entry_count"]) == ("USD", 1)
    sold = await price_of(books.client, goods["GX-1"]["id"], 1, currency="USD")
    assert (sold["unit_price"]["amount"], sold["price_book_name"]) == ("120.00", "Export")
    assert counts(await books(TABLE, **BY_NAME)) == {"unchanged": 4}
    more = TABLE.replace("850,10,5", "840,10,5") + "Export,USD,,,,,GX-2,,7,,\n"
    assert counts(await books(more, **BY_NAME)) == {"unchanged": 3, "updated": 1, "created": 1}
    assert len(await entries(books.client, first["id"])) == 3


async def test_a_chunk_is_told_as_one_patch_of_entries_is(
    books: Sender, goods: dict[str, Any]
) -> None:
    await books(TABLE, **BY_NAME)
    first, _ = await books.records()
    history = await told(books.client, first["id"])
    assert [each["type"].rpartition(".")[2] for each in history] == ["updated", "created"]
    assert {each["channel"] for each in history} == {"import"}
    by_hand = await price_book(books.client, "By hand")
    ids = {sku: each["id"] for sku, each in goods.items()}
    patch = {"set": [
        entry(ids["GX-1"], "900.50"), entry(ids["GX-1"], "850", min_quantity=10, discount_limit=5),
        entry(ids["GX-2"], "1200"),
    ]}  # fmt: skip
    sent = await books.client.patch(f"/v1/price-books/{by_hand['id']}/entries", json=patch)
    assert sent.status_code == 200, sent.text
    same = (await told(books.client, by_hand["id"]))[0]

    def entries_of(event: dict[str, Any]) -> list[str]:
        assert event["before"]["entries"]["removed"] == []
        return sorted(map(str, event["before"]["entries"]["set"]))

    assert entries_of(history[0]) == entries_of(same)
    assert sorted(history[0]["changed"]) == sorted(same["changed"])
    assert history[0]["before"]["entry_count"] == 0
    changed = "name,currency,priority,sku,unit_price\n重点客户,CNY,11,GX-2,1300\n重点客户,CNY,11,GX-1,950\n"
    assert counts(await books(changed, **BY_NAME)) == {"updated": 2}
    newest = (await told(books.client, first["id"]))[0]
    assert (newest["before"]["priority"], newest["version"]) == (10, history[0]["version"] + 1)
    assert [e["unit_price"] for e in newest["before"]["entries"]["set"]] == [
        cny("1300.00"),
        cny("950.00"),
    ]


async def test_each_bad_row_is_refused_by_its_line_and_column(
    books: Sender, goods: dict[str, Any]
) -> None:
    await price_book(books.client, "Old", valid_from="2027-01-01")
    bad = f"""name,currency,account_ids,valid_to,priority,sku,product_id,price,min_quantity,discount_limit
New,CNY,,,1,GX-1,,5,,
Old,USD,,,,GX-1,,5,,
Old,CNY,,,,GX-1,,USD 5,,
Old,,,,,GX-1,,5.005,,
Old,,,,,GX-1,,-5,,
Old,,,,,GX-1,,5,-1,
Old,,,,,GX-1,,5,,101
Old,,,,,Nothing,,5,,
Old,,,,,,{new_id()},5,,
Old,,,,,GX-1,,,2,
Old,,,,,,,5,,
Old,,,2026-01-01,,GX-1,,5,,
New,CNY,,,2,GX-1,,5,3,
Lost,,,,,GX-1,,5,,
,CNY,,,,GX-1,,5,,
Odd,XXY,,,,GX-1,,5,,
Odd,CNY,,,much,GX-1,,5,,
Odd,CNY,{new_id()},,,GX-1,,5,,
Odd,JPY,,,,GX-1,,5.5,,
Old,,,,,GX-1,,7,0,
"""
    done = await books(bad, **BY_NAME)
    said = await refused(books, done)
    expected = [
        "3: currency: The book is in CNY; that stays",
        "4: price: The book is in CNY. Send the price in CNY",
        "5: price: ",
        "6: price: must not be negative",
        "7: min_quantity: ",
        "8: discount_limit: ",
        "9: sku: 'Nothing': there is no such product",
        "10: product_id: ",
        "11: price: an entry needs a product and its unit price",
        "12: sku: an entry needs a product and its unit price",
        "13: valid_to: It would end before it begins.",
        "14: priority: '2' is not what line 2 says of the same book",
        "15: A new price book needs a name and a currency.",
        "16: A new price book needs a name and a currency.",
        "17: currency: ",
        "18: priority: 'much'",
        "19: account_ids: ",
        "20: price: ",
    ]
    assert [s for s, b in zip(said, expected, strict=True) if not s.startswith(b)] == []
    assert counts(done) == {"created": 2, "refused": 18}
    rows = {each["name"]: each for each in await books.records()}
    assert rows.keys() == {"New", "Old"}
    assert await entries(books.client, rows["Old"]["id"]) == [("GX-1", 0, "7.00", None)]


@pytest.mark.parametrize("is_dry", [True, False])
async def test_prices_that_are_there_stay_are_refused_or_are_set(
    books: Sender, goods: dict[str, Any], is_dry: bool
) -> None:
    await price_book(books.client, "Old", entry(goods["GX-1"]["id"], "5"))
    rows = "name,currency,priority,sku,price\n" + "Old,CNY,3,GX-1,6\nOld,CNY,3,GX-2,7\n" + (
        "New,EUR,,GX-1,1\n" * 7
    ) + "New,EUR,,GX-1,2\n"  # fmt: skip
    by_name = {"key": "name", "dry_run": is_dry}
    kept = await books(rows, **by_name, duplicates="refuse")
    assert counts(kept) == {"created": 2, "refused": 8}
    assert (await refused(books, kept))[0] == (
        "2: There is a price of this product from 0 on in the book already."
    )
    skipped = counts(await books(rows, **by_name, duplicates="skip"))
    assert skipped == ({"created": 2, "skipped": 8} if is_dry else {"skipped": 10})
    old = next(each for each in await books.records() if each["name"] == "Old")
    assert (old["priority"], old["entry_count"]) == (0, 1 if is_dry else 2)
    changed = counts(await books(rows, **by_name, duplicates="update"))
    assert changed == (
        {"created": 2, "updated": 2, "unchanged": 6} if is_dry
        else {"updated": 2, "unchanged": 8}
    )  # fmt: skip
    for options, name in (
        ({"key": "none"}, "key"),
        ({"key": "name", "duplicates": "create"}, "duplicates"),
    ):
        upload = await books.upload(rows)
        begun = await books.start(upload.json()["id"], **options)
        assert (begun.status_code, begun.json()["errors"].keys()) == (422, {name}), begun.text


async def test_a_table_of_books_comes_back_whole(
    books: Sender,
    goods: dict[str, Any],
    account: Known,
    client: Clients,
    organisation: Organisation,
) -> None:
    customer = await account("Acme")
    ids = [each["id"] for each in goods.values()]
    breaks = [
        entry(ids[0], f"{900 - n}.50", min_quantity=n * 0.5, discount_limit=n) for n in range(20)
    ]
    await price_book(
        books.client, "Breaks", *breaks, entry(ids[1], "0"), account_ids=[customer], grades=["A"],
        regions=["华东", "North"], industries=["retail"], valid_from="2027-01-01", priority=-3,
        description="One\nTwo", external_id="B-1", is_active=False,
    )  # fmt: skip
    await price_book(books.client, "Empty", currency="EUR")
    before = await books.records()
    kept = [await entries(books.client, each["id"]) for each in before]
    for key in ("id", "name"):
        for format in ("csv", "xlsx", "ndjson"):
            content = await exported(books, resource="price-books", format=format)
            again = await books(content, key=key, duplicates="update")
            assert counts(again) == {"unchanged": 22}, (key, format, await refused(books, again))
    assert await books.records() == before
    rows = table((await books.client.get("/v1/price-books/export")).content)
    assert [rows[1][n] for n in ("name", "product", "unit_price", "min_quantity", "discount_limit")] == [
        "Breaks", "Seats", "899.50", "0.5", "1.0",
    ]  # fmt: skip
    few = table((await books.client.get("/v1/price-books/export?fields=name&name=Breaks")).content)
    assert (len(few), list(few[0])[:3]) == (21, ["id", "name", "sku"])

    # Under other names, without ids, it makes books that are the same.
    content = await exported(books, resource="price-books", format="csv")
    anew = (
        content.decode("utf-8-sig")
        .replace("Breaks", "Anew")
        .replace("Empty", "Bare")
        .replace("B-1", "B-2")
    )
    upload = await books.upload(anew)
    mapping = {
        name: each["field"] for name, each in upload.json()["mapping"].items() if name != "id"
    }
    begun = await books.start(upload.json()["id"], mapping=mapping, **BY_NAME)
    assert begun.status_code == 202, begun.text
    assert counts(await books.ended(upload.json()["id"])) == {"created": 22}
    own = {"id", "name", "external_id", "version", "created_at", "updated_at", "entries_changed_at"}
    made = (await books.records())[2:]
    for one, other in zip(before, made, strict=True):
        assert {n: v for n, v in one.items() if n not in own} == {
            n: v for n, v in other.items() if n not in own
        }
    assert [await entries(books.client, each["id"]) for each in made] == kept


async def test_who_may_not_change_books_sets_no_price_in_one(
    books: Sender, goods: dict[str, Any], client: Clients, organisation: Organisation
) -> None:
    await price_book(books.client, "Old")
    rep = books.by(client(organisation.rep))
    assert (await rep.upload(TABLE, start="true")).status_code == 403
    assert len(table((await rep.client.get("/v1/price-books/export")).content)) == 1
    blind = client(organisation.rep.but(permissions=("exports:create",)))
    assert (await blind.post("/v1/exports", json={"resource": "price-books"})).status_code == 403
    rights = ("imports:create", "imports:read", "price-books:create", "price-books:read")
    maker = books.by(client(organisation.manager.but(permissions=rights)))
    rows = "name,currency,sku,price\nOld,CNY,GX-1,5\nNew,CNY,GX-1,5\nNew,CNY,GX-2,5\n"
    done = await maker(rows, key="name")
    assert counts(done) == {"created": 2, "refused": 1}
    assert await refused(maker, done) == ["2: You may not change price books that are there."]


async def test_files_and_patches_at_once_leave_every_price_and_the_right_count(
    books: Sender, goods: dict[str, Any]
) -> None:
    book = await price_book(books.client, "Both")
    files = [
        "name,currency,sku,price,min_quantity\n"
        + "".join(f"{name},CNY,{sku},{n},{n}\n" for n in range(15) for name in names)
        for sku, names in (("GX-1", ("Both", "New")), ("GX-2", ("New", "Both")))
    ]
    running = asyncio.gather(*(books(each, **BY_NAME) for each in files))
    path, statuses = f"/v1/price-books/{book['id']}/entries", []
    for n in range(100, 130):
        sent = {"set": [entry(goods["GX-1"]["id"], "1", min_quantity=n)]}
        statuses.append((await books.client.patch(path, json=sent)).status_code)
    done = await running
    assert [counts(each) for each in done] == [{"created": 30}] * 2
    assert set(statuses) == {200}
    rows = {each["name"]: each for each in await books.records()}
    assert len(rows) == 2
    for name, count in (("Both", 60), ("New", 30)):
        assert (
            rows[name]["entry_count"] == len(await entries(books.client, rows[name]["id"])) == count
        )


@pytest.mark.parametrize("chunk_rows", [2_000])
async def test_twenty_thousand_prices_go_in_and_out_some_at_a_time(
    books: Sender, goods: dict[str, Any], organisation: Organisation, service_database: Database
) -> None:
    rows = "".join(f"Large,CNY,GX-1,{n}.25,{n}\n" for n in range(20_000))
    done = await books("name,currency,sku,price,min_quantity\n" + rows, **BY_NAME)
    assert counts(done) == {"created": 20_000}
    (book,) = await books.records()
    assert book["entry_count"] == 20_000
    parts = [
        part
        async for part in spread_entries(service_database, organisation.id, [{"id": book["id"]}])
    ]
    assert max(map(len, parts)) <= 2 * MOST
    assert sum(map(len, parts)) == 20_000
    assert UUID(book["id"])
    content = await exported(books, resource="price-books", format="csv")
    assert len(table(content)) == 20_000
    assert counts(await books(content, **BY_NAME)) == {"unchanged": 20_000}
    history = await told(books.client, book["id"])
    assert len(history) == 11  # made, and once a chunk
