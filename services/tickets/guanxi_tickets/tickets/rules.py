"""What a ticket's fields become when they are written. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from guanxi_tickets.ticket_settings.rules import RANKS, Ways

# What a ticket is found by, beside the names of account and requester.
FOUND_BY: Final = frozenset({"subject", "description", "external_id", "account_id", "requester_id"})
ASSIGNED: Final = frozenset({"owner_id", "team_id"})
# Another place is told as an assignment.
PLACE: Final = ASSIGNED | {"queue_id"}
NOT_STORED: Final = frozenset({"id", "status", "priority", "assignee_id", "custom"})


def columns_from(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Stored columns of what is sent; status, priority and custom fields are decided elsewhere."""
    columns = {name: value for name, value in sent.items() if name not in NOT_STORED}
    if "assignee_id" in sent:
        columns["owner_id"] = sent["assignee_id"]
    for name in ("follower_ids", "related_ids"):
        if name in columns:
            columns[name] = list(dict.fromkeys(columns[name]))
    return columns


def priority_of(ways: Ways, row: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The priority that is said, else that of the table; a null gives it back to the table."""
    whole = {**row, **sent}
    given = sent["priority"] if "priority" in sent else _kept(row)
    priority = given or ways.priority(whole["impact"], whole["urgency"])
    source = "table" if given is None else "given"
    return {
        "priority": priority, "priority_rank": RANKS[priority], "priority_source": source,
    }  # fmt: skip


def _kept(row: Mapping[str, Any]) -> str | None:
    return row["priority"] if row.get("priority_source") == "given" else None


def asks_for_priority(sent: Mapping[str, Any]) -> bool:
    """A table that was changed since rewrites no ticket that nobody touches."""
    return not sent.keys().isdisjoint({"impact", "urgency", "priority"})
