"""What a round of a complaint, a corrective action and a root cause say of themselves: one piece each."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from guanxi_analytics.facts.walking_rules import Pieces
from guanxi_shared.heard import id_of, maybe_id_of


def round_of(state: Mapping[str, Any]) -> Pieces:
    """Steps as how many: which they are stays with tickets, and what was written to them."""
    steps = {f"{name}_steps": len(state[f"{name}_steps"]) for name in ("done", "skipped", "open")}
    return {
        id_of(state["id"]): steps | {
            "ticket_id": id_of(state["ticket_id"]), "number": state["number"],
            "opened_at": _moment(state["started_at"]), "closed_at": _instant(state["ended_at"]),
            "root_cause_id": maybe_id_of(state["root_cause_id"]),
        }
    }  # fmt: skip


def action_of(state: Mapping[str, Any]) -> Pieces:
    due = state["due_on"]
    return {
        id_of(state["id"]): {
            "ticket_id": id_of(state["ticket_id"]), "round_id": id_of(state["round_id"]),
            "responsible_id": maybe_id_of(state["responsible_id"]), "status": state["status"],
            "effect": state["effect"], "due_on": None if due is None else date.fromisoformat(due),
            "planned_at": _moment(state["created_at"]), "done_at": _instant(state["done_at"]),
        }
    }  # fmt: skip


def cause_of(state: Mapping[str, Any]) -> Pieces:
    ids = {name: maybe_id_of(state[name]) for name in ("parent_id", "merged_into_id")}
    return {
        id_of(state["id"]): ids | {"name": state["name"], "is_active": bool(state["is_active"])}
    }


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _instant(value: Any) -> datetime | None:
    return None if value is None else _moment(value)
