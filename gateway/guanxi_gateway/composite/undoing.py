"""Taking back what a request of a composite did, as long as nobody has touched the record since.

What was created is deleted, what was deleted is restored, and of what was changed the fields that the request
named get the values back that they had: under If-Match, for the version that this composite wrote, or a later
one that the suite itself made of it. Somebody else's edit is never written over.
"""

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from guanxi_gateway.composite.asking import Asking
from guanxi_gateway.composite.journal import Run, Step
from guanxi_gateway.peers import Answer

TRIES: Final = 5
FOREIGN: Final = "somebody has changed the record since"
ENDS: Final = (".deleted", ".erased")


async def undo(run: Run, index: int, asking: Asking, token: str) -> str | None:
    """None once it is taken back, or the reason why it stays. Repeatable: what was taken back stays so."""
    step = run.steps[index]
    if step.kind == "create":
        return await _delete(run, index, asking, token)
    if step.kind == "delete":
        return await _restore(run, index, asking, token)
    if step.kind == "change":
        return await _change_back(run, index, asking, token)
    return "this kind of request cannot be taken back"


async def _delete(run: Run, index: int, asking: Asking, token: str) -> str | None:
    step = run.steps[index]
    record = json.loads(step.answer)
    if step.status != 201:
        return None  # it was there already
    if not isinstance(record, dict) or "id" not in record:
        return "the answer told no id"
    made = _at(step, f"{urlsplit(step.target or '').path}/{record['id']}")
    for _ in range(TRIES):
        log = await asking.history(run, made, token)
        if log and log[0]["type"].endswith(ENDS):
            return None
        if _is_touched(run, log, since=0):
            return FOREIGN
        version = log[0]["version"] if log else record.get("version")
        answer = await _ask(run, index, asking, token, "DELETE", made, version=version)
        if answer.status == 404 and not log:
            return None
        if answer.status not in (404, 412):
            return None if answer.is_success else answer.sentence()
    return FOREIGN


async def _restore(run: Run, index: int, asking: Asking, token: str) -> str | None:
    step = run.steps[index]
    path = urlsplit(step.target or "").path
    answer = await _ask(run, index, asking, token, "POST", _at(step, f"{path}/restore"))
    if answer.is_success:
        return None
    there = await _ask(run, index, asking, token, "GET", _at(step, path))
    return None if there.status == 200 else answer.sentence()


async def _change_back(run: Run, index: int, asking: Asking, token: str) -> str | None:
    step = run.steps[index]
    named = json.loads(step.sent or "null")
    for _ in range(TRIES):
        log = await asking.history(run, step, token)
        ours = next((e for e in log if e["request_id"] == run.request_id(index)), None)
        if ours is None:
            return None  # it changed nothing
        if any(e["request_id"] == run.request_id(index, undo=True) for e in log):
            return None
        if log[0]["type"].endswith(ENDS):
            return "the record was deleted since"
        if _is_touched(run, log, since=ours["version"]):
            return FOREIGN
        wanted = former(ours["before"] or {}, ours["after"] or {}, ours["changed"], named)
        if not wanted:
            return None
        answer = await _ask(
            run, index, asking, token, "PATCH", step, version=log[0]["version"],
            body=json.dumps(wanted).encode(),
        )  # fmt: skip
        if answer.is_success:
            return _left(answer.json(), ours["before"] or {}, wanted)
        if answer.status != 412:
            return answer.sentence()
    return FOREIGN


def former(
    before: dict[str, Any], after: dict[str, Any], changed: Sequence[str], named: Any
) -> dict[str, Any]:
    """The merge patch that gives the fields, which a request named and changed, their former values."""
    fields = [name for name in changed if isinstance(named, dict) and name in named]
    return {name: _merge(before.get(name), after.get(name)) for name in fields}


def _merge(before: Any, after: Any) -> Any:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return before
    gone = dict.fromkeys(set(after) - set(before))
    return {**gone, **{key: _merge(value, after.get(key)) for key, value in before.items()}}


def _left(now: dict[str, Any], before: dict[str, Any], wanted: dict[str, Any]) -> str | None:
    differing = sorted(name for name in wanted if now.get(name) != before.get(name))
    return f"these fields did not come back: {', '.join(differing)}" if differing else None


def _is_touched(run: Run, log: Sequence[dict[str, Any]], *, since: int) -> bool:
    """Whether a person has changed the record after `since`; what the suite itself does after a change
    (clocks, standing) is nobody's edit."""
    return any(
        entry["version"] > since
        and entry["actor_kind"] == "user"
        and not (entry["request_id"] or "").startswith(run.own_requests)
        for entry in log
    )


async def _ask(
    run: Run, index: int, asking: Asking, token: str, method: str, step: Step, *,
    version: Any = None, body: bytes = b"",
) -> Answer:  # fmt: skip
    headers = {} if version is None else {"if-match": f'"{version}"'}
    if method == "POST":
        headers["idempotency-key"] = run.request_id(index, undo=True)
    return await asking.ask(
        run, step.service, method, step.target or "", authorization=token,
        request_id=run.request_id(index, undo=True), body=body, headers=headers,
        channel="composite-undo",
    )  # fmt: skip


def _at(step: Step, target: str) -> Step:
    return Step(step.method, target, None, None, None, step.kind, step.service, target=target)
