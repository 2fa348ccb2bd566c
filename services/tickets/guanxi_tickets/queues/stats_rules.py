"""What is counted of a queue's tickets, each as the filter document that finds them. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from guanxi_tickets.ticket_settings.rules import ENDING, RANKS

Document = list[dict[str, Any]]
CLOCKS: Final = ("first_response", "next_response", "update", "resolution", "promise")
PERIODS: Final[Mapping[str, timedelta]] = {
    "last_hour": timedelta(hours=1),
    "last_day": timedelta(hours=24),
}
MOMENTS: Final[Mapping[str, str]] = {
    "arrivals": "queued_at",
    "taken": "taken_at",
    "solved": "solved_at",
}


def documents_of(queue_id: UUID, at: datetime) -> dict[str, Document]:
    """By name: `waiting`, `undone`, `undone.urgent` … , `breached`, `due_within_an_hour`, and of each period
    what came, what somebody got, what was solved. Instants are fixed: the same rows later on."""
    undone = {
        "undone": [],
        "waiting": [_where("assignee_id", "is_null", True)],
        "breached": [_where("sla_breached", "in", list(CLOCKS))],
        "due_within_an_hour": [
            _where("sla_due_at", "gte", _text(at)),
            _where("sla_due_at", "lt", _text(at + timedelta(hours=1))),
        ],
        **{f"undone.{name}": [_where("priority", "eq", name)] for name in RANKS},
    }
    found = {
        name: _of_queue(queue_id, _where("status_kind", "nin", sorted(ENDING)), *more)
        for name, more in undone.items()
    }
    for period, length in PERIODS.items():
        for name, column in MOMENTS.items():
            since = _where(column, "gte", _text(at - length))
            found[f"{period}.{name}"] = _of_queue(queue_id, since)
    return found


def assigned_document(queue_id: UUID, user_id: UUID) -> Document:
    """What is still to be done of the queue's tickets that somebody has."""
    return _of_queue(
        queue_id, _where("assignee_id", "eq", str(user_id)),
        _where("status_kind", "nin", sorted(ENDING)),
    )  # fmt: skip


def _of_queue(queue_id: UUID, *more: Mapping[str, Any]) -> Document:
    return [{"filters": [_where("queue_id", "eq", str(queue_id)), *more]}]


def _where(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
