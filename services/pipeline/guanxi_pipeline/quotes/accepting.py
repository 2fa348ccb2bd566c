"""What follows when a customer accepts, in the very transaction of the acceptance."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection


async def follow_acceptance(
    connection: Connection, organisation: UUID, quote: Mapping[str, Any], *, actor: Actor
) -> UUID | None:
    """The id of the order that comes of the quote (its stored row, accepted), None where none does."""
    return None
