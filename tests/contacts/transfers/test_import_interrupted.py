"""Imports whose worker dies, or that somebody cancels, in the middle of the file."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.contacts.transfers.sending import Sender
from tests.deadlines import until
from tests.factories import Clients, Organisation

ROWS = 4_000

pytestmark = pytest.mark.system


@pytest.fixture
def alone(
    client: Clients, organisation: Organisation, worker_environment: dict[str, str]
) -> Sender:
    """A sender without a worker in this process."""
    return Sender(client(organisation.admin))


@asynccontextmanager
async def working(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "guanxi_shared.worker", "guanxi_contacts",
        env=environment | {
            "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path),
            "CONTACTS_IMPORT_CHUNK_ROWS": "50", "GUANXI_JOB_HEARTBEAT_SECONDS": "1",
            "GUANXI_JOB_POLL_SECONDS": "0.05",
        },
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def table() -> str:
    bad = dict.fromkeys(range(0, ROWS, 100), "nonsense")
    rows = (f"A{n},Name {n},{bad.get(n, f'a{n}@x.example')}\n" for n in range(ROWS))
    return "external_id,name,email\n" + "".join(rows)


async def begun(alone: Sender, **fields: str) -> tuple[str, str]:
    answer = await alone.upload(table(), start="true", **fields)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"], answer.json()["job"]["id"]


async def done_beyond(alone: Sender, job_id: str, rows: int) -> bool:
    job = (await alone.client.get(f"/v1/jobs/{job_id}")).json()
    assert job["status"] in ("queued", "running"), job
    return bool(job["done"] > rows)


async def test_a_killed_worker_loses_no_row_and_doubles_none(
    alone: Sender, worker_environment: dict[str, str]
) -> None:
    import_id, job_id = await begun(alone)
    for reached in (100, 700, 1_500):
        async with working(worker_environment) as process:
            await until(lambda n=reached: done_beyond(alone, job_id, n), seconds=30)  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
            await process.wait()
    async with working(worker_environment):
        found = await alone.ended(import_id, seconds=60)

    stored = await alone.records()
    expected = {f"A{n}" for n in range(ROWS) if n % 100}
    assert found["job"]["status"] == "done"
    assert sorted(each["external_id"] for each in stored) == sorted(expected)
    assert found["job"]["counts"]["created"] == len(expected)
    assert found["job"]["counts"]["refused"] == ROWS // 100
    assert (await alone.errors(import_id)).count("nonsense") >= ROWS // 100
    subjects = [event["subject"] async for event in events(alone)]
    assert sorted(subjects) == sorted(f"account/{each['id']}" for each in stored)


async def events(alone: Sender) -> AsyncIterator[dict[str, str]]:
    after = ""
    while True:
        params = {
            "types": "contacts.account.*",
            "limit": "1000",
            **({"after": after} if after else {}),
        }
        answer = await alone.client.get("/v1/events", params=params)
        if not answer.json():
            return
        for event in answer.json():
            yield event
        after = answer.headers["x-next-after"]


async def test_a_cancelled_import_stops_and_keeps_what_it_did(
    alone: Sender, worker_environment: dict[str, str]
) -> None:
    _, job_id = await begun(alone)
    async with working(worker_environment):
        await until(lambda: done_beyond(alone, job_id, 100), seconds=30)
        answer = await alone.client.post(f"/v1/jobs/{job_id}/cancel")
        at_once = len(await alone.records())
        await asyncio.sleep(0.5)
        later = len(await alone.records())

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert 0 < at_once == later < ROWS
