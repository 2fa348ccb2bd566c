"""The moves there are: every pair of stages and tiers, and any walk through them."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_contacts import models
from guanxi_contacts.errors import StageNotReachable, TierSkipped
from guanxi_contacts.models import accounts
from guanxi_contacts.standing.rules import (
    STAGES,
    TIERS,
    VALUES,
    demand_moves,
    met_tiers,
    reachable,
)

TIER = st.sampled_from(TIERS)
MAYBE_TIER = st.none() | TIER


def moves(dimension: str, before: str | None, after: str | None) -> bool:
    try:
        demand_moves({dimension: before}, {dimension: after})
    except (StageNotReachable, TierSkipped):
        return False
    return True


def test_the_rules_know_the_values_that_are_stored() -> None:
    assert VALUES == {
        "grade": accounts.GRADES,
        "lifecycle_stage": accounts.LIFECYCLE_STAGES,
        "relationship_level": accounts.RELATIONSHIP_LEVELS,
        "needs_tier": accounts.NEEDS_TIERS,
    }
    assert tuple(VALUES) == models.standing.STANDING_DIMENSIONS


@pytest.mark.parametrize(
    ("before", "allowed"),
    [
        ("prospect", "new active loyal at_risk lost"),
        ("new", "prospect active loyal at_risk lost"),
        ("active", "loyal at_risk lost"),
        ("loyal", "active at_risk lost"),
        ("at_risk", "active loyal lost"),
        ("lost", "prospect won_back"),
        ("won_back", "active loyal at_risk lost"),
    ],
)
def test_where_each_stage_leads(before: str, allowed: str) -> None:
    assert [to for to in STAGES if to != before and moves("lifecycle_stage", before, to)] == (
        allowed.split()
    )
    assert reachable("lifecycle_stage", before) == allowed.split()
    assert moves("lifecycle_stage", before, before)


@given(MAYBE_TIER, TIER)
def test_a_tier_is_reached_when_all_below_it_are_met(before: str | None, after: str) -> None:
    """Without a tier before, the first one is an assessment of its own."""
    met = {state["tier"] for state in met_tiers(before) if state["is_met"]}
    below = set(TIERS[: TIERS.index(after)])
    assert moves("needs_tier", before, after) == (before is None or below <= met)


@given(TIER, TIER)
def test_a_refused_rise_names_exactly_the_tiers_between(before: str, after: str) -> None:
    missing = list(TIERS[TIERS.index(before) + 1 : TIERS.index(after)])
    if not missing:
        return demand_moves({"needs_tier": before}, {"needs_tier": after})
    with pytest.raises(TierSkipped) as refused:
        demand_moves({"needs_tier": before}, {"needs_tier": after})
    assert refused.value.extra["missing"] == missing
    assert all(tier in refused.value.detail for tier in missing)
    return None


@given(st.lists(TIER, max_size=30))
def test_whatever_is_tried_the_met_tiers_are_always_the_lowest_ones(tried: list[str]) -> None:
    present: str | None = None
    for tier in tried:
        if moves("needs_tier", present, tier):
            present = tier
        flags = [state["is_met"] for state in met_tiers(present)]
        assert flags == sorted(flags, reverse=True)
        assert reachable("needs_tier", present) == [
            to for to in TIERS if to != present and moves("needs_tier", present, to)
        ]


@given(st.lists(st.sampled_from(STAGES), max_size=30))
def test_nobody_is_won_back_who_was_not_lost_and_new_only_once_in_a_while(tried: list[str]) -> None:
    walk = ["prospect"]
    for stage in tried:
        if stage != walk[-1] and moves("lifecycle_stage", walk[-1], stage):
            walk.append(stage)
    for before, after in pairwise(walk):
        assert after != "won_back" or before == "lost"
        assert after != "new" or before == "prospect"
        assert before != "lost" or after in ("prospect", "won_back")


@given(st.sampled_from(["grade", "relationship_level"]), st.data())
def test_judgements_move_freely(dimension: str, data: Any) -> None:
    value = st.none() | st.sampled_from(VALUES[dimension])
    assert moves(dimension, data.draw(value), data.draw(value))
