"""What a territory says of itself, and an account that is in one: one piece each."""

from collections.abc import Mapping
from typing import Any

from guanxi_analytics.facts.ids import id_of, maybe_id_of
from guanxi_analytics.facts.walking_rules import Pieces


def territory_of(state: Mapping[str, Any]) -> Pieces:
    owned = {name: maybe_id_of(state[name]) for name in ("owner_id", "team_id")}
    return {id_of(state["id"]): {"name": state["name"], **owned}}


def assignment_of(state: Mapping[str, Any]) -> Pieces:
    return {id_of(state["id"]): {n: id_of(state[n]) for n in ("territory_id", "account_id")}}
