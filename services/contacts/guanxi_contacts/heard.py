"""What contacts hears of the services beside it: what their feeds tell goes on timelines, and what rules
of pools ask for (a deal won) becomes a fact of the account."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from guanxi_contacts.calendar_feeds.heard import roles_consumer
from guanxi_contacts.dealings import note_won
from guanxi_contacts.timeline.heard import apply_timeline_event
from guanxi_contacts.timeline.heard_rules import TYPES as TOLD
from guanxi_shared.consumers import Consumer
from guanxi_shared.db import Connection
from guanxi_shared.directory import feed_over_http, listening_client
from guanxi_shared.heard import Event, id_of
from guanxi_shared.settings import Common, named_addresses

PEERS: Final = ("pipeline", "tickets")


async def apply_told(connection: Connection, event: Event) -> None:
    await apply_timeline_event(connection, event)
    if event["type"].startswith("pipeline.opportunity."):
        await _note_deal(connection, id_of(event["organisation_id"]), event["after"])


async def _note_deal(connection: Connection, organisation: UUID, state: Mapping[str, Any]) -> None:
    """Whatever event tells of it: a deal may begin as won, and an older fact changes nothing."""
    if state.get("status") != "won" or not state.get("account_id") or not state.get("closed_at"):
        return
    won_at = datetime.fromisoformat(str(state["closed_at"]))
    await note_won(connection, organisation, [id_of(state["account_id"])], won_at)


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
        found.append(Consumer(f"timeline-{name}", types, feed_over_http(client), apply_told))
    return found
