"""The house of tickets' worker: its database, and contacts if it knows an address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from guanxi_shared.calls import House
from guanxi_shared.db import Database
from guanxi_shared.errands import workers_house
from guanxi_tickets.clients import calling_contacts
from guanxi_tickets.settings import settings


@asynccontextmanager
async def house_of(database: Database) -> AsyncIterator[House]:
    here = workers_house(database, name="tickets", settings=settings())
    async with calling_contacts(here):
        yield here
