"""What a distributor's month says of itself: one piece each."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.facts.walking_rules import Pieces
from guanxi_shared.heard import id_of, maybe_id_of

NAMED: Final = ("account_id", "product_id", "owner_id", "team_id")
QUANTITIES: Final = ("opening", "bought", "sold", "adjusted", "closing")


def stock_of(state: Mapping[str, Any]) -> Pieces:
    counted = {name: Decimal(str(state[name])) for name in QUANTITIES}
    return {
        id_of(state["id"]): {name: maybe_id_of(state[name]) for name in NAMED} | counted | {
            "sku": state["sku"], "month": date.fromisoformat(state["month"]),
        }
    }  # fmt: skip
