"""The tickets service, and accounts and people that it has heard of."""

from pathlib import Path

import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_tickets.references.heard import apply_contacts_events
from tests.conftest import settle_environment
from tests.factories import Clients, Organisation
from tests.hearing import one_by_one
from tests.pipeline.telling import Heard, Known, account_told, contact_told, hearing, knowing
from tests.prepared import Clone
from tests.stand_in import GatewayStandIn
from tests.tickets.company import with_agents
from tests.tickets.promising import CALENDARS, sent

__all__ = ["Heard", "Known"]


@pytest.fixture(scope="session")
def service(tickets: Edge) -> Edge:
    return tickets


@pytest.fixture
def company(organisation: Organisation) -> Organisation:
    """The same people, but those of the teams are agents: rep, rep2, junior, other_rep."""
    return with_agents(organisation)


@pytest.fixture
def heard(service: Edge, service_database: Database) -> Heard:
    """Applies an event of contacts as the consumer does."""
    files_dir: Path = service.state.house.settings.files_dir
    return hearing(service_database, one_by_one(apply_contacts_events, files_dir=files_dir))


@pytest.fixture
def account(heard: Heard, organisation: Organisation) -> Known:
    """`await account("Acme", owner=organisation.rep)`: the id of an account that is known here."""
    return knowing(heard, organisation, account_told, "Acme")


@pytest.fixture
def person(heard: Heard, organisation: Organisation) -> Known:
    return knowing(heard, organisation, contact_told, "Ann")


@pytest.fixture
async def always(client: Clients, company: Organisation) -> str:
    body = {"name": "24/7", "time_zone": "UTC", "always": True}
    return str((await sent(client(company.admin), CALENDARS, body))["id"])


@pytest.fixture
def working(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """What a worker of this process finds in its environment."""
    settle_environment(monkeypatch, database, "tickets", gateway_stand_in, tmp_path)
