"""A worker for archives, and a dump to look for people in."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from guanxi_contacts.jobs import HANDLERS
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.worker import Worker, WorkerSettings
from tests.dumping import Dump
from tests.prepared import Clone
from tests.stand_in import SECRET

QUICK = WorkerSettings(heartbeat_seconds=5.0, poll_seconds=0.02, retry_seconds=0.05, attempts=2)


@pytest.fixture
def files_dir(contacts: Edge) -> Path:
    found: Path = contacts.state.house.settings.files_dir
    return found


@pytest.fixture
async def worker(
    contacts: Edge, database: Clone, service_database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Worker]:
    given = database.environment("contacts") | {
        "CONTACTS_FILES_DIR": str(contacts.state.house.settings.files_dir),
        "GUANXI_SERVICE_SECRET": SECRET,
        "GUANXI_LOG_LEVEL": "warning",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    running = Worker(service_database, HANDLERS, settings=QUICK)
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        running.stop()
        await task


@pytest.fixture
def dump(database: Clone, files_dir: Path) -> Dump:
    return Dump(database.admin_url, files_dir)
