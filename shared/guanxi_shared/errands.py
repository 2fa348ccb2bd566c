"""What a worker does in somebody's name: a call without a request, with the rights that were kept."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from guanxi_shared.auth import Principal, Verifier
from guanxi_shared.calls import Call, House
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database
from guanxi_shared.errors import Unauthenticated
from guanxi_shared.feed.feed import Feed
from guanxi_shared.settings import ServiceSettings, common
from guanxi_shared.visibility import Directory


def as_call(here: House, by: Principal, channel: str) -> Call:
    """For use cases that know calls alone; there is no body and no token in it."""
    headers = [(b"x-guanxi-channel", channel.encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    return Call(Request(scope), here, by)


def bare_house(database: Database, name: str, own: ServiceSettings) -> House:
    """The house of a worker of this service, which asks no other. Nobody knocks here."""
    shared = common()

    async def nobody() -> Mapping[str, Any]:
        raise Unauthenticated("A worker takes no tokens.")

    return House(
        name=name, settings=own, common=shared, db=database, directory=Directory(database),
        verifier=Verifier(service=name, fetch_keys=nobody, service_secret=shared.service_secret),
        feed=Feed(own.feed_database_url, schema=name), custom_fields=CustomFields(database),
    )  # fmt: skip
