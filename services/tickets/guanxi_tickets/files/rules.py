"""Which file of a ticket goes with which reply or note, and who takes one away. Pure."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID


def why_not_sent(
    file: Mapping[str, Any] | None, comment: Mapping[str, Any], *, by: str, user_id: UUID | None
) -> str | None:
    """Why a file cannot go with a new reply or note, None if it can. `by` is who sends it: an agent, the user,
    sends what they put there; a requester what was put there for them."""
    if file is None or file["deleted_at"] is not None or file["ticket_id"] != comment["ticket_id"]:
        return f"There is no such {comment['visibility']} file on this ticket."
    if file["comment_id"] is not None:
        return "It was sent with another one already."
    is_own = file["author_kind"] == by and (by == "requester" or file["author_id"] == user_id)
    return None if is_own else "Somebody else put it there; only they send it."
