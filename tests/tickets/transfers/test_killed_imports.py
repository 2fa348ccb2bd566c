"""Imports whose worker is killed in the middle of the file: each row once, with all that stands beside it."""

import asyncio
import os
import signal
import sys

import pytest

from guanxi_shared.db import Database
from tests.contacts.transfers.sending import Sender
from tests.deadlines import until
from tests.factories import Clients, Organisation
from tests.tickets.conftest import Known
from tests.tickets.surveys.asking import survey

ROWS = 60
pytestmark = pytest.mark.system
COUNTED = "SELECT count(*) FROM {} WHERE organisation_id = $2"
TABLES = {
    "articles": ("articles", "article_versions"),
    "entitlements": ("entitlements", "entitlement_bookings"),
    "survey-answers": ("survey_answers", "survey_invitations"),
    "queues": ("queues",),
}
CONTENT = {
    "articles": "external_id,title,body,language,state\n"
    + "".join(f"A{n},T {n},Words {n},en,published\n" for n in range(ROWS)),
    "entitlements": "external_id,name,account,unit,used,valid_from,valid_until\n"
    + "".join(f"E{n},E {n},Acme,hours,1,2026-01-01,2026-12-31\n" for n in range(ROWS)),
    "survey-answers": "survey,score,answered_at\n"
    + "".join(f"CSAT,{n % 5 + 1},2024-06-03\n" for n in range(ROWS)),
    "queues": "name,team\n" + "".join(f"Queue {n},a\n" for n in range(ROWS)),
}


async def worker(environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "guanxi_shared.worker", "guanxi_tickets",
        env=environment | {
            "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path),
            "TICKETS_IMPORT_CHUNK_ROWS": "5", "GUANXI_JOB_HEARTBEAT_SECONDS": "1",
            "GUANXI_JOB_POLL_SECONDS": "0.05",
        },
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def test_a_killed_worker_loses_no_row_and_doubles_none(
    client: Clients, organisation: Organisation, worker_environment: dict[str, str], account: Known,
    service_database: Database,
) -> None:  # fmt: skip
    admin = client(organisation.admin)
    await account("Acme")
    await survey(admin)
    begun = {}
    for resource, content in CONTENT.items():
        answer = await Sender(admin, resource).upload(content, start="true")
        assert answer.status_code == 202, answer.text
        begun[resource] = answer.json()

    async def is_beyond(rows: int) -> bool:
        jobs = [
            (await admin.get(f"/v1/jobs/{each['job']['id']}")).json() for each in begun.values()
        ]
        return sum(job["done"] for job in jobs) > rows

    for reached in (10, 100):
        process = await worker(worker_environment)
        try:
            await until(lambda n=reached: is_beyond(n), seconds=60)  # type: ignore[misc]
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
    process = await worker(worker_environment)
    try:
        for resource, each in begun.items():
            found = await Sender(admin, resource).ended(each["id"], seconds=120)
            assert found["job"]["status"] == "done", found["job"]
            assert found["job"]["counts"]["created"] == ROWS
            for table in TABLES[resource]:
                sql = COUNTED.format(table)
                rows = await service_database.fetch(organisation.id, sql, organisation.id)
                assert (table, rows[0]["count"]) == (table, ROWS)
    finally:
        process.kill()
        await process.wait()
