"""What other services tell that webhooks have to act on: an erasure empties what receivers said.

A receiver may repeat in its answer what it was sent; which answer says something of whom, nobody knows.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_gateway.composite.sweeping import erase_from_composites
from guanxi_shared.consumers import Consumer
from guanxi_shared.db import Connection
from guanxi_shared.directory import feed_over_http, listening_client
from guanxi_shared.settings import named_addresses

TYPES = ("*.erased",)
EMPTY = """
UPDATE webhook_attempts SET excerpt = NULL WHERE organisation_id = $1 AND excerpt IS NOT NULL
"""


async def apply_erasure(connection: Connection, event: Mapping[str, Any]) -> None:
    organisation_id = UUID(str(event["organisation_id"]))
    await connection.execute(EMPTY, organisation_id)
    await erase_from_composites(connection, organisation_id, event["subject_id"])


def erasure_consumers(services: str, secret: str) -> list[Consumer]:
    """One for each service of GUANXI_SERVICES."""
    return [
        Consumer(
            f"webhooks:{name}",
            TYPES,
            feed_over_http(listening_client(name, url, secret, caller="gateway")),
            apply_erasure,
        )
        for name, url in named_addresses(services).items()
    ]
