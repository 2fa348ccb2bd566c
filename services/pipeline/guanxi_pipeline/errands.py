"""What a worker does in somebody's name: a call without a request, with the rights that were kept."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request

from guanxi_pipeline.clients import calling_contacts
from guanxi_pipeline.settings import settings
from guanxi_shared.auth import Principal, Verifier
from guanxi_shared.calls import Call, House
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database
from guanxi_shared.errors import Unauthenticated
from guanxi_shared.feed import Feed
from guanxi_shared.settings import common
from guanxi_shared.visibility import Directory


def as_call(here: House, by: Principal, channel: str) -> Call:
    """For use cases that know calls alone; there is no body and no token in it."""
    headers = [(b"x-guanxi-channel", channel.encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    return Call(Request(scope), here, by)


@asynccontextmanager
async def house_of(database: Database) -> AsyncIterator[House]:
    """The house of a worker: its database, and contacts if it knows an address. Nobody knocks here."""
    here = bare_house(database)
    async with calling_contacts(here):
        yield here


def bare_house(database: Database) -> House:
    """The same without contacts, for what asks nobody else."""
    own, shared = settings(), common()

    async def nobody() -> Mapping[str, Any]:
        raise Unauthenticated("A worker takes no tokens.")

    return House(
        name="pipeline", settings=own, common=shared, db=database, directory=Directory(database),
        verifier=Verifier(service="pipeline", fetch_keys=nobody, service_secret=shared.service_secret),
        feed=Feed(own.feed_database_url, schema="pipeline"), custom_fields=CustomFields(database),
    )  # fmt: skip
