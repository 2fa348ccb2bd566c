"""Whoever takes payments, and who does not."""

import httpx
import pytest

from tests.factories import Clients, Organisation


@pytest.fixture
def manager(client: Clients, organisation: Organisation) -> httpx.AsyncClient:
    return client(organisation.manager)


@pytest.fixture
def rep(client: Clients, organisation: Organisation) -> httpx.AsyncClient:
    return client(organisation.rep)
