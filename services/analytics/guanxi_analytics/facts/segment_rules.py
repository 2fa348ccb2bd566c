"""What a segment of accounts says of itself, and a member of one: one piece each."""

from collections.abc import Mapping
from typing import Any

from guanxi_analytics.facts.ids import id_of, maybe_id_of
from guanxi_analytics.facts.walking_rules import Pieces


def segment_of(state: Mapping[str, Any]) -> Pieces:
    """Nothing of one of contacts: what is measured is of accounts."""
    if state["resource"] != "accounts":
        return {}
    return {
        id_of(state["id"]): {
            "name": state["name"], "segment_kind": state["kind"], "shared_with": state["shared_with"],
            "owner_id": maybe_id_of(state["owner_id"]), "team_id": maybe_id_of(state["shared_team_id"]),
        }
    }  # fmt: skip


def membership_of(state: Mapping[str, Any]) -> Pieces:
    return {id_of(state["id"]): {n: id_of(state[n]) for n in ("segment_id", "account_id")}}
