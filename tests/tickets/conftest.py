"""The tickets service, and accounts and people that it has heard of."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import pytest

from guanxi_shared.consumers import bind
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from guanxi_tickets.references.heard import apply_contacts_event
from tests.factories import Organisation, User
from tests.pipeline.telling import account_told, contact_told
from tests.tickets.company import with_agents

Heard = Callable[[Mapping[str, Any]], Awaitable[None]]
Known = Callable[..., Awaitable[str]]


@pytest.fixture(scope="session")
def service(tickets: Edge) -> Edge:
    return tickets


@pytest.fixture
def company(organisation: Organisation) -> Organisation:
    """The same people, but those of the teams are agents: rep, rep2, junior, other_rep."""
    return with_agents(organisation)


@pytest.fixture
def heard(service_database: Database) -> Heard:
    """Applies an event of contacts as the consumer does."""

    async def apply(event: Mapping[str, Any]) -> None:
        async with service_database.transaction(None) as connection:
            await bind(connection, event["organisation_id"])
            await apply_contacts_event(connection, event)

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
