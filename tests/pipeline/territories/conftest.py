"""Territories as tests make them, and the worker's job after a change."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from guanxi_pipeline.territories.reassigning import assign_territories
from guanxi_shared.db import Database
from guanxi_shared.running_jobs import RunningJob, claim
from tests.factories import Clients, Organisation, User

PATH = "/v1/territories"
QUEUED = """
SELECT id FROM jobs WHERE organisation_id = $2 AND kind = 'assign-territories' AND status = 'queued' ORDER BY created_at
"""
Made = Callable[..., Awaitable[str]]
Assigned = Callable[[], Awaitable[int]]
Where = Callable[[str], Awaitable[str | None]]


@pytest.fixture
def territory(client: Clients, organisation: Organisation) -> Made:
    """`await territory("East", regions=["east"])`: its id."""

    async def made(name: str, *, by: User | None = None, **more: Any) -> str:
        answer = await client(by or organisation.admin).post(PATH, json={"name": name, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return made


@pytest.fixture
def assigned(service_database: Database, organisation: Organisation) -> Assigned:
    """The jobs that changes have left are done; how many there were."""

    async def work() -> int:
        rows = await service_database.fetch(organisation.id, QUEUED, organisation.id)
        for row in rows:
            job = await claim(service_database, organisation.id, row["id"], lease_seconds=30)
            assert isinstance(job, RunningJob)
            await assign_territories(job)
        return len(rows)

    return work


@pytest.fixture
def where(client: Clients, organisation: Organisation) -> Where:
    """The territory of an account, as an admin sees it."""

    async def found(account_id: str) -> str | None:
        answer = await client(organisation.admin).get(f"{PATH}/accounts/{account_id}")
        assert answer.status_code == 200, answer.text
        told: str | None = answer.json()["territory_id"]
        return told

    return found
