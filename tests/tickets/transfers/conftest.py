"""A worker beside the tickets service, and short ways to import a text and wait for its end."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.worker import Worker, WorkerSettings
from guanxi_tickets.jobs import HANDLERS
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.stand_in import SECRET

QUICK = WorkerSettings(heartbeat_seconds=5.0, poll_seconds=0.02, retry_seconds=0.05, attempts=2)


@pytest.fixture
def chunk_rows() -> int:
    return 7


@pytest.fixture
def worker_environment(
    tickets: Edge, database: Clone, chunk_rows: int, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """What the launcher gives the worker of the service under test; also set in this process."""
    given = database.environment("tickets") | {
        "TICKETS_FILES_DIR": str(tickets.state.house.settings.files_dir),
        "TICKETS_IMPORT_CHUNK_ROWS": str(chunk_rows),
        "GUANXI_SERVICE_SECRET": SECRET,
        "GUANXI_LOG_LEVEL": "warning",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture
async def worker(
    service_database: Database, worker_environment: dict[str, str]
) -> AsyncIterator[Worker]:
    running = Worker(service_database, HANDLERS, settings=QUICK)
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        running.stop()
        await task


@pytest.fixture
def send(client: Clients, organisation: Organisation, worker: Worker) -> Sender:
    """`await send("subject\\nHelp\\n")` imports a text as the organisation's admin."""
    return Sender(client(organisation.admin), resource="tickets")
