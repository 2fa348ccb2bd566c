"""The pipeline service, an organisation with a pipeline, and accounts that it has heard of."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from guanxi_pipeline.clients import CONTACTS
from guanxi_pipeline.pipelines.starting import begin_pipeline
from guanxi_pipeline.references.heard import apply_contacts_event
from guanxi_shared.consumers import bind
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation, User
from tests.pipeline.leads.fake_contacts import FakeContacts
from tests.pipeline.telling import account_told, contact_told
from tests.stand_in import SECRET


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


Heard = Callable[[Mapping[str, Any]], Awaitable[None]]
Known = Callable[..., Awaitable[str]]


@pytest.fixture
def heard(service: Edge, service_database: Database) -> Heard:
    """Applies an event of contacts as the consumer does."""
    files_dir: Path = service.state.house.settings.files_dir

    async def apply(event: Mapping[str, Any]) -> None:
        async with service_database.transaction(None) as connection:
            await bind(connection, event["organisation_id"])
            await apply_contacts_event(connection, event, files_dir=files_dir)

    return apply


@pytest.fixture
def account(heard: Heard, organisation: Organisation) -> Known:
    """`await account("Acme", owner=organisation.rep)`: the id of an account that is known here."""

    async def known(name: str = "Acme", *, owner: User | None = None, **more: Any) -> str:
        account_id = new_id()
        owner_id: UUID = (owner or organisation.rep).id
        await heard(account_told(organisation.id, account_id, name, owner_id=owner_id, **more))
        return str(account_id)

    return known


@pytest.fixture
def person(heard: Heard, organisation: Organisation) -> Known:
    async def known(name: str = "Ann", *, owner: User | None = None, **more: Any) -> str:
        contact_id = new_id()
        owner_id: UUID = (owner or organisation.rep).id
        await heard(contact_told(organisation.id, contact_id, name, owner_id=owner_id, **more))
        return str(contact_id)

    return known
