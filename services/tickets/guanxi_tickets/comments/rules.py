"""Who writes what about a ticket, and what that does to it. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from guanxi_shared.errors import Invalid


def author_of(
    sent: Mapping[str, Any], ticket: Mapping[str, Any], user_id: UUID | None
) -> UUID | None:
    """The user who writes; of a requester's words the contact, if the ticket names one. A requester
    writes no internal notes."""
    if sent["author_kind"] == "agent":
        return user_id
    if sent["visibility"] == "internal":
        raise Invalid(
            "What the requester says is public.",
            errors={"author_kind": "A note is an agent's; send visibility public."},
        )
    requester: UUID | None = ticket["requester_id"]
    return requester


def is_first_response(sent: Mapping[str, Any], ticket: Mapping[str, Any]) -> bool:
    """The first words of an agent that the requester can read."""
    is_reply = sent["visibility"] == "public" and sent["author_kind"] == "agent"
    return is_reply and ticket["first_responded_at"] is None


def responded(now: datetime) -> dict[str, Any]:
    return {"first_responded_at": now}


def is_own(comment: Mapping[str, Any], user_id: UUID | None) -> bool:
    return bool(comment["author_kind"] == "agent" and comment["author_id"] == user_id)
