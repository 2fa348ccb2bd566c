"""Imports beside others: in a process of their own, and two at once."""

import asyncio
from typing import Any

import orjson
import pytest

from guanxi_shared.db import Database
from guanxi_shared.imports import aside
from tests.contacts.transfers.sending import Sender
from tests.factories import Organisation
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.products.selling import product

BY_RANK = "SELECT name, rank FROM opportunities WHERE organisation_id = $2 ORDER BY rank"


async def test_a_large_file_is_prepared_in_a_process_of_its_own(
    send: Sender, stages: Stages, account: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "LARGE_BYTES", 1)
    await account("Acme")
    field = {"resource": "opportunities", "key": "tender", "kind": "text"}
    assert (await send.client.post("/v1/fields", json=field)).status_code == 201
    rows = "".join(f"{n},Acme,Proposal,5,x{n}\n" for n in range(20))
    content = "external_id,account,stage,amount,custom.tender\n" + rows + "21,Acme,No,5,\n"
    begun = await send.upload(content, start="true")
    found = await send.ended(begun.json()["id"], seconds=120)
    assert found["job"]["status"] == "done", found["job"]
    assert (found["job"]["counts"]["created"], found["job"]["errors"]) == (20, 1)
    records = await send.records()
    assert {each["stage_id"] for each in records} == {stages["Proposal"]}
    assert {each["custom"]["tender"] for each in records} == {f"x{n}" for n in range(20)}


@pytest.mark.parametrize(
    ("resource", "content", "key"),
    [
        ("leads", "name,email\n" + "".join(f"L{n},l{n}@x.example\n" for n in range(20)), "email"),
        ("quotas", "owner,period,starts_on,amount\n" + "".join(
            f"rep,month,{2020 + n // 12}-{n % 12 + 1:02},7\n" for n in range(20)), "starts_on"),
        ("exchange-rates", "valid_on,currency,base,rate\n" + "".join(
            f"2026-11-{n:02},USD,CNY,7\n" for n in range(1, 21)), "valid_on"),
    ],
)  # fmt: skip
async def test_large_files_at_once_make_each_record_once(
    send: Sender, monkeypatch: pytest.MonkeyPatch, resource: str, content: str, key: str
) -> None:
    monkeypatch.setattr(aside, "LARGE_BYTES", 1)
    of = send.of(resource)
    begun = await asyncio.gather(
        *(of.upload(content, start="true", options=f'{{"key": "{key}", "duplicates": "update"}}')
          for _ in range(2))
    )  # fmt: skip
    found = [await of.ended(each.json()["id"], seconds=120) for each in begun]
    assert {each["job"]["status"] for each in found} == {"done"}
    assert sum(each["job"]["counts"]["created"] for each in found) == 20
    assert sum(each["job"]["counts"]["unchanged"] for each in found) == 20
    assert len(await of.records()) == 20


async def test_two_files_with_the_same_keys_make_each_deal_once(
    send: Sender, stages: Stages
) -> None:
    rows = "external_id,name\n" + "".join(f"{n},Deal {n}\n" for n in range(30))
    options = {"key": "external_id", "duplicates": "update"}
    found = await asyncio.gather(*(send(rows, **options) for _ in range(3)))
    assert sum(each["job"]["counts"]["created"] for each in found) == 30
    assert len(await send.records()) == 30


async def test_ranks_of_a_file_stand_in_its_order(
    send: Sender, stages: Stages, organisation: Organisation, service_database: Database
) -> None:
    await send("name\n" + "".join(f"Deal {n}\n" for n in range(20)))
    rows = await service_database.fetch(organisation.id, BY_RANK, organisation.id)
    assert len({row["rank"] for row in rows}) == 20
    # Chunks of seven, the newest on top, each in its own order.
    names = [int(row["name"].removeprefix("Deal ")) for row in rows]
    assert names == [*range(14, 20), *range(7, 14), *range(7)]


@pytest.mark.parametrize(
    ("resource", "row", "key"),
    [
        ("quotas", {"owner": "rep", "period": "month", "starts_on": "2026-01", "product": "?", "amount": 5},
         "starts_on"),
        ("stock-reports", {"account": "Acme", "sku": "?", "month": "2026-01", "opening": 5}, "month"),
        ("stock-reports", {"account": "?", "sku": "A", "month": "2026-01", "opening": 5}, "month"),
        ("price-books", {"name": "?", "currency": "CNY", "sku": "A", "unit_price": 5}, "name"),
        ("price-books", {"name": "B", "currency": "CNY", "sku": "?", "unit_price": 5}, "name"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_large", [True, False])
async def test_rows_that_the_database_cannot_even_be_asked_about_are_refused_alone(
    send: Sender, account: Known, monkeypatch: pytest.MonkeyPatch, resource: str, row: dict[str, Any],
    key: str, is_large: bool,
) -> None:  # fmt: skip
    """Words with half a pair of surrogates, in a process of its own and here."""
    if is_large:
        monkeypatch.setattr(aside, "LARGE_BYTES", 1)
    await account("Acme")
    await product(send.client, "A")
    written = orjson.dumps(row).decode()
    plain = written.replace('"account":"?"', '"account":"Acme"').replace("?", "A")
    content = "\n".join([plain, written.replace("?", "\\ud800A")])
    of = send.of(resource)
    begun = await of.upload(
        content,
        name="rows.ndjson",
        start="true",
        options=f'{{"key": "{key}", "duplicates": "update"}}',
    )
    assert begun.status_code == 202, begun.text
    found = await of.ended(begun.json()["id"], seconds=120)
    assert found["job"]["status"] == "done", found["job"]
    counts = {name: count for name, count in found["job"]["counts"].items() if count}
    # A product is found by what is left of its number, which is the same one.
    is_product_alone = "?" in (row.get("product"), row.get("sku")) and resource != "stock-reports"
    assert counts == {"created": 1, "unchanged" if is_product_alone else "refused": 1}
