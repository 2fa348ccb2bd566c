"""A worker beside the tickets service, and short ways to import a text and wait for its end."""

from collections.abc import AsyncIterator

import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.worker import Worker
from guanxi_tickets.jobs import HANDLERS
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.working import as_launched, working


@pytest.fixture
def chunk_rows() -> int:
    return 7


@pytest.fixture
def worker_environment(
    tickets: Edge, database: Clone, chunk_rows: int, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    return as_launched(tickets, "tickets", database, chunk_rows, monkeypatch)


@pytest.fixture
async def worker(
    service_database: Database, worker_environment: dict[str, str]
) -> AsyncIterator[Worker]:
    async with working(service_database, HANDLERS) as running:
        yield running


@pytest.fixture
def send(client: Clients, organisation: Organisation, worker: Worker) -> Sender:
    """`await send("subject\\nHelp\\n")` imports a text as the organisation's admin."""
    return Sender(client(organisation.admin), resource="tickets")
