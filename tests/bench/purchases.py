"""The CDNOW purchase log as a file of orders: who bought how many discs for how much on which day."""

import csv
import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COLUMNS = ("order", "customer", "date", "product", "quantity", "amount")
OPTIONS = {
    "mapping": {
        "order": "external_id",
        "customer": "account_external_id",
        "date": "ordered_on",
        "product": "product",
        "quantity": "quantity",
        "amount": {"field": "amount", "currency": "USD"},
    },
    "key": "external_id",
    "duplicates": "skip",
    "defaults": {"status": "fulfilled", "source": "CDNOW"},
}


class Purchase(NamedTuple):
    customer: str
    day: str
    discs: str
    dollars: str


def cdnow_file() -> Path | None:
    sets = Path(os.environ.get("GUANXI_DATASETS") or ROOT / ".." / "shared" / "data")
    path = sets / "cdnow" / "CDNOW_master.txt.gz"
    return path if path.is_file() else None


def read_purchases(path: Path, most: int) -> Iterator[Purchase]:
    """The first so many, customer by customer."""
    with gzip.open(path, "rt", encoding="ascii") as file:
        next(file)  # the header
        for number, line in enumerate(file):
            if number == most:
                return
            yield Purchase(*line.split())


def write_orders(path: Path, purchases: Iterator[Purchase]) -> set[str]:
    """A row for each purchase, numbered as it stands in the log; who the customers are."""
    customers = set()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, each in enumerate(purchases, start=1):
            customers.add(each.customer)
            day = f"{each.day[:4]}-{each.day[4:6]}-{each.day[6:]}"
            writer.writerow((number, each.customer, day, "CD", each.discs, each.dollars))
    return customers
