"""What a campaign says of itself: a piece of its own and one for each line of its costs. A member is one piece."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from guanxi_analytics.facts.ids import id_of, maybe_id_of
from guanxi_analytics.facts.walking_rules import Pieces


def campaign_of(state: Mapping[str, Any]) -> Pieces:
    starts, ends = _day(state["starts_on"]), _day(state["ends_on"])
    common = {
        "name": state["name"], "campaign_kind": state["kind"], "channel": state["channel"],
        "status": state["status"], "starts_on": starts, "ends_on": ends,
        "owner_id": maybe_id_of(state["owner_id"]), "team_id": maybe_id_of(state["team_id"]),
    }  # fmt: skip
    begun = starts or _moment(state["created_at"]).date()
    pieces = {
        id_of(state["id"]): common | {"line": "campaign", "valid_on": begun} | _paid(state["budget"])
    }  # fmt: skip
    for line in state["costs"]:
        day = date.fromisoformat(line["on"])
        pieces[id_of(line["id"])] = common | {"line": "cost", "valid_on": day} | _paid(line["amount"])  # fmt: skip
    return pieces


def member_of(state: Mapping[str, Any]) -> Pieces:
    sent, responded = (_instant(state[name]) for name in ("sent_at", "responded_at"))
    told = {name: state[name] for name in ("member_type", "member_group", "is_by_lot", "status")}
    ids = {name: maybe_id_of(state[name]) for name in ("campaign_id", "member_id", "account_id")}
    times = {"sent_at": sent, "responded_at": responded}
    addressed = sent or _moment(state["created_at"])
    return {id_of(state["id"]): told | ids | times | {"addressed_at": addressed}}


def _paid(money: Mapping[str, Any] | None) -> dict[str, Any]:
    if money is None:
        return {"amount": None, "currency": None}
    return {"amount": Decimal(money["amount"]), "currency": money["currency"]}


def _day(value: Any) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _instant(value: Any) -> datetime | None:
    return None if value is None else _moment(value)
