"""Imports of products, and other files' names for them."""

import csv
from typing import Any

import pytest

from tests.contacts.transfers.sending import Sender
from tests.pipeline.conftest import Stages
from tests.pipeline.products.selling import product

TABLE = """货号,产品名称,类别,单位,tax_class,cost,标价,币种,is_active
GX-1,年度许可,licences,年,CN-13,420.5,980,CNY,yes
GX-2,安装,services,,,,1200,CNY,no
"""
BY_SKU = {"key": "sku", "duplicates": "update"}


@pytest.fixture
def goods(send: Sender) -> Sender:
    return send.of("products")


@pytest.fixture
async def tax_class(send: Sender) -> None:
    sent = {"code": "CN-13", "name": "13 %", "rate": 13, "valid_from": "2020-01-01"}
    made = await send.client.post("/v1/products/tax-classes", json=sent)
    assert made.status_code == 201, made.text


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in found["job"]["counts"].items() if count}


async def refused(send: Sender, found: dict[str, Any]) -> list[str]:
    rows = list(csv.reader((await send.errors(found["id"])).splitlines()))
    return [f"{row[-2]}: {row[-1]}" for row in rows[1:]]


async def test_rows_become_products_as_the_api_would_make_them(
    goods: Sender, tax_class: None
) -> None:
    assert counts(await goods(TABLE, **BY_SKU, dry_run=True)) == {"created": 2}
    assert await goods.records() == []
    assert counts(await goods(TABLE, **BY_SKU)) == {"created": 2}
    first, second = await goods.records(sort="sku")
    assert [first[n] for n in ("sku", "name", "category", "unit", "tax_class", "is_active")] == [
        "GX-1", "年度许可", "licences", "年", "CN-13", True,
    ]  # fmt: skip
    assert first["cost"] == {"amount": "420.50", "currency": "CNY"}
    assert first["prices"] == [{"amount": "980.00", "currency": "CNY"}]
    assert (second["cost"], second["is_active"]) == (None, False)
    found = await goods.client.get("/v1/products", params={"q": "ndxk"})
    assert [each["sku"] for each in found.json()["data"]] == ["GX-1"]
    assert counts(await goods(TABLE, **BY_SKU)) == {"unchanged": 2}

    euros = "sku,price,currency\ngx-1,130,EUR\n"
    assert counts(await goods(euros, **BY_SKU)) == {"updated": 1}
    (again,) = await goods.records(sku="GX-1")
    assert [each["currency"] for each in again["prices"]] == ["CNY", "EUR"]


async def test_what_is_wrong_is_told_row_by_row(goods: Sender) -> None:
    await product(goods.client, "OLD", external_id="9")
    bad = """sku,name,external_id,tax_class,cost
OLD,Another,1,,
A,Good,2,,5
A,Twice,3,,
B,Taxed,4,XX,
C,,5,,
D,Cheap,6,,-1
OLD,Renamed,9,,
"""
    found = await goods(bad, key="external_id", duplicates="update")
    assert counts(found) == {"created": 1, "updated": 1, "refused": 5}
    assert await refused(goods, found) == [
        "2: sku: 'OLD': there is another product with this sku.",
        "4: sku: 'A': there is another product with this sku.",
        "5: tax_class: There is no tax class 'XX'.",
        "6: A new product needs a name.",
        "7: cost: must not be negative.",
    ]


async def test_own_fields_that_are_not_as_defined_refuse_a_change_and_nothing_else(
    goods: Sender,
) -> None:
    field = {"resource": "products", "key": "colour", "kind": "choice"}
    made = await goods.client.post("/v1/fields", json=field | {"options": ["red", "blue"]})
    assert made.status_code == 201, made.text
    for sku in ("A", "B"):
        await product(goods.client, sku)
    found = await goods("sku,colour\nA,green\nB,red\n", **BY_SKU)
    assert counts(found) == {"updated": 1, "refused": 1}
    (said,) = await refused(goods, found)
    assert said.startswith("2: colour: custom.colour: ")
    assert [each["custom"] for each in await goods.records(sort="sku")] == [{}, {"colour": "red"}]


async def test_deals_find_the_products_that_they_name(send: Sender, stages: Stages) -> None:
    seats = await product(send.client, "GX-1", name="Seats")
    for sku in ("T-1", "T-2"):
        await product(send.client, sku, name="Twin")
    text = "external_id,name,product,product_2\n1,One,seats ,Twin\n2,Two,gx-1,Other\n"
    by_key = {"key": "external_id", "duplicates": "update"}
    assert counts(await send(text, **by_key)) == {"created": 2}
    assert counts(await send(text, **by_key)) == {"unchanged": 2}
    for deal in await send.records():
        first, second = deal["lines"]
        assert (first["product_id"], second["product_id"]) == (seats["id"], None)
    found = await send.client.get("/v1/opportunities", params={"product_id": seats["id"]})
    assert len(found.json()["data"]) == 2
