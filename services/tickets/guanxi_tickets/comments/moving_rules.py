"""Where a reply or a note is when it comes to another ticket: it stays what it was. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

PLACE: Final = ("ticket_id", "written_on_id", "joined_at", "owner_id", "team_id")
KEPT: Final = PLACE[:3]  # owner and team follow from the ticket


def placed(comment: Mapping[str, Any], ticket: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Its columns on that ticket. Where it was written it is at home again, as if it had never left."""
    home = comment["written_on_id"] or comment["ticket_id"]
    is_home = home == ticket["id"]
    return {
        "ticket_id": ticket["id"], "written_on_id": None if is_home else home,
        "joined_at": None if is_home else now, "owner_id": ticket["owner_id"],
        "team_id": ticket["team_id"],
    }  # fmt: skip


def is_reply_of_agent(comment: Mapping[str, Any]) -> bool:
    """What a first response is made of."""
    return bool(comment["visibility"] == "public" and comment["author_kind"] == "agent")
