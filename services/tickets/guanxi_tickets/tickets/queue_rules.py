"""What follows for a ticket's place in a queue when its assignee, team or queue changes. Pure.

`queued_at` is since when it has been in its queue, or came to wait there again; `taken_at` is when
somebody got it. So the wait of one that was taken is taken_at - queued_at.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

OUT: Final[dict[str, Any]] = {"queue_id": None, "queued_at": None, "taken_at": None}


def placed(row: Mapping[str, Any], changes: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The changes with what follows from them. `row` is empty for a new ticket. A queue brings its team
    and, unless an assignee is named, nobody; another team alone takes it out of its queue."""
    result = dict(changes)
    before = {name: row.get(name) for name in ("queue_id", "team_id", "owner_id")}
    is_put = result.get("queue_id", before["queue_id"]) != before["queue_id"]
    is_elsewhere = result.get("team_id", before["team_id"]) != before["team_id"]
    if is_put and result["queue_id"] is not None:
        result.setdefault("owner_id", None)
        return result | _standing(result["owner_id"], now)
    if is_put or (is_elsewhere and before["queue_id"] is not None):
        return result | OUT
    owner = result.get("owner_id", before["owner_id"])
    if before["queue_id"] is not None and owner != before["owner_id"]:
        if owner is None:
            return result | _standing(None, now)
        if before["owner_id"] is None:
            return result | {"taken_at": now}
    return result


def _standing(owner: Any, now: datetime) -> dict[str, Any]:
    return {"queued_at": now, "taken_at": None if owner is None else now}
