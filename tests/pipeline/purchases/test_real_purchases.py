"""A tenth of CDNOW's customers (see the data set's SOURCE.txt): sums equal those of the file."""

import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from guanxi_pipeline.orders.placing import place_many
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation

ROOT = Path(__file__).parents[3]
ACTOR = Actor(id=None, kind="service", channel="import")
AT_ONCE = 1_000


def bought() -> list[tuple[str, str, int, str]]:
    """Customer, day, how many, dollars."""
    folder = Path(os.environ.get("GUANXI_DATASETS") or ROOT / ".." / "shared" / "data") / "cdnow"
    if not folder.is_dir():
        pytest.skip("the data set cdnow is not here: put it under GUANXI_DATASETS")
    rows = [line.split() for line in (folder / "CDNOW_sample.txt").read_text().splitlines()]
    return [(r[0], f"{r[2][:4]}-{r[2][4:6]}-{r[2][6:]}", int(r[3]), r[4]) for r in rows if r]


async def test_what_customers_bought_is_what_their_file_says(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rows = bought()
    accounts = defaultdict[str, UUID](new_id)
    expected = defaultdict[str, tuple[Decimal, int, int]](lambda: (Decimal(0), 0, 0))
    orders = []
    for customer, day, count, dollars in rows:
        amount = f"{Decimal(dollars):.2f}"
        cds = {"sku": "CD", "quantity": count, "amount": {"amount": amount, "currency": "USD"}}
        orders.append(
            {"account_id": accounts[customer], "owner_id": organisation.rep.id, "ordered_on": day,
             "status": "fulfilled", "lines": [cds]}
        )  # fmt: skip
        quarter = f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}"
        sums = expected[quarter]
        expected[quarter] = (sums[0] + Decimal(amount), sums[1] + count, sums[2] + 1)
    for start in range(0, len(orders), AT_ONCE):
        async with service_database.transaction(organisation.id) as connection:
            await place_many(
                connection, organisation.id, orders[start : start + AT_ONCE], actor=ACTOR
            )
    found = (await client(organisation.rep).get("/v1/orders/purchases?by=quarter")).json()
    sums_read = {
        row["period"]: (Decimal(row["amount"]["amount"]), row["quantity"], row["orders"])
        for row in found["data"]
    }
    assert sums_read == dict(expected)
    assert found["totals"][0]["orders"] == len(rows)
