"""What a composite answers, from what became of its requests."""

import json
from collections.abc import Sequence
from typing import Any

from guanxi_gateway.composite.errors import Kept, NotTried, PartlyUndone, Refused, Undone
from guanxi_gateway.composite.journal import Run, Step
from guanxi_shared.errors import PROBLEM_TYPE, Problem
from guanxi_shared.idempotency import Answer


def outcome(run: Run) -> Answer:
    """200 with every answer, or the problem of the request that was refused with all the others' beside."""
    if run.state == "undoing":
        return _refusal(run)
    body = {
        "outcome": "done" if run.all_or_nothing else "answered",
        "responses": [_response(step) for step in run.steps],
    }
    return Answer(200, json.dumps(body).encode())


def _refusal(run: Run) -> Answer:
    kept = [index for index, step in enumerate(run.steps) if step.state == "kept"]
    more: dict[str, Any] = {
        "outcome": "partly_undone" if kept else "nothing",
        "responses": [_response_undone(step) for step in run.steps],
    }
    errors = _errors(run.steps)
    if kept:
        errors |= {
            f"requests[{index}]": f"Not taken back: {run.steps[index].why}." for index in kept
        }
        places = ", ".join(f"requests[{index}]" for index in kept)
        detail = f"{_sentence(run.steps)} Not taken back: {places}."
        problem: Problem = PartlyUndone(detail, errors=errors, **more)
    else:
        problem = Refused(f"{_sentence(run.steps)} Nothing was kept.", errors=errors, **more)
    return Answer(problem.status, _dumped(problem), {"content-type": PROBLEM_TYPE})


def _dumped(problem: Problem) -> bytes:
    return json.dumps(problem.as_dict()).encode()


def _response(step: Step) -> dict[str, Any]:
    return {
        "reference_id": step.reference_id, "status": step.status, "headers": step.headers,
        "body": json.loads(step.answer),
    }  # fmt: skip


def _response_undone(step: Step) -> dict[str, Any]:
    if step.state in ("refused", "failed") or (step.kind == "read" and step.state == "done"):
        return _response(step)
    problem: Problem = NotTried()
    if step.state == "undone":
        problem = Undone()
    elif step.state == "kept":
        problem = Kept(f"It stays: {step.why}.", record=json.loads(step.answer))
    return {
        "reference_id": step.reference_id, "status": problem.status, "headers": {},
        "body": problem.as_dict(),
    }  # fmt: skip


def _sentence(steps: Sequence[Step]) -> str:
    for index, step in enumerate(steps):
        if step.state in ("refused", "failed"):
            return f"requests[{index}] was refused: {_detail(step)}"
    return "Whoever asked for this may do nothing any more."


def _errors(steps: Sequence[Step]) -> dict[str, str]:
    """The refused request's own errors, under `requests[i].body.…`."""
    for index, step in enumerate(steps):
        if step.state not in ("refused", "failed"):
            continue
        body = json.loads(step.answer)
        own = body.get("errors") if isinstance(body, dict) else None
        fields = own if isinstance(own, dict) else {}
        place = f"requests[{index}]"
        if step.state == "failed" or not fields:
            return {place: _detail(step)}
        return {f"{place}.body.{field}": str(text) for field, text in fields.items()}
    return {}


def _detail(step: Step) -> str:
    body = json.loads(step.answer)
    return (
        str(body.get("detail") or body.get("title"))
        if isinstance(body, dict)
        else f"{step.status}."
    )
