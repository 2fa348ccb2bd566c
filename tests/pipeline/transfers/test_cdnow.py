"""A part of the CDNOW purchase log as orders, against the same lines read here."""

import gzip
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.bench.purchases import OPTIONS, cdnow_file, read_purchases, write_orders
from tests.contacts.transfers.sending import Sender
from tests.pipeline.conftest import Known

MOST = 1_000
LINE = re.compile(r"^ *(\d+) +(\d{4})(\d\d)\d\d +(\d+) +([\d.]+)\s*$")


@pytest.fixture
def log() -> Path:
    if (found := cdnow_file()) is None:
        pytest.skip("the data set cdnow is not here: put it under GUANXI_DATASETS")
    return found


@pytest.fixture
def lines(log: Path) -> list[str]:
    return gzip.decompress(log.read_bytes()).decode().splitlines()


@pytest.fixture
def chunk_rows() -> int:
    return 300


async def test_purchases_of_a_log_are_orders_with_the_same_sums(
    log: Path, lines: list[str], tmp_path: Path, send: Sender, account: Known
) -> None:
    assert len(lines) - 1 == 69_659
    bought: Counter[tuple[str, str]] = Counter()
    paid: dict[tuple[str, str], Decimal] = {}
    for line in lines[1 : MOST + 1]:
        customer, year, month, discs, dollars = LINE.fullmatch(line).groups()  # type: ignore[union-attr]
        key = (customer, f"{year}-{month}")
        bought[key] += int(discs)
        paid[key] = paid.get(key, Decimal(0)) + Decimal(dollars)

    file = tmp_path / "orders.csv"
    customers = write_orders(file, read_purchases(log, MOST))
    assert customers == {customer for customer, _ in bought}
    known = {await account(f"Customer {each}", external_id=each): each for each in customers}
    orders = send.of("orders")
    found = await orders(file.read_bytes(), **OPTIONS)
    assert found["job"]["counts"]["created"] == MOST, found["job"]
    assert found["job"]["errors"] == 0

    kept: Counter[tuple[str, str]] = Counter()
    got: dict[tuple[str, str], Decimal] = {}
    records = await orders.records()
    for each in records:
        key = (known[each["account_id"]], each["ordered_on"][:7])
        kept[key] += int(each["lines"][0]["quantity"])
        got[key] = got.get(key, Decimal(0)) + Decimal(each["total"]["amount"])
    assert (kept, got) == (bought, paid)
    assert {(each["status"], each["currency"]) for each in records} == {("fulfilled", "USD")}

    (busiest, _), *_ = Counter(customer for customer, _ in bought).most_common(1)
    account_id = next(id for id, number in known.items() if number == busiest)
    path = f"/v1/accounts/{account_id}/purchases?by=month&from=1997-01-01&to=1998-06-30"
    shown = {
        (busiest, each["period"][:7]): Decimal(each["amount"]["amount"])
        for each in (await send.client.get(path)).json()["data"]
        if each["quantity"]
    }
    assert shown == {key: amount for key, amount in paid.items() if key[0] == busiest}

    again = await orders(file.read_bytes(), **OPTIONS)
    assert again["job"]["counts"]["skipped"] == MOST, again["job"]
