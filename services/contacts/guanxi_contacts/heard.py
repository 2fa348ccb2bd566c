"""What contacts hears of the services beside it: what their feeds tell goes on timelines, and what rules
of pools ask for (a deal won) becomes a fact of the account."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Final
from uuid import UUID

from guanxi_contacts.calendar_feeds.heard import roles_consumer
from guanxi_contacts.dealings import note_won
from guanxi_contacts.timeline.heard import apply_timeline_events
from guanxi_contacts.timeline.heard_rules import TYPES as TOLD
from guanxi_shared.consumers import Consumer
from guanxi_shared.db import Connection
from guanxi_shared.directory import feed_over_http, listening_client
from guanxi_shared.heard import Event, id_of
from guanxi_shared.settings import Common, named_addresses

PEERS: Final = ("pipeline", "tickets")


async def apply_told(connection: Connection, organisation: UUID, events: Sequence[Event]) -> None:
    await apply_timeline_events(connection, organisation, events)
    if won := _last_won(events):
        await note_won(connection, organisation, won)


def _last_won(events: Sequence[Event]) -> dict[UUID, datetime]:
    """By account when its last deal of these was won, whatever event tells of it: a deal may begin as won."""
    found: dict[UUID, datetime] = {}
    for event in events:
        state = event["after"]
        if not event["type"].startswith("pipeline.opportunity.") or state.get("status") != "won":
            continue
        if state.get("account_id") and state.get("closed_at"):
            account_id = id_of(state["account_id"])
            won_at = datetime.fromisoformat(str(state["closed_at"]))
            found[account_id] = max(won_at, found.get(account_id, won_at))
    return found


def peers_consumers(common: Common, stack: AsyncExitStack) -> Sequence[Consumer]:
    """One for the gateway's users, and one for each peer of this installation, whose clients `stack`
    closes."""
    addresses = named_addresses(common.services)
    gateway = listening_client(
        "gateway", common.gateway_url, common.service_secret, caller="contacts"
    )
    stack.push_async_callback(gateway.aclose)
    found = [roles_consumer(feed_over_http(gateway))]
    for name in PEERS:
        if name not in addresses:
            continue
        client = listening_client(name, addresses[name], common.service_secret, caller="contacts")
        stack.push_async_callback(client.aclose)
        types = tuple(type for type in TOLD if type.startswith(f"{name}."))
        source = feed_over_http(client)
        found.append(Consumer(f"timeline-{name}", types, source, None, apply_many=apply_told))
    return found
