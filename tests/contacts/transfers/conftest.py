"""A worker beside the contacts service, and short ways to import a text and wait for its end."""

from collections.abc import AsyncIterator

import pytest

from guanxi_contacts.jobs import HANDLERS
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.worker import Worker
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.working import as_launched, working


@pytest.fixture
def worker_environment(
    contacts: Edge, database: Clone, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    return as_launched(contacts, "contacts", database, 7, monkeypatch)


@pytest.fixture
async def worker(
    service_database: Database, worker_environment: dict[str, str]
) -> AsyncIterator[Worker]:
    async with working(service_database, HANDLERS) as running:
        yield running


@pytest.fixture
def send(client: Clients, organisation: Organisation, worker: Worker) -> Sender:
    """`await send("name\\nAcme\\n", key="name")` imports a text as the organisation's admin."""
    return Sender(client(organisation.admin))
