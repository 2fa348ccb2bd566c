"""A composite, one request after the other; each is in the journal before it is sent."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from guanxi_gateway.composite import journal
from guanxi_gateway.composite.asking import Asking, Unfinished, keep_answer, keep_problem
from guanxi_gateway.composite.errors import FailedDependency
from guanxi_gateway.composite.journal import Run, Step
from guanxi_gateway.composite.reference_rules import Missing, filled, filled_url, names_in
from guanxi_gateway.composite.undoing import undo
from guanxi_gateway.composite.url_rules import NotTaken, record_of, service_of
from guanxi_gateway.peers import Answer
from guanxi_gateway.upstream import Upstream
from guanxi_shared.db import Database
from guanxi_shared.errors import Late, Unauthenticated

TRIES = 3  # of a change that others are quicker than, where the caller named no version

# A token in the name of whoever asked, and one that may undo whatever they did.
Token = Callable[[Run], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Hands:
    """What running a composite takes."""

    database: Database
    peers: Mapping[str, Upstream]
    callers_token: Token
    undoing_token: Token
    lease_seconds: float

    def asking(self, until: float) -> Asking:
        return Asking(self.peers, self.lease_seconds * 0.4, until)


async def go_on(hands: Hands, run: Run, until: float) -> None:
    """Do what is left of it, or take back what was done. Unfinished when that takes longer than `until`:
    the journal then says where to go on."""
    asking = hands.asking(until)
    if run.state == "running":
        await _forward(hands, run, asking)
    if run.state == "undoing":
        await _back(hands, run, asking)


async def _forward(hands: Hands, run: Run, asking: Asking) -> None:
    for index, step in enumerate(run.steps):
        try:
            await _one(hands, run, index, asking)
        except Unfinished:
            if run.all_or_nothing or run.key is not None:
                raise
            _fail(step, Late("The service did not answer in time; it may have been done."))
        if run.all_or_nothing and (run.is_orphaned or step.state in ("refused", "failed")):
            run.state = "undoing"
            await journal.keep(hands.database, run, hands.lease_seconds)
            return


async def _one(hands: Hands, run: Run, index: int, asking: Asking) -> None:
    step = run.steps[index]
    try:
        if step.state == "waiting":
            await _prepare(hands, run, index, asking)
        if step.state == "sent":
            await _settle(hands, run, index, asking)
    except Unauthenticated as gone:
        _fail(step, gone)


async def _prepare(hands: Hands, run: Run, index: int, asking: Asking) -> None:
    """Fill in the references and find out for which version it is sent; then into the journal with it."""
    step = run.steps[index]
    try:
        _fill(run, index)
    except (Missing, NotTaken) as error:
        return _fail(step, FailedDependency(str(error), errors={_place(index): str(error)}))
    if step.kind in ("change", "delete") and step.if_match is None:
        await _base(hands, run, index, asking)
    elif step.if_match is not None:
        step.base = step.if_match.strip('"')
    if step.state == "waiting":
        step.state = "sent"
        if step.kind != "read":
            await journal.keep(hands.database, run, hands.lease_seconds)
    return None


def _fill(run: Run, index: int) -> None:
    step = run.steps[index]
    answers = _answers(run, index)
    for name, text in (*names_in(step.url), *names_in(step.body)):
        failed = _failed(run, name)
        if failed is not None:
            raise Missing(f"`{text}`: requests[{failed}] ({name}) was not done")
    step.target = filled_url(step.url, answers)
    if service_of(step.target) != step.service:
        raise NotTaken("With its references filled in the address is another service's.")
    if step.kind in ("change", "delete") and record_of(step.target) is None:
        raise NotTaken("With its references filled in the address names no record.")
    body = filled(step.body, answers)
    step.sent = None if body is None else json.dumps(body)


def _answers(run: Run, index: int) -> dict[str, Any]:
    named = {
        name for name, _ in (*names_in(run.steps[index].url), *names_in(run.steps[index].body))
    }
    return {
        step.reference_id: json.loads(step.answer)
        for step in run.steps[:index]
        if step.reference_id in named and step.state == "done"
    }


def _failed(run: Run, name: str) -> int | None:
    for index, step in enumerate(run.steps):
        if step.reference_id == name:
            return None if step.state == "done" else index
    return None


async def _base(hands: Hands, run: Run, index: int, asking: Asking) -> None:
    """The version that a change is made to, so that it is made once and can be taken back."""
    step = run.steps[index]
    answer = await _asked(hands, run, index, asking, method="GET", body=b"", headers={})
    if answer.status == 200:
        step.base = answer.headers.get("etag", "").strip('"') or None
        return
    keep_answer(step, answer)
    step.status = 404 if answer.status < 400 else answer.status  # merged into another: read it anew
    step.state = "refused"


async def _settle(hands: Hands, run: Run, index: int, asking: Asking) -> None:
    step = run.steps[index]
    for number in range(TRIES):
        headers = {"if-match": f'"{step.base}"'} if step.base is not None else {}
        if step.method == "POST":
            headers["idempotency-key"] = run.request_id(index)
        body = b"" if step.sent is None else step.sent.encode()
        answer = await _asked(
            hands, run, index, asking, method=step.method, body=body, headers=headers
        )
        made = await _made_before(hands, run, index, asking, answer)
        if made is not None:
            answer = made
        is_outrun = answer.status == 412 and step.if_match is None and step.base is not None
        if not is_outrun or number == TRIES - 1:
            break
        await _base(hands, run, index, asking)
        if step.state != "sent":
            return
        await journal.keep(hands.database, run, hands.lease_seconds)
    keep_answer(step, answer)
    step.state = "refused" if step.is_refused else "done"
    return


async def _made_before(
    hands: Hands, run: Run, index: int, asking: Asking, answer: Answer
) -> Answer | None:
    """A change or a deletion that is refused because it was made already: at a try whose answer was lost.
    The record's history says so by the request's id."""
    step = run.steps[index]
    if step.kind not in ("change", "delete") or answer.status not in (404, 412):
        return None
    token = await hands.undoing_token(run)
    for entry in await asking.history(run, step, token):
        if entry["request_id"] == run.request_id(index):
            body = json.dumps(entry["after"] or entry["before"]).encode()
            return Answer(200, {"etag": f'"{entry["version"]}"'}, body)
    return None


async def _asked(
    hands: Hands, run: Run, index: int, asking: Asking, *, method: str, body: bytes,
    headers: Mapping[str, str],
) -> Answer:  # fmt: skip
    step = run.steps[index]
    if run.authorization is None:
        try:
            run.authorization = await hands.callers_token(run)
        except Unauthenticated:
            if not run.all_or_nothing or step.state != "sent":
                raise
            # It may have been done: find out, then take back all of it.
            run.authorization, run.is_orphaned = await hands.undoing_token(run), True
    return await asking.ask(
        run, step.service, method, step.target or step.url, authorization=run.authorization,
        request_id=run.request_id(index), body=body, headers=headers,
    )  # fmt: skip


async def _back(hands: Hands, run: Run, asking: Asking) -> None:
    """The last first: what was made is deleted before what it belongs to."""
    token = await hands.undoing_token(run)
    for index in reversed(range(len(run.steps))):
        step = run.steps[index]
        if step.state != "done" or step.kind == "read":
            continue
        step.why = await undo(run, index, asking, token)
        step.state = "undone" if step.why is None else "kept"
        await journal.keep(hands.database, run, hands.lease_seconds)


def _fail(step: Step, problem: Any) -> None:
    keep_problem(step, problem)
    step.state = "failed"


def _place(index: int) -> str:
    return f"requests[{index}]"
