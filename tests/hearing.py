"""Consumers that apply what a batch holds of an organisation, told of one event after the other."""

from collections.abc import Awaitable, Callable
from typing import Any

from guanxi_shared.consumers import Apply
from guanxi_shared.db import Connection
from guanxi_shared.heard import Event, id_of


def one_by_one(apply_many: Callable[..., Awaitable[None]], **more: Any) -> Apply:
    async def apply(connection: Connection, event: Event) -> None:
        await apply_many(connection, id_of(event["organisation_id"]), [event], **more)

    return apply
