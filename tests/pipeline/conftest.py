"""The pipeline service, an organisation with a pipeline, and accounts that it has heard of."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from guanxi_pipeline.clients import CONTACTS
from guanxi_pipeline.pipelines.starting import begin_pipeline
from guanxi_pipeline.references.heard import apply_contacts_events
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from tests.factories import Clients, Organisation
from tests.hearing import one_by_one
from tests.pipeline.leads.fake_contacts import FakeContacts
from tests.pipeline.telling import Heard, Known, account_told, contact_told, hearing, knowing
from tests.stand_in import SECRET

__all__ = ["Heard", "Known"]


@pytest.fixture(scope="session")
def service(pipeline: Edge) -> Edge:
    return pipeline


@pytest.fixture
async def contacts_fake(service: Edge) -> AsyncIterator[FakeContacts]:
    """Contacts as this service hears it: a small one that dies when it is told to."""
    fake = FakeContacts()
    client = ServiceClient(
        CONTACTS, "http://contacts", SECRET, caller="pipeline", transport=fake, attempts=1,
        timeout_seconds=1.0, breaker_failures=1_000,
    )  # fmt: skip
    service.state.house.more[CONTACTS] = client
    yield fake
    del service.state.house.more[CONTACTS]
    await client.aclose()


@dataclass(frozen=True)
class Stages:
    """A pipeline's stages by name."""

    pipeline_id: str
    ids: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


def stages_of(pipeline: Mapping[str, Any]) -> Stages:
    return Stages(pipeline["id"], {stage["name"]: stage["id"] for stage in pipeline["stages"]})


@pytest.fixture
async def stages(client: Clients, organisation: Organisation, service_database: Database) -> Stages:
    """The pipeline that an organisation begins with."""
    async with service_database.transaction(organisation.id) as connection:
        await begin_pipeline(connection, organisation.id)
    found = (await client(organisation.admin).get("/v1/pipelines")).json()["data"]
    return stages_of(found[0])


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
