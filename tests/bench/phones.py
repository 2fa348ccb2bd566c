"""Phones: a push of 500 people beside a batch of as many, a first pull of 5,000 beside pages of them."""

import gzip
import statistics
import time
from collections.abc import Iterator
from typing import Any

import httpx
import orjson

from guanxi_shared.identifiers import new_id
from tests.bench import goals
from tests.bench.bench import Bench
from tests.bench.people import person
from tests.bench.report import Row

NAME = "sync"
AT_ONCE = 500
HELD = 5_000
ROUNDS = 3
PAGE = 200
SERIES = 31  # of people that are nobody's yet
PULL, PUSH = "/v1/sync/pull?last_pulled_at=", "/v1/sync/push?last_pulled_at="


def measure_phones(bench: Bench) -> Iterator[Row]:
    with httpx.Client(base_url=bench.suite.url, timeout=120) as client:
        client.headers["x-device-id"] = "bench"
        yield from _pushes(bench, client)
        yield from _pulls(bench, client)


def _pushes(bench: Bench, client: httpx.Client) -> Iterator[Row]:
    pushed, batched, again = [], [], []
    for number in range(ROUNDS):
        people = [person(number * AT_ONCE + n, series=SERIES) for n in range(AT_ONCE)]
        sent = {"contacts": {"created": [_row(each) for each in people]}}
        asked = (client, bench.organisation.seller.token, PUSH + "null", sent)
        pushed.append(_seconds(*asked))
        again.append(_seconds(*asked))
        operations = [{"op": "create", "data": each} for each in people]
        mate = bench.organisation.mates[number].token
        batched.append(_seconds(client, mate, "/v1/contacts/batch", {"operations": operations}))
    ours = statistics.median(pushed)
    yield Row(
        f"{NAME}: push of {AT_ONCE} contacts", ours, "s", share=statistics.median(batched) / ours,
        of="a batch of as many creates",
        note=f"the same push once more takes {statistics.median(again):.2f} s",
    )  # fmt: skip


def _pulls(bench: Bench, client: httpx.Client) -> Iterator[Row]:
    """Of what the salesperson holds by now; a quarter of them at most is missing from 5,000."""
    token = bench.organisation.seller.token
    while (held := len(_pulled(client, token)[1]["contacts"]["created"])) < HELD:
        rows = [_row(person(held + n, series=SERIES + 1)) for n in range(min(HELD - held, 1_000))]
        _seconds(client, token, PUSH + "null", {"contacts": {"created": rows}})
    pulls, pages, size, quiet = [], [], 0, []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        raw, changes, timestamp = _pulled(client, token)
        pulls.append(time.perf_counter() - began)
        people = changes["contacts"] | {"created": changes["contacts"]["created"][:HELD]}
        size = len(gzip.compress(orjson.dumps({"contacts": people}), 6))
        pages.append(_listed(client, token, len(changes["contacts"]["created"])))
        began = time.perf_counter()
        _pulled(client, token, str(timestamp))
        quiet.append(time.perf_counter() - began)
    ours = statistics.median(pulls)
    yield Row(
        f"{NAME}: first pull of {held:,} contacts", ours, "s", share=statistics.median(pages) / ours,
        of=f"a list of the same by pages of {PAGE}",
        note=f"{len(raw):,} bytes on the wire with all tables; with nothing new {statistics.median(quiet):.3f} s",
    )  # fmt: skip
    yield Row(f"{NAME}: {HELD:,} contacts, gzipped", size / 1e6, "MB", goal=goals.PULLED_MEGABYTES)


def _row(of: dict[str, Any]) -> dict[str, Any]:
    """A person as a phone keeps them."""
    return {
        "id": str(new_id()), "name": of["name"], "title": of.get("title"),
        "phone": of["phones"][0]["number"], "email": of["emails"][0]["address"],
    }  # fmt: skip


def _seconds(client: httpx.Client, token: str, path: str, sent: Any) -> float:
    body, headers = orjson.dumps(sent), {"authorization": f"Bearer {token}"}
    headers["content-type"] = "application/json"
    began = time.perf_counter()
    answer = client.post(path, content=body, headers=headers)
    seconds = time.perf_counter() - began
    if answer.status_code != 200 or "experimentalRejectedIds" in answer.json():
        raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
    return seconds


def _pulled(client: httpx.Client, token: str, cursor: str = "null") -> tuple[bytes, Any, int]:
    """The bytes as they came, the changes, the next cursor."""
    headers = {"authorization": f"Bearer {token}", "accept-encoding": "gzip"}
    with client.stream("GET", PULL + cursor, headers=headers) as answer:
        raw = b"".join(answer.iter_raw())
    packed = answer.headers.get("content-encoding") == "gzip"
    found = orjson.loads(gzip.decompress(raw) if packed else raw)
    return raw, found["changes"], found["timestamp"]


def _listed(client: httpx.Client, token: str, count: int) -> float:
    began, cursor = time.perf_counter(), ""
    for _ in range(-(-count // PAGE)):
        asked = f"/v1/contacts?limit={PAGE}{cursor}"
        answer = client.get(asked, headers={"authorization": f"Bearer {token}"}).raise_for_status()
        cursor = f"&cursor={answer.json()['page']['next_cursor']}"
        if cursor.endswith("None"):
            break
    return time.perf_counter() - began
