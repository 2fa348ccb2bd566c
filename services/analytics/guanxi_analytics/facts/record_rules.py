"""What a deal, a ticket, a survey's answer and an account say of themselves: one piece each."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.facts.ids import id_of, maybe_id_of
from guanxi_analytics.facts.walking_rules import Pieces
from guanxi_shared.kano import KANO

OVER: Final = frozenset({"met", "breached"})
OF_ACCOUNT: Final = (
    "kind", "industry", "region", "source", "grade", "lifecycle_stage", "relationship_level", "needs_tier",
)  # fmt: skip


def deal_of(state: Mapping[str, Any]) -> Pieces:
    amount = state["amount"] or {}
    return {
        id_of(state["id"]): _ids(state, "account_id", "campaign_id", "pipeline_id", "stage_id") | {
            "status": state["status"], "opened_on": _opened_on(state),
            "closed_at": _instant(state["closed_at"]), "currency": amount.get("currency"),
            "amount": Decimal(amount["amount"]) if amount else None,
            "probability": _decimal(state["probability"]), "source": state["source"],
            "reason": state["reason"],
        }
    }  # fmt: skip


def _opened_on(state: Mapping[str, Any]) -> date:
    """When selling began; of a deal that does not say, the day on which it was written down."""
    said = state["opened_on"]
    return date.fromisoformat(said) if said is not None else _moment(state["created_at"]).date()


def ticket_of(state: Mapping[str, Any]) -> Pieces:
    ids = _ids(state, "account_id", "requester_id", "product_id", "queue_id")
    return {
        id_of(state["id"]): ids | {
            "owner_id": maybe_id_of(state["assignee_id"]), "kind": state["kind"],
            "priority": state["priority"], "status_kind": state["status_kind"],
            "channel": state["channel"], "opened_at": _instant(state["created_at"]),
            "first_responded_at": _instant(state["first_responded_at"]),
            "solved_at": _instant(state["solved_at"]), "reopened_count": state["reopened_count"],
            "is_met": kept(state["sla"]),
        }
    }  # fmt: skip


def kept(sla: Mapping[str, Any] | None) -> bool | None:
    """Whether every clock that is over was met, and none that runs was ever late; null before any is."""
    if sla is None:
        return None
    if sla["breached"]:
        return False
    states = {clock["state"] for clock in sla["clocks"]} & OVER
    return None if not states else states == {"met"}


def answer_of(state: Mapping[str, Any]) -> Pieces:
    told = {
        key: value
        for key, value in sorted((state["answers"] or {}).items())
        if (isinstance(value, int) and not isinstance(value, bool)) or value in KANO
    }
    return {
        id_of(state["id"]): {
            "survey_id": id_of(state["survey_id"]), "kind": state["kind"],
            "ticket_id": maybe_id_of(state["ticket_id"]), "account_id": maybe_id_of(state["account_id"]),
            "score": state["score"], "figures": json.dumps(told), "answered_at": _instant(state["answered_at"]),
            "owner_id": maybe_id_of(state["assignee_id"]), "team_id": maybe_id_of(state["team_id"]),
        }
    }  # fmt: skip


def account_of(state: Mapping[str, Any]) -> Pieces:
    ids = _ids(state, "parent_id", "referred_by_id")
    shown = {name: state.get(name) for name in OF_ACCOUNT} | place_of(state.get("addresses") or ())
    limit = state.get("credit_limit") or {}
    return {
        id_of(state["id"]): ids | shown | {
            "name": state.get("name") or "", "created_at": _instant(state.get("created_at")),
            "credit_limit": _decimal(limit.get("amount")), "credit_limit_currency": limit.get("currency"),
        }
    }  # fmt: skip


def place_of(addresses: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """Where an account is: at its office, else at the first of its addresses, as somebody wrote it."""
    offices = [each for each in addresses if each.get("kind") == "office"]
    place = next(iter((*offices, *addresses)), {})
    return {
        "country": place.get("country"),
        "province": place.get("state"),
        "city": place.get("city"),
    }


def _ids(state: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: maybe_id_of(state.get(name)) for name in (*names, "owner_id", "team_id")}


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _instant(value: Any) -> datetime | None:
    return None if value is None else _moment(value)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
