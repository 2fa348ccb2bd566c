"""The house of this service's worker; see guanxi_shared/errands.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from guanxi_shared import errands
from guanxi_shared.calls import House
from guanxi_shared.db import Database
from guanxi_tickets.clients import calling_contacts
from guanxi_tickets.settings import settings


def own_house(database: Database) -> House:
    """Without contacts, for what asks nobody else."""
    return errands.bare_house(database, "tickets", settings())


@asynccontextmanager
async def house_of(database: Database) -> AsyncIterator[House]:
    """The same, and contacts if it knows an address."""
    here = own_house(database)
    async with calling_contacts(here):
        yield here
