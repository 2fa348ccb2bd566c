"""The products and orders of Northwind by their recipe, against the same dump read line by line here."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from guanxi_gateway.cli.recipe_steps import table_of
from guanxi_gateway.cli.recipes import TableStep, read_recipe
from tests.contacts.transfers.sending import Sender
from tests.pipeline.conftest import Known

ROOT = Path(__file__).parents[3]
CENT = Decimal("0.01")
Cells = list[str]


@pytest.fixture
def folder() -> Path:
    sets = Path(os.environ.get("GUANXI_DATASETS") or ROOT / ".." / "shared" / "data")
    if not (found := sets / "northwind").is_dir():
        pytest.skip("the data set northwind is not here: put it under GUANXI_DATASETS")
    return found


@pytest.fixture
def chunk_rows() -> int:
    return 400


def rows_of(folder: Path, table: str) -> Iterator[Cells]:
    """Read in another way than the product does: each INSERT is one line, each cell up to a comma that
    stands before a quote, a number or NULL."""
    for line in (folder / "northwind_postgres.sql").read_text().splitlines():
        if line.startswith(f"INSERT INTO {table} "):
            inside = line[line.index("(") + 1 : line.rindex(")")]
            cells = re.split(r", (?=(?:'|NULL|-?\d))", inside)
            yield ["" if c == "NULL" else c.strip("'").replace("''", "'") for c in cells]


@dataclass(frozen=True)
class Sold:
    """A line of the file, in dollars and cents."""

    order: str
    customer: str
    product: str
    month: str
    quantity: int
    amount: Decimal


def sold(folder: Path) -> list[Sold]:
    orders = {cells[0]: cells for cells in rows_of(folder, "orders")}
    found = []
    for order, product, price, quantity, discount in rows_of(folder, "order_details"):
        head = orders[order]
        dollars = Decimal(price).quantize(CENT, ROUND_HALF_UP)
        percent = Decimal(discount).quantize(CENT, ROUND_HALF_UP)
        amount = (dollars * int(quantity) * (1 - percent)).quantize(CENT, ROUND_HALF_UP)
        found.append(Sold(order, head[1], product, head[3][:7], int(quantity), amount))
    return found


def sums(rows: list[Sold], key: Callable[[Sold], str]) -> dict[str, tuple[int, Decimal]]:
    quantities: Counter[str] = Counter()
    amounts: dict[str, Decimal] = {}
    for row in rows:
        quantities[key(row)] += row.quantity
        amounts[key(row)] = amounts.get(key(row), Decimal(0)) + row.amount
    return {name: (quantities[name], amount) for name, amount in amounts.items()}


async def load(send: Sender, step: TableStep, folder: Path) -> dict[str, Any]:
    with table_of(step, folder) as path:
        content = path.read_bytes()
    return await send.of(step.resource)(content, **step.options)


async def test_northwind_loads_as_it_is_in_the_dump(
    folder: Path, send: Sender, account: Known
) -> None:
    customers = {
        await account(cells[1], external_id=cells[0]): cells[0]
        for cells in rows_of(folder, "customers")
    }
    goods, orders = (s for s in read_recipe("northwind-orders").steps if isinstance(s, TableStep))
    found = await load(send, goods, folder)
    assert found["job"]["counts"]["created"] == 77, found["job"]
    found = await load(send, orders, folder)
    lines = sold(folder)
    assert found["job"]["counts"]["created"] == len(lines) == 2_155, found["job"]
    assert found["job"]["errors"] == 0

    products = {each["id"]: each for each in await send.of("products").records()}
    categories = {cells[0]: cells[1] for cells in rows_of(folder, "categories")}
    in_file = {cells[0]: cells for cells in rows_of(folder, "products")}
    for each in products.values():
        cells = in_file[each["sku"]]
        assert (each["name"], each["category"]) == (cells[1], categories[cells[3]])
        assert Decimal(each["prices"][0]["amount"]) == Decimal(cells[5]).quantize(CENT)
        assert each["is_active"] == (cells[9] == "0")

    records = await send.of("orders").records()
    heads = {cells[0]: cells for cells in rows_of(folder, "orders")}
    assert {each["external_id"] for each in records} == heads.keys()
    assert len(records) == len(heads) == 830
    kept = []
    for each in records:
        head = heads[each["external_id"]]
        assert customers[each["account_id"]] == head[1]
        assert each["ordered_on"] == head[3]
        assert each["status"] == ("fulfilled" if head[5] else "placed")
        assert Decimal(each["shipping"]["amount"]) == Decimal(head[7]).quantize(CENT, ROUND_HALF_UP)
        for line in each["lines"]:
            product = products[line["product_id"]]
            assert line["name"] == product["name"]
            assert line["amount"]["currency"] == "USD"
            kept.append(
                Sold(each["external_id"], head[1], product["sku"], each["ordered_on"][:7],
                     int(line["quantity"]), Decimal(line["amount"]["amount"]))
            )  # fmt: skip
    for key in (lambda s: s.order, lambda s: s.customer, lambda s: s.product, lambda s: s.month):
        assert sums(kept, key) == sums(lines, key)
    assert Counter(each["status"] for each in records) == {"fulfilled": 809, "placed": 21}

    by_month = sums([each for each in lines if each.customer == "SAVEA"], lambda s: s.month)
    saved = next(id for id, name in customers.items() if name == "SAVEA")
    path = f"/v1/accounts/{saved}/purchases?by=month&from={date(1996, 7, 1)}&to={date(1998, 5, 31)}"
    answer = await send.client.get(path)
    assert answer.status_code == 200, answer.text
    shown = {
        each["period"][:7]: (int(each["quantity"]), Decimal(each["amount"]["amount"]))
        for each in answer.json()["data"]
        if each["quantity"]
    }
    assert shown == by_month

    for step, count in ((goods, 77), (orders, 2_155)):
        again = await load(send, step, folder)
        assert again["job"]["counts"]["unchanged"] == count, again["job"]
