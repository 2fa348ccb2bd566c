"""Whatever is said of steps in whatever order, a round stays one."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.complaints import round_rules
from guanxi_tickets.complaints.round_rules import LAST, STEPS, UNTOUCHED
from guanxi_tickets.complaints.step_names import StepName
from guanxi_tickets.errors import LoopIncomplete, StepNotNow

NOW, ME = datetime(2026, 11, 29, 9, tzinfo=UTC), UUID(int=7)
MOVES = st.lists(st.tuples(st.sampled_from(["do", "skip", "reopen"]), st.sampled_from(STEPS)))


def after(steps: Any, verb: str, step: StepName) -> Any:
    if verb == "do":
        return round_rules.completed(steps, step, text="so", figures=[], by=ME, at=NOW)
    if verb == "skip":
        return round_rules.skipped(steps, step, reason="why", by=ME, at=NOW)
    return round_rules.reopened(steps, step)


@given(MOVES)
def test_what_is_summed_up_stands_on_steps_that_are_over(moves: list[tuple[str, StepName]]) -> None:
    steps: Any = round_rules.untouched()
    for verb, step in moves:
        before = steps
        try:
            steps = after(steps, verb, step)
        except StepNotNow:
            steps = before
        changed = [each for each in STEPS if steps[each] != before[each]]
        assert changed in ([], [step])  # nothing but the step that is named
        kept = round_rules.columns_of(steps)
        parts = [kept[f"{state}_steps"] for state in ("open", "done", "skipped")]
        assert sorted(step for part in parts for step in part) == sorted(STEPS)
        if steps[LAST]["state"] != "open":
            assert kept["open_steps"] == []
        for each in steps.values():
            assert (each["state"] == "skipped") == (each["reason"] is not None)
            assert (each["state"] == "open") == (each == UNTOUCHED)


@given(MOVES)
def test_a_move_is_refused_exactly_where_it_makes_no_sense(
    moves: list[tuple[str, StepName]],
) -> None:
    steps: Any = round_rules.untouched()
    for verb, step in moves:
        is_open = steps[step]["state"] == "open"
        others = [s for s in STEPS if s != LAST and steps[s]["state"] == "open"]
        allowed = is_open if verb != "reopen" else not is_open
        if step == LAST and verb != "reopen":
            allowed = allowed and not others
        if step != LAST and verb == "reopen":
            allowed = allowed and steps[LAST]["state"] == "open"
        if allowed:
            steps = after(steps, verb, step)
        else:
            with pytest.raises(StepNotNow):
                after(steps, verb, step)


@given(st.lists(st.sampled_from(STEPS), unique=True), st.sampled_from(["no", "warn", "yes"]))
def test_an_open_loop_keeps_a_complaint_where_the_organisation_says_so(
    open_steps: list[str], need: str
) -> None:
    if need == "yes" and open_steps:
        with pytest.raises(LoopIncomplete) as refused:
            round_rules.demand_loop(open_steps, need)
        assert refused.value.extra == {"missing_steps": open_steps}
        assert all(step in refused.value.errors["status"] for step in open_steps)
    else:
        round_rules.demand_loop(open_steps, need)
