"""Public data sets, from the folder that GUANXI_DATASETS names; a test skips what is not there."""

import gzip
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
ENDS = "1997-09-30"


def folder_of(name: str) -> Path:
    return Path(os.environ.get("GUANXI_DATASETS") or ROOT / ".." / "shared" / "data") / name


def data_set(name: str) -> Path:
    folder = folder_of(name)
    if not folder.is_dir():
        pytest.skip(f"the data set {name} is not here: put it under GUANXI_DATASETS")
    return folder


@dataclass(frozen=True)
class Buyers:
    """Of each customer until a day: repeats, days to the last and to the end, mean spend of the repeats, and the repeats
    of the 39 weeks that followed."""

    x: NDArray[np.int64]
    last: NDArray[np.int64]
    age: NDArray[np.int64]
    mean: NDArray[np.float64]
    later: NDArray[np.int64]


@cache
def cdnow(file: str, end: str = ENDS) -> Buyers:
    """Purchases of a day are one."""
    customers, days, money = _read(file)
    until = np.datetime64(end).astype(np.int64)
    key, which = np.unique(customers * 100_000 + days, return_inverse=True)
    spent, (customer, day) = np.bincount(which, money), (key // 100_000, key % 100_000)
    first = np.full(customer.max() + 1, 1 << 40)
    np.minimum.at(first, customer, day)
    before = day <= until
    last = np.zeros_like(first)
    np.maximum.at(last, customer[before], day[before])
    x = np.bincount(customer[before]) - 1
    repeats = before & (day > first[customer])
    total = np.bincount(customer[repeats], spent[repeats], len(first))
    later = np.bincount(customer[~before], minlength=len(first))
    return Buyers(x, last - first, until - first, total / np.maximum(x, 1), later)


def bought(file: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Customer and day of each line."""
    customers, days, _ = _read(file)
    return customers, days


@cache
def _read(file: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    path = data_set("cdnow") / file
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = [line.split() for line in raw.decode("ascii").splitlines()]
    rows = [row for row in rows if row and row[0].isdigit()]
    _, customers = np.unique([row[0] for row in rows], return_inverse=True)
    days = [np.datetime64(f"{r[-3][:4]}-{r[-3][4:6]}-{r[-3][6:]}") for r in rows]
    return customers, np.array(days).astype(np.int64), np.array([float(r[-1]) for r in rows])
