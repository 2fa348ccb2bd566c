"""The incidents of a real service desk by their recipe, against the same log read with the csv module."""

import csv
import gzip
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from guanxi_gateway.cli.recipes import RecordsStep, TableStep, read_recipe
from guanxi_shared.db import Database
from tests.contacts.transfers.sending import Sender
from tests.factories import Organisation
from tests.tickets.transfers.test_imports import counts

ROOT = Path(__file__).parents[3]
KIND_OF = {
    "New": "new", "Active": "open", "Awaiting User Info": "pending", "Awaiting Vendor": "on_hold",
    "Awaiting Problem": "on_hold", "Awaiting Evidence": "on_hold", "Resolved": "solved", "Closed": "closed",
}  # fmt: skip
# By the service's own log, and not by what tickets show at the end.
VERSIONS = """
SELECT subject_id, occurred_at AS at, after->>'status_kind' AS kind, type FROM events
WHERE organisation_id = $2 AND subject_type = 'ticket' ORDER BY subject_id, version
"""


@pytest.fixture
def log() -> Path:
    sets = Path(os.environ.get("GUANXI_DATASETS") or ROOT / ".." / "shared" / "data")
    found = sets / "servicenow_incidents" / "incident_event_log.csv.gz"
    if not found.is_file():
        pytest.skip("the data set servicenow_incidents is not here: put it under GUANXI_DATASETS")
    return found


@pytest.fixture
def chunk_rows() -> int:
    return 1_000


@dataclass(frozen=True)
class Entry:
    """A line of the log; `kind` is None where its state is no state (`-100`)."""

    number: str
    at: datetime
    opened_at: datetime
    kind: str | None
    made_sla: bool


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def entries_of(log: Path) -> Iterator[Entry]:
    with gzip.open(log, "rt") as file:
        for row in csv.DictReader(file):
            yield Entry(
                row["number"], moment(row["sys_updated_at"]), moment(row["opened_at"]),
                KIND_OF.get(row["incident_state"]), row["made_sla"] == "true",
            )  # fmt: skip


@dataclass(slots=True)
class Told:
    """What a log tells of all incidents together."""

    spent: Counter[str]  # see spent_in
    resolution: dict[str, float]  # by number: from the opening to the last time that it was solved
    reopened: int


def spent_in(kinds: Sequence[tuple[datetime, str]]) -> Counter[str]:
    """Seconds by kind of state; the last one goes on for ever and counts for none."""
    spent = Counter[str]()
    ended = max((n for n, (_, kind) in enumerate(kinds) if kind != kinds[-1][1]), default=-1)
    for (at, kind), (to, _) in pairwise(kinds[: ended + 2]):
        spent[kind] += int((to - at).total_seconds())
    return spent


def told_by_file(log: Path) -> Told:
    spent, resolution, reopened = Counter[str](), dict[str, float](), 0
    by_number = defaultdict[str, list[Entry]](list)
    for entry in entries_of(log):
        by_number[entry.number].append(entry)
    for number, entries in by_number.items():
        entries.sort(key=lambda each: each.at)  # stable
        begun = min(entries[0].at, *(each.opened_at for each in entries))
        kinds: list[tuple[datetime, str]] = []
        for entry in entries:
            kind = entry.kind or (kinds[-1][1] if kinds else "new")
            kinds.append((entry.at if kinds else begun, kind))
        spent += spent_in(kinds)
        solved = [
            at for (_, before), (at, kind) in pairwise([(begun, ""), *kinds])
            if kind in ("solved", "closed") and before not in ("solved", "closed")
        ]  # fmt: skip
        resolution[number] = (solved[-1] - begun).total_seconds()
        reopened += sum(
            before in ("solved", "closed") and kind not in ("solved", "closed")
            for (_, before), (_, kind) in pairwise(kinds)
        )
    return Told(spent, resolution, reopened)


@pytest.fixture
def content(log: Path) -> bytes:
    return gzip.decompress(log.read_bytes())


async def test_a_real_service_desk_comes_in_with_its_whole_past(
    send: Sender,
    organisation: Organisation,
    service_database: Database,
    log: Path,
    content: bytes,
) -> None:
    records, table = read_recipe(str(ROOT / "recipes" / "servicenow-incidents.json")).steps
    assert isinstance(records, RecordsStep)
    assert isinstance(table, TableStep)
    for record in records.records:
        made = await send.client.post("/v1/fields", json=record)
        assert made.status_code == 201, made.text
    answer = await send.upload(content, name="incident_event_log.csv")
    started = await send.start(answer.json()["id"], **table.options)
    assert started.status_code == 202, started.text
    ended = await send.ended(answer.json()["id"], seconds=900)
    found = counts(ended)
    assert found == {"created": 24_918, "updated": 141_712 - 24_918}, found

    async def count(**filters: Any) -> int:
        page = await send.client.get(
            "/v1/tickets", params={**filters, "limit": 1, "total": "exact"}
        )
        return int(page.json()["page"]["total"])

    assert await count() == 24_918
    assert await count(status="closed") == 24_918
    last = {entry.number: entry for entry in entries_of(log)}
    met = sum(entry.made_sla for entry in last.values())
    assert await count(**{"custom.made_sla": "true"}) == met
    assert round(met / len(last), 4) == 0.6342

    expected = told_by_file(log)
    tickets = {each["external_id"]: each for each in await send.records()}
    assert sum(each["reopened_count"] for each in tickets.values()) == expected.reopened
    assert {n: _seconds(each) for n, each in tickets.items()} == expected.resolution
    assert await _spent(service_database, organisation) == expected.spent
    again = b"".join(content.splitlines(keepends=True)[:5_001])
    answer = await send.upload(again, name="incident_event_log.csv")
    await send.start(answer.json()["id"], **table.options)
    assert counts(await send.ended(answer.json()["id"])) == {"unchanged": 5_000}
    first = tickets["INC0000045"]
    then = await send.client.get(f"/v1/tickets/{first['id']}?as_of=2016-02-29T08:00:00Z")
    assert then.json()["status"] == "new"


def _seconds(ticket: Mapping[str, Any]) -> float:
    solved, begun = (datetime.fromisoformat(ticket[n]) for n in ("solved_at", "created_at"))
    return (solved - begun) / timedelta(seconds=1)


async def _spent(database: Database, organisation: Organisation) -> Counter[str]:
    by_ticket = defaultdict[Any, list[tuple[datetime, str]]](list)
    for row in await database.fetch(organisation.id, VERSIONS, organisation.id):
        by_ticket[row["subject_id"]].append((row["at"], row["kind"]))
    spent = Counter[str]()
    for kinds in by_ticket.values():
        spent += spent_in(kinds)
    return spent
