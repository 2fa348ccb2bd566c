"""What a quota says of itself: one piece."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.facts.walking_rules import Pieces
from guanxi_shared.heard import id_of, maybe_id_of

NAMED: Final = ("owner_id", "team_id", "pipeline_id", "product_id")


def quota_of(state: Mapping[str, Any]) -> Pieces:
    amount = state["amount"]
    return {
        id_of(state["id"]): {name: maybe_id_of(state[name]) for name in NAMED} | {
            "period": state["period"], "starts_on": date.fromisoformat(state["starts_on"]),
            "amount": Decimal(amount["amount"]), "currency": amount["currency"],
        }
    }  # fmt: skip
