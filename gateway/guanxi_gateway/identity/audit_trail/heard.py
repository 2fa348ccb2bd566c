"""What other services report that belongs in the audit log: exports, merges, erasures.

Read from their feeds, so that an action is in the log even if the gateway was away when it
happened. The entry takes the event's id: hearing the same event again writes nothing.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_gateway.identity.audit import write_audit
from guanxi_shared.calls import Actor
from guanxi_shared.consumers import Consumer
from guanxi_shared.db import Connection
from guanxi_shared.directory import feed_over_http, listening_client
from guanxi_shared.settings import named_addresses

TYPES = ("*.merged", "*.unmerged", "*.erased", "*.exported")
KEPT = ("resource", "format")  # of what left: an entry can never be erased, so no more than that
KNOWN = "SELECT count(*) FROM audit_log WHERE organisation_id = $1 AND id = $2"


async def apply_audit_event(connection: Connection, event: Mapping[str, Any]) -> None:
    """Inside the consumer's transaction, with the event's organisation bound."""
    organisation_id, event_id = UUID(str(event["organisation_id"])), UUID(str(event["id"]))
    if await connection.fetchval(KNOWN, organisation_id, event_id):
        return
    after: Mapping[str, Any] = event.get("after") or {}
    actor_id = UUID(str(event["actor_id"])) if event["actor_id"] else None
    await write_audit(
        connection,
        organisation_id,
        event["type"].replace("-", "_"),
        actor=Actor(actor_id, event["actor_kind"], event["channel"]),
        subject=f"{event['subject_type']}/{event['subject_id']}",
        details={
            "version": event["version"],
            "occurred_at": str(event["occurred_at"]),
            **{name: after[name] for name in KEPT if name in after},
        },
        entry_id=event_id,
    )


def audit_consumers(services: str, secret: str) -> list[Consumer]:
    """One for each service of GUANXI_SERVICES."""
    return [
        Consumer(
            f"audit:{name}",
            TYPES,
            feed_over_http(listening_client(name, url, secret, caller="gateway")),
            apply_audit_event,
        )
        for name, url in named_addresses(services).items()
    ]
