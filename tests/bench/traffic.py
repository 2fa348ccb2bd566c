"""What is sent: ready HTTP/1.1 requests, with marks for what must differ each time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any
from urllib.parse import urlsplit

import orjson

# As long as what replaces it, so that a mark may stand in a body: twelve digits, never the same.
COUNTER = b"@@@COUNTER@@"
# The version of the record that the request changes; it rises by one each time. Headers only.
VERSION = b"@@VERSION@@"
MARKS = re.compile(rb"(@@@COUNTER@@|@@VERSION@@)")
NUMBERS_A_RUN = 10_000_000

_runs = count(1)


@dataclass(frozen=True)
class Traffic:
    """Requests sent one after the other, then again from the first.

    `versions` has one number for each request that bears a VERSION mark. `status` is what a good
    answer has.
    """

    url: str
    requests: tuple[bytes, ...]
    versions: tuple[int, ...] = ()
    status: int = 200


def first_number() -> int:
    """Where a run's numbers begin; no two runs of a process share any."""
    return next(_runs) * NUMBERS_A_RUN


def filled(request: bytes, number: int, version: int) -> bytes:
    return request.replace(COUNTER, b"%012d" % number).replace(VERSION, b"%d" % version)


def request(
    url: str, method: str, path: str, *, token: str = "", body: Any = None, **headers: str
) -> bytes:
    """A whole request; underscores in header names stand for dashes."""
    sent = {"host": urlsplit(url).netloc}
    if token:
        sent["authorization"] = f"Bearer {token}"
    content = b"" if body is None else orjson.dumps(body)
    if body is not None:
        sent |= {"content-type": "application/json", "content-length": str(len(content))}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


def shuffled(requests: Sequence[bytes], *, seed: int = 1) -> tuple[bytes, ...]:
    """In an order without neighbours: pages of the database are not met one after the other."""
    mixed = list(requests)
    Random(seed).shuffle(mixed)
    return tuple(mixed)
