"""A worker beside the contacts service, and short ways to import a text and wait for its end."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from guanxi_contacts.jobs import HANDLERS
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.worker import Worker, WorkerSettings
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.stand_in import SECRET

QUICK = WorkerSettings(heartbeat_seconds=5.0, poll_seconds=0.02, retry_seconds=0.05, attempts=2)


@pytest.fixture
def worker_environment(
    contacts: Edge, database: Clone, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """What the launcher gives the worker of the service under test; also set in this process."""
    files = contacts.state.house.settings.files_dir
    given = database.environment("contacts") | {
        "CONTACTS_FILES_DIR": str(files),
        "CONTACTS_IMPORT_CHUNK_ROWS": "7",
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
    """`await send("name\\nAcme\\n", key="name")` imports a text as the organisation's admin."""
    return Sender(client(organisation.admin))
