"""A large CSV through `POST /v1/imports`, against a plain COPY of such rows into the same table; and
what the processes hold meanwhile."""

import asyncio
import csv
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any

import httpx

from tests.bench import goals
from tests.bench.bench import Bench
from tests.bench.cpu import rest
from tests.bench.load import Refused
from tests.bench.loading import rate_of_plain_copy
from tests.bench.memory import Peaks
from tests.bench.people import person
from tests.bench.report import Row

SERIES = 3
LOOK_EVERY_SECONDS = 0.5
TELL_EVERY_SECONDS = 15.0
LEAST_SECONDS = 10.0
COLUMNS = {
    "名": "given_name", "姓": "family_name", "姓名": "name", "职位": "title", "部门": "department",
    "来源": "source", "手机": "mobile", "邮箱": "email", "地址": "address_street",
    "城市": "address_city", "爱好": "hobbies", "标签": "tags",
}  # fmt: skip
Say = Callable[[str], None]
OPTIONS = {"mapping": COLUMNS, "key": "email", "duplicates": "skip"}


@dataclass(frozen=True)
class Imported:
    """`done` of `total` rows in so many seconds of the job's own time, `upload` before it."""

    done: int
    total: int
    errors: int
    seconds: float
    upload: float

    @property
    def rate(self) -> float:
        return self.done / self.seconds if self.seconds > 0 else 0.0


def write_csv(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(count):
            writer.writerow(cells(person(number, series=SERIES)))


def cells(someone: dict[str, Any]) -> list[str]:
    """In the order of COLUMNS."""
    place = someone["addresses"][0]
    return [
        *(someone[name] for name in ("given_name", "family_name", "name", "title", "department")),
        someone["source"], someone["phones"][0]["number"], someone["emails"][0]["address"],
        place["street"], place["city"], ";".join(someone["hobbies"]), ";".join(someone["tags"]),
    ]  # fmt: skip


def measure_import(bench: Bench) -> Iterator[Row]:
    sample, admin_url = bench.size.copy_sample, bench.suite.admin_url
    bench.say(f"importing {bench.size.contacts:,} rows …")
    rest(bench.suite)
    before = asyncio.run(rate_of_plain_copy(admin_url, sample))
    with Peaks(bench.suite) as peaks:
        found = import_file(bench)
    rest(bench.suite)
    after = asyncio.run(rate_of_plain_copy(admin_url, sample))
    yield Row(
        "import", found.rate, "rows/s", share=found.rate / mean((before, after)), of="plain COPY",
        goal=goals.IMPORT, note=note_of(found),
        details={"copy_before": before, "copy_after": after, "upload_seconds": found.upload},
    )  # fmt: skip
    for name, megabytes in sorted(peaks.highest.items()):
        yield Row(f"memory during import: {name}", megabytes, "MB", goal=goals.IMPORT_MEGABYTES)


def note_of(found: Imported) -> str:
    parts = []
    if found.done < found.total:
        parts.append(f"stopped after {found.done:,} of {found.total:,} rows, the time was up")
    if found.errors:
        parts.append(f"{found.errors:,} rows were refused")
    return "; ".join(parts)


def import_file(bench: Bench) -> Imported:
    """Refused when the job fails."""
    headers = {"authorization": f"Bearer {bench.organisation.seller.token}"}
    with (
        tempfile.TemporaryDirectory(prefix="guanxi-bench-") as folder,
        httpx.Client(base_url=bench.suite.url, headers=headers, timeout=120) as client,
    ):
        file = Path(folder, "people.csv")
        write_csv(file, bench.size.contacts)
        began = time.monotonic()
        job = upload(client, file, "contacts", OPTIONS)
        uploaded = time.monotonic() - began
        seconds = max(min(bench.size.import_seconds, bench.seconds_left), LEAST_SECONDS)
        ended = follow(client, job, say=bench.say, seconds=seconds)
        return of_job(ended, total=bench.size.contacts, upload=uploaded)


def of_job(ended: Mapping[str, Any], *, total: int, upload: float) -> Imported:
    return Imported(
        done=ended["done"],
        total=total,
        errors=ended["errors"],
        seconds=seconds_of(ended),
        upload=upload,
    )


def upload(client: httpx.Client, file: Path, resource: str, options: Mapping[str, Any]) -> str:
    """The job's path."""
    fields = {"resource": resource, "start": "true", "options": json.dumps(options)}
    with file.open("rb") as content:
        files = {"file": (file.name, content, "text/csv")}
        answer = client.post("/v1/imports", data=fields, files=files)
    if answer.status_code != 202:
        raise Refused(f"POST /v1/imports: {answer.status_code} {answer.text[:300]}")
    return answer.headers["location"]


def follow(client: httpx.Client, job: str, *, say: Say, seconds: float) -> dict[str, Any]:
    """The job once it has ended; it is cancelled when it takes longer than `seconds`."""
    began = told = time.monotonic()
    while True:
        found: dict[str, Any] = client.get(job).raise_for_status().json()
        if found["status"] in ("done", "cancelled"):
            return found
        if found["status"] == "failed":
            raise Refused(f"the import failed: {found['message']}")
        now = time.monotonic()
        if now - began > seconds:
            client.post(f"{job}/cancel", json={}).raise_for_status()
        if now - told > TELL_EVERY_SECONDS:
            told = now
            say(f"imported {found['done']:,} rows")
        threading.Event().wait(LOOK_EVERY_SECONDS)


def seconds_of(job: Mapping[str, Any]) -> float:
    """Of the job's own running."""
    started, finished = (datetime.fromisoformat(job[n]) for n in ("started_at", "finished_at"))
    return (finished - started).total_seconds()
