"""Whom analytics hears, and a consumer for each: facts and cursor in one transaction."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Final
from uuid import UUID

from guanxi_analytics.facts.kinds import KINDS
from guanxi_analytics.facts.telling import saying
from guanxi_analytics.facts.writing import write_facts
from guanxi_analytics.heard.forgetting import forget_source
from guanxi_shared.consumers import Consumer, FeedSource
from guanxi_shared.db import Connection
from guanxi_shared.directory import feed_over_http, listening_client
from guanxi_shared.heard import Event
from guanxi_shared.settings import Common, named_addresses

SOURCES: Final = ("contacts", "pipeline", "tickets")
BATCH: Final = 1_000


def types_of(source: str) -> tuple[str, ...]:
    return tuple(f"{source}.{kind.noun}.*" for kind in KINDS if kind.source == source)


def consumer_of(name: str, source: FeedSource) -> Consumer:
    async def apply(connection: Connection, organisation: UUID, events: Sequence[Event]) -> None:
        await write_facts(connection, organisation, name, events)

    restarted = partial(forget_source, source=name)
    return Consumer(
        name, types_of(name), saying(name, source), None, apply_many=apply, restarted=restarted, batch=BATCH
    )  # fmt: skip


def peers_consumers(common: Common, stack: AsyncExitStack) -> Sequence[Consumer]:
    """One for each peer of this installation, whose clients `stack` closes."""
    addresses = named_addresses(common.services)
    found = []
    for name in SOURCES:
        if name in addresses:
            client = listening_client(
                name, addresses[name], common.service_secret, caller="analytics"
            )
            stack.push_async_callback(client.aclose)
            found.append(consumer_of(name, feed_over_http(client)))
    return found
