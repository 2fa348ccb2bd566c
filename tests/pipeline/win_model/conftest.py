"""A worker that learns, and short ways to tell the service of past deals."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from guanxi_pipeline.jobs import HANDLERS
from guanxi_pipeline.win_model.schemas import WinModelRead
from guanxi_shared.db import Database
from guanxi_shared.worker import Worker, WorkerSettings
from tests.deadlines import until
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages

QUICK = WorkerSettings(heartbeat_seconds=30.0, poll_seconds=0.02, retry_seconds=0.05, attempts=2)
FIRST_DAY = date(2025, 1, 6)
Deal = dict[str, Any]


@pytest.fixture
async def worker(service_database: Database) -> AsyncIterator[Worker]:
    running = Worker(service_database, HANDLERS, settings=QUICK)
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        running.stop()
        await task


@dataclass(frozen=True)
class Past:
    """Writes closed deals as an import does, and learns from them."""

    clients: Clients
    organisation: Organisation
    stages: Stages

    @property
    def path(self) -> str:
        return f"/v1/pipelines/{self.stages.pipeline_id}/win-model"

    async def write(self, operations: Sequence[Deal]) -> list[Deal]:
        """The records that a batch leaves."""
        found = []
        async with self.clients(self.organisation.admin) as admin:
            for first in range(0, len(operations), 1_000):
                sent = {"operations": list(operations[first : first + 1_000])}
                answer = await admin.post("/v1/opportunities/batch", json=sent, timeout=300)
                assert answer.status_code == 200, answer.text[:2_000]
                assert answer.json()["failed"] == 0, answer.text[:2_000]
                found += [result["data"] for result in answer.json()["results"]]
        return found

    async def import_closed(self, deals: Sequence[Deal]) -> None:
        await self.write([{"op": "create", "data": deal} for deal in deals])

    def closed(self, won: bool, opened_on: date, *, days: int = 20, **more: Any) -> Deal:
        """One that comes closed."""
        outcome = {"stage_id": self.stages["Won"]}
        if not won:
            outcome = {"stage_id": self.stages["Lost"], "reason": "price"}
        closed_on = opened_on + timedelta(days=days)
        return (
            {"name": "Deal", "opened_on": str(opened_on), "closed_on": str(closed_on)}
            | outcome
            | more
        )

    async def train(self) -> dict[str, Any]:
        """The job, when it has ended."""
        async with self.clients(self.organisation.admin) as admin:
            asked = await admin.post(self.path + "/train")
            assert asked.status_code == 202, asked.text
            where = asked.headers["location"]

            async def ended() -> bool:
                job = (await admin.get(where)).json()
                return job["status"] not in ("queued", "running")

            await until(ended, seconds=300)
            found: dict[str, Any] = (await admin.get(where)).json()
            return found

    async def model(self) -> dict[str, Any]:
        async with self.clients(self.organisation.admin) as admin:
            answer = await admin.get(self.path)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            WinModelRead.model_validate(found)
            return found


@pytest.fixture
def past(client: Clients, organisation: Organisation, stages: Stages, worker: Worker) -> Past:
    return Past(client, organisation, stages)


def day(number: int, of: int) -> date:
    """One of `of` days spread over a year."""
    return FIRST_DAY + timedelta(days=number * 360 // of)
