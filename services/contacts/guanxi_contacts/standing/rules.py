"""How an account may move: needs are met from the bottom up, a lifecycle has its order.

Grade and relationship level are judgements and move freely. A first needs tier is an assessment and
may be any; from then on it rises a tier at a time and falls as far as it must (Maslow 1943: a need
asks for its turn when the one below is met).
"""

from collections.abc import Mapping
from typing import Any, get_args

from guanxi_contacts.errors import StageNotReachable, TierSkipped
from guanxi_contacts.values import Grade, LifecycleStage, NeedsTier, RelationshipLevel

TIERS: tuple[str, ...] = get_args(NeedsTier)
STAGES: tuple[str, ...] = get_args(LifecycleStage)
VALUES: Mapping[str, tuple[str, ...]] = {
    "grade": get_args(Grade),
    "lifecycle_stage": STAGES,
    "relationship_level": get_args(RelationshipLevel),
    "needs_tier": TIERS,
}
DIMENSIONS = tuple(VALUES)

# What a stage is reached from. An account is a prospect until somebody says otherwise, so a prospect
# may turn out to be a customer of any kind; a lost one comes back by being won back.
CUSTOMERS = frozenset({"new", "active", "loyal", "at_risk", "won_back"})
REACHED_FROM: Mapping[str, frozenset[str]] = {
    "prospect": frozenset({"new", "lost"}),
    "new": frozenset({"prospect"}),
    "active": CUSTOMERS | {"prospect"},
    "loyal": CUSTOMERS | {"prospect"},
    "at_risk": CUSTOMERS | {"prospect"},
    "lost": CUSTOMERS | {"prospect"},
    "won_back": frozenset({"lost"}),
}


def demand_moves(before: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """StageNotReachable or TierSkipped when the changed columns move an account as it may not."""
    stage, tier = changes.get("lifecycle_stage"), changes.get("needs_tier")
    if stage is not None:
        _demand_stage(before["lifecycle_stage"], stage)
    if tier is not None:
        _demand_tier(before["needs_tier"], tier)


def _demand_stage(before: str, after: str) -> None:
    if before == after or before in REACHED_FROM[after]:
        return
    ways = " or ".join(sorted(REACHED_FROM[after], key=STAGES.index))
    sentence = f"{after} is reached from {ways}, not from {before}."
    raise StageNotReachable(
        f"An account that is {before} cannot become {after}: {sentence}",
        errors={"lifecycle_stage": sentence},
    )


def _demand_tier(before: str | None, after: str) -> None:
    if before is None or TIERS.index(after) <= TIERS.index(before) + 1:
        return
    missing = TIERS[TIERS.index(before) + 1 : TIERS.index(after)]
    named = " and ".join(missing)
    verb = "is" if len(missing) == 1 else "are"
    raise TierSkipped(
        f"Needs are met from the bottom up: {named} {verb} not met yet, so {after} cannot be.",
        errors={"needs_tier": f"Reach {named} before {after}."},
        missing=list(missing),
    )


def met_tiers(tier: str | None) -> list[dict[str, Any]]:
    """The five tiers from the bottom up; those up to the present one count as met."""
    height = -1 if tier is None else TIERS.index(tier)
    return [{"tier": each, "is_met": index <= height} for index, each in enumerate(TIERS)]


def reachable(dimension: str, before: str | None) -> list[str]:
    """Where the dimension may move from here, in its own order."""
    return [to for to in VALUES[dimension] if to != before and _may_move(dimension, before, to)]


def _may_move(dimension: str, before: str | None, to: str) -> bool:
    try:
        demand_moves({dimension: before}, {dimension: to})
    except (StageNotReachable, TierSkipped):
        return False
    return True
