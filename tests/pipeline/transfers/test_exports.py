"""Exports of opportunities: what one sees of a filter, in names that an import reads."""

import csv
from io import BytesIO
from typing import Any

import orjson
import pytest
from python_calamine import CalamineWorkbook

from guanxi_shared.db import Database
from tests.contacts.transfers.sending import ENDED, Sender
from tests.deadlines import until
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.products.selling import cny, product, usd

TABLE = """external_id,name,account,stage,amount,amount_currency,product,product_quantity,product_price,closed_on,reason
1,One,Acme,Proposal,1200.50,EUR,Seats,3,400.10,,
2,Two,,Won,80,CNY,,,,2026-03-01,
3,Three,Acme,Lost,0,CNY,A;B,,,2026-02-01,price
"""
TOLD = """
SELECT actor_id, after->>'resource' AS resource, after->>'format' AS format FROM events
WHERE organisation_id = $2 AND type = 'pipeline.export.exported' ORDER BY id
"""


async def exported(send: Sender, **asked: Any) -> bytes:
    """The file of an export, by its job."""
    begun = await send.client.post("/v1/exports", json={"resource": "opportunities", **asked})
    assert begun.status_code == 202, begun.text
    path = begun.headers["location"]

    async def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = (await send.client.get(path)).json()
        return job if job["status"] in ENDED else None

    job = await until(ended, seconds=20)
    assert job["status"] == "done", job
    file = await send.client.get(job["result_url"])
    assert file.status_code == 200, file.text
    return file.content


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines()))


@pytest.fixture
async def imported(send: Sender, stages: Stages, account: Known) -> Sender:
    await account("Acme")
    found = await send(TABLE, key="external_id")
    assert found["job"]["counts"]["created"] == 3, found
    return send


async def test_a_table_comes_back_whole(imported: Sender) -> None:
    before = await imported.records()
    content = await exported(imported, format="csv")
    rows = {row["external_id"]: row for row in table(content)}
    assert (rows["1"]["account"], rows["1"]["stage"]) == ("Acme", "Proposal")
    assert (rows["1"]["amount"], rows["1"]["amount_currency"]) == ("1200.50", "EUR")
    assert (rows["3"]["product"], rows["3"]["product_2"]) == ("A", "B")
    again = await imported(content, key="id", duplicates="update")
    assert again["job"]["counts"] | {"unchanged": 0} == dict.fromkeys(again["job"]["counts"], 0)
    assert again["job"]["counts"]["unchanged"] == 3
    assert await imported.records() == before


async def test_a_filter_goes_into_each_format(imported: Sender) -> None:
    filters = [{"field": "status", "operator": "eq", "value": "won"}]
    asked: dict[str, Any] = {
        "document": {"filter_groups": [{"filters": filters}]}, "fields": ["name", "amount", "stage_id"],
    }  # fmt: skip
    (row,) = table(await exported(imported, format="csv", **asked))
    assert (row["name"], row["amount"], row["amount_currency"], row["stage"]) == (
        "Two", "80.00", "CNY", "Won",
    )  # fmt: skip
    (line,) = (await exported(imported, format="ndjson", **asked)).splitlines()
    assert orjson.loads(line)["amount"] == {"amount": "80.00", "currency": "CNY"}
    book = CalamineWorkbook.from_filelike(BytesIO(await exported(imported, format="xlsx", **asked)))
    header, values = book.get_sheet_by_index(0).to_python()
    assert dict(zip(header, values, strict=True))["amount"] == 80.0
    direct = await imported.client.get("/v1/opportunities/export?status=won&format=csv")
    assert [each["name"] for each in table(direct.content)] == ["Two"]


async def test_one_gets_what_one_sees(
    imported: Sender,
    client: Clients,
    organisation: Organisation,
    account: Known,
    service_database: Database,
) -> None:
    secret = await account("Secret", owner=organisation.other_rep)
    mine = imported.by(client(organisation.rep))
    made = await client(organisation.rep).post("/v1/opportunities", json={"name": "Mine"})
    assert made.status_code == 201
    theirs = await client(organisation.other_rep).post(
        "/v1/opportunities", json={"name": "Theirs", "account_id": secret}
    )
    given = await client(organisation.admin).patch(
        f"/v1/opportunities/{theirs.json()['id']}", json={"owner_id": str(organisation.rep.id)}
    )
    assert given.status_code == 200, given.text
    rows = table(await exported(mine, format="csv"))
    assert {(row["name"], row["account"]) for row in rows} == {("Mine", ""), ("Theirs", "")}
    direct = await mine.client.get("/v1/opportunities/export")
    assert {row["name"] for row in table(direct.content)} == {"Mine", "Theirs"}
    told = await service_database.fetch(organisation.id, TOLD, organisation.id)
    assert [(row["actor_id"], row["resource"], row["format"]) for row in told] == [
        (organisation.rep.id, "opportunities", "csv")
    ] * 2


async def test_who_may_read_deals_alone_gets_no_names_of_accounts(
    imported: Sender, client: Clients, organisation: Organisation
) -> None:
    path = "/v1/opportunities/export?format=csv"
    assert "Acme" in (await imported.client.get(path)).text
    reader = organisation.admin.but(permissions=("opportunities:read", "exports:create"))
    answer = await client(reader).get(path)
    assert (answer.status_code, "Three" in answer.text, "Acme" in answer.text) == (200, True, False)


@pytest.mark.parametrize(
    ("asked", "status", "named"),
    [
        ({"resource": "accounts"}, 422, "resource"),
        ({"format": "vcard"}, 422, "format"),
        ({"fields": ["nothing"]}, 400, "fields"),
        ({"document": {"filter_groups": [{"filters": [{"field": "x", "operator": "eq", "value": 1}]}]}},
         400, "x"),
    ],
)  # fmt: skip
async def test_what_cannot_be_exported_is_named(
    client: Clients, organisation: Organisation, asked: dict[str, Any], status: int, named: str
) -> None:
    refused = await client(organisation.admin).post(
        "/v1/exports", json={"resource": "opportunities", **asked}
    )
    assert refused.status_code == status, refused.text
    assert any(named in name for name in refused.json()["errors"]), refused.text


async def test_a_table_of_products_comes_back_whole(send: Sender) -> None:
    seats = await product(send.client, "GX-1", name="Seats", prices=[cny("980.00"), usd("145.5")],
                          cost=cny("420.00"), category="licences", tags=["new"])  # fmt: skip
    parts = [{"product_id": seats["id"], "quantity": 2}]
    await product(send.client, "GX-2", prices=[], components=parts, is_active=False)
    goods = send.of("products")
    before = await goods.records()
    content = await exported(send, resource="products", format="csv")
    rows = {row["sku"]: row for row in table(content)}
    assert [rows["GX-1"][n] for n in ("name", "price", "price_currency", "more_prices")] == [
        "Seats", "980.00", "CNY", "145.50 USD",
    ]  # fmt: skip
    assert (rows["GX-1"]["cost"], rows["GX-1"]["cost_currency"]) == ("420.00", "CNY")
    assert rows["GX-2"]["components"] == f"{seats['id']} × 2"
    again = await goods(content, key="sku", duplicates="update")
    assert {n: c for n, c in again["job"]["counts"].items() if c} == {"unchanged": 2}, again
    assert await goods.records() == before
    book = CalamineWorkbook.from_filelike(
        BytesIO(await exported(send, resource="products", format="xlsx", fields=["sku", "prices"]))
    )
    header, *values = book.get_sheet_by_index(0).to_python()
    assert header[-3:] == ["price", "price_currency", "more_prices"]
    assert len(values) == 2
    direct = await send.client.get("/v1/products/export?is_active=false&format=csv")
    assert [each["sku"] for each in table(direct.content)] == ["GX-2"]


ORDERS = """number,account,ordered_on,product,quantity,unit_price,discount,tax_rate,shipping,currency
A-1,Acme,2025-01-31,Seats,3,19.99,10,13,30,CNY
A-1,Acme,2025-01-31,Setup,1,100,,,30,CNY
A-2,Acme,2025-02-01,Seats,2,20.00,,,,EUR
"""


async def test_orders_are_a_row_for_each_line_and_come_back_whole(
    send: Sender, account: Known
) -> None:
    await account("Acme")
    orders = send.of("orders")
    assert (await orders(ORDERS, key="number"))["job"]["counts"]["created"] == 3
    before = await orders.records()
    content = await exported(send, resource="orders", format="csv")
    rows = sorted(table(content), key=lambda row: (row["number"], row["product"]))
    shown = [
        [
            row[n]
            for n in (
                "number",
                "account",
                "product",
                "quantity",
                "amount",
                "shipping",
                "order_total",
            )
        ]
        for row in rows
    ]
    assert shown == [
        ["A-1", "Acme", "Seats", "3", "53.97", "30.00", "190.99"],
        ["A-1", "Acme", "Setup", "1", "100.00", "30.00", "190.99"],
        ["A-2", "Acme", "Seats", "2", "40.00", "0.00", "40.00"],
    ]
    again = await orders(content, key="number", duplicates="update")
    assert {n: c for n, c in again["job"]["counts"].items() if c} == {"unchanged": 3}, again
    assert await orders.records() == before
    direct = await send.client.get("/v1/orders/export?format=csv&number=A-2")
    assert [each["product"] for each in table(direct.content)] == ["Seats"]
