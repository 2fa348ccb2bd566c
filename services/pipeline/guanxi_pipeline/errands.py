"""The house of pipeline's worker: its database, and contacts if it knows an address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from guanxi_pipeline.clients import calling_contacts
from guanxi_pipeline.settings import settings
from guanxi_shared.calls import House
from guanxi_shared.db import Database
from guanxi_shared.errands import workers_house


@asynccontextmanager
async def house_of(database: Database) -> AsyncIterator[House]:
    here = bare_house(database)
    async with calling_contacts(here):
        yield here


def bare_house(database: Database) -> House:
    """The same without contacts, for what asks nobody else."""
    return workers_house(database, name="pipeline", settings=settings())
