"""A round of a complaint: six steps, each open, done or skipped with a reason. Pure.

The first five go in any order. `sum_up` is the last: it is done or skipped when the others are, and
none of them is opened again before it is. So a round whose `sum_up` is not open has nothing open.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args
from uuid import UUID

from guanxi_tickets.complaints.step_names import StepName
from guanxi_tickets.errors import LoopIncomplete, StepNotNow

STEPS: Final[tuple[StepName, ...]] = get_args(StepName)
LAST: Final = "sum_up"
UNTOUCHED: Final[Mapping[str, Any]] = {
    "state": "open", "text": None, "reason": None, "figures": [], "by": None, "at": None,
}  # fmt: skip
Steps = Mapping[str, Mapping[str, Any]]


def untouched() -> dict[str, dict[str, Any]]:
    """The steps of a round that begins."""
    return {step: dict(UNTOUCHED) for step in STEPS}


def in_state(steps: Steps, state: str) -> list[str]:
    return [step for step in STEPS if steps[step]["state"] == state]


def columns_of(steps: Steps) -> dict[str, Any]:
    """What a round keeps of its steps."""
    states = {f"{state}_steps": in_state(steps, state) for state in ("open", "done", "skipped")}
    return {"steps": dict(steps), **states}


def completed(
    steps: Steps, step: StepName, *, text: str, figures: Sequence[Mapping[str, Any]],
    by: UUID | None, at: datetime,
) -> dict[str, Any]:  # fmt: skip
    return _ended(steps, step, by, at, state="done", text=text, figures=list(figures))


def skipped(
    steps: Steps, step: StepName, *, reason: str, by: UUID | None, at: datetime
) -> dict[str, Any]:
    return _ended(steps, step, by, at, state="skipped", reason=reason)


def reopened(steps: Steps, step: StepName) -> dict[str, Any]:
    """StepNotNow: it is open, or what was summed up stands on it. What it said stays in the log."""
    if steps[step]["state"] == "open":
        raise StepNotNow(f"{step} is open.", errors={"step": "It was neither done nor skipped."})
    if step != LAST and steps[LAST]["state"] != "open":
        raise StepNotNow(
            f"{LAST} is {steps[LAST]['state']}; open it again first.",
            errors={"step": f"Open {LAST} again first."},
        )
    return {**steps, step: dict(UNTOUCHED)}


def _ended(
    steps: Steps, step: StepName, by: UUID | None, at: datetime, **said: Any
) -> dict[str, Any]:
    """StepNotNow: it is over already, or others come before it."""
    if steps[step]["state"] != "open":
        raise StepNotNow(
            f"{step} is {steps[step]['state']} already.", errors={"step": "Open it again first."}
        )
    before = [each for each in in_state(steps, "open") if each != LAST]
    if step == LAST and before:
        raise StepNotNow(
            f"{LAST} is the last step; still open: {', '.join(before)}.",
            errors={"step": f"First these: {', '.join(before)}."},
        )
    shown_at = at.isoformat().replace("+00:00", "Z")
    return {**steps, step: {**UNTOUCHED, **said, "by": str(by) if by else None, "at": shown_at}}


def begins(before: Mapping[str, Any], *, is_over: bool) -> bool:
    """Whether a complaint begins another round: its last one is over, and it is not. One that was no
    complaint meanwhile goes on where it was."""
    return before["ended_at"] is not None and not is_over


def demand_loop(open_steps: Sequence[str], need: str) -> None:
    """LoopIncomplete names what is missing, where the organisation wants the loop closed."""
    if need == "yes" and open_steps:
        raise LoopIncomplete(
            f"The complaint's loop is not closed; open: {', '.join(open_steps)}.",
            errors={"status": f"Do or skip first: {', '.join(open_steps)}."},
            missing_steps=list(open_steps),
        )
