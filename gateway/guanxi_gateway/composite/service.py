"""`POST /v1/composite`: several requests in one, each for itself or all or nothing."""

import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from guanxi_gateway.composite import journal
from guanxi_gateway.composite.asking import Unfinished, keep_answer
from guanxi_gateway.composite.checking import demand_all, steps_for
from guanxi_gateway.composite.errors import Erased
from guanxi_gateway.composite.errors import Unfinished as NotYet
from guanxi_gateway.composite.journal import LeaseLost, Run
from guanxi_gateway.composite.outcomes import outcome
from guanxi_gateway.composite.running import Hands, go_on
from guanxi_gateway.composite.schemas import CompositeRequest
from guanxi_gateway.identity.grants import Holder, access_token, grant_for
from guanxi_gateway.identity.identity import Identity
from guanxi_gateway.identity.tokens import Grant
from guanxi_shared.calls import Call
from guanxi_shared.db import Database
from guanxi_shared.errors import Conflict, Forbidden, Invalid
from guanxi_shared.http import remaining
from guanxi_shared.idempotency import Answer, claim_of
from guanxi_shared.identifiers import new_id

LONGEST: Final = 25.0
RESERVE: Final = 1.0  # of the deadline, for the answer itself
NO_KEY: Final = b""


def until_of_call() -> float:
    left = remaining()
    return time.monotonic() + (LONGEST if left is None else max(min(LONGEST, left - RESERVE), 0.5))


async def perform_composite(
    call: Call, hands: Hands, data: CompositeRequest, raw: bytes
) -> tuple[Answer, bool]:
    """The answer, and whether it is one that was given before."""
    run = new_run(call, hands, data)
    claim = claim_of(call, raw)
    if claim is not None and (before := await _before(call, hands, claim.key, claim.fingerprint)):
        return before, True
    until = until_of_call()
    if run.all_or_nothing and (refused := await _checked(call, hands, run, until)):
        return refused, False
    run.key = None if claim is None else claim.key
    fingerprint = NO_KEY if claim is None else claim.fingerprint
    if await journal.claim(call.db, run, fingerprint=fingerprint, seconds=hands.lease_seconds):
        return await finish(hands, run, until), False
    assert claim is not None
    before = await _before(call, hands, claim.key, claim.fingerprint)
    if before is None:
        raise still_running()
    return before, True


def new_run(call: Call, hands: Hands, data: CompositeRequest) -> Run:
    by = call.by
    if by.user_id is None or by.session_id is None:
        raise Forbidden("A composite is asked for by a person or a key.")
    steps = steps_for(data.requests, all_or_nothing=data.all_or_nothing, known=hands.peers)
    scopes = None if by.scopes is None else sorted(by.scopes)
    return Run(
        call.organisation, new_id(), by.user_id, by.session_id, scopes, data.all_or_nothing, steps,
        key=None, lease=new_id(), authorization=call.request.headers["authorization"],
    )  # fmt: skip


async def _before(call: Call, hands: Hands, key: str, fingerprint: bytes) -> Answer | None:
    """What this key was answered; one whose process died is gone on with here. None for a new key."""
    assert call.by.user_id is not None
    row = await journal.known(call.db, call.organisation, call.by.user_id, key)
    if row is None:
        return None
    if row["fingerprint"] != fingerprint:
        raise Invalid(
            "This Idempotency-Key was used with another request; use a new key.",
            code="idempotency_key_reused",
        )
    if row["state"] != "ended":
        run = await journal.take(call.db, call.organisation, row["id"], hands.lease_seconds)
        if run is None:
            raise still_running()
        return await finish(hands, run, until_of_call())
    if row["answer"] is None:
        raise Erased
    return answer_of(row["status"], row["answer"])


async def _checked(call: Call, hands: Hands, run: Run, until: float) -> Answer | None:
    """The refusal of what is seen to fail before anything was done."""
    try:
        refused = await demand_all(hands, run, call.by, until)
    except Unfinished as away:
        raise NotYet(f"The {away} service is away; nothing was done.") from away
    for index, answer in refused.items():
        step = run.steps[index]
        keep_answer(step, answer)
        step.status = {200: 412}.get(answer.status, answer.status)
        step.state = "refused"
    if not refused:
        return None
    run.state = "undoing"
    return outcome(run)


async def finish(hands: Hands, run: Run, until: float) -> Answer:
    """Go on with it to its end; 503 while a service is away, and the journal remembers."""
    try:
        await go_on(hands, run, until)
        found = outcome(run)
        await journal.end(hands.database, run, found.status, found.body.decode())
    except Unfinished as away:
        await journal.leave(hands.database, run)
        raise NotYet(
            f"The {away} service is away. What is left is done as soon as it is back; ask again with the "
            "same Idempotency-Key for the outcome.",
            headers={"Retry-After": "2"},
        ) from away
    except LeaseLost as lost:
        raise still_running() from lost
    return found


def answer_of(status: int, text: str) -> Answer:
    kind = "application/json" if status == 200 else "application/problem+json"
    return Answer(status, text.encode(), {"content-type": kind})


def still_running() -> Conflict:
    return Conflict(
        "A composite with this Idempotency-Key is still running; ask again in a moment.",
        code="still_running",
        headers={"Retry-After": "1"},
    )


async def callers_token(database: Database, identity: Identity, run: Run) -> str:
    """In the name of whoever asked, with what they may do by now. Unauthenticated when they are gone."""
    holder = Holder(run.organisation_id, run.user_id, run.session_id, run.scopes)
    async with database.transaction(run.organisation_id) as connection:
        grant = await grant_for(connection, holder)
    return "Bearer " + await access_token(identity, grant, now=datetime.now(UTC))


async def undoing_token(identity: Identity, run: Run) -> str:
    """For taking back what was done: that takes rights which whoever did it need not have. It goes to the
    services alone and never out of the house."""
    grant = Grant(
        user_id=run.user_id, organisation_id=run.organisation_id, session_id=run.session_id,
        role="composite", permissions=("*:*",), visibility={"*": "all"},
    )  # fmt: skip
    return "Bearer " + await access_token(identity, grant, now=datetime.now(UTC))


async def resume_composites(hands: Hands, most: int = 16) -> int:
    """Go on with composites whose process died or gave up; how many were looked at."""
    found: list[tuple[UUID, UUID]] = await journal.due(hands.database, most)
    for organisation_id, id in found:
        run = await journal.take(hands.database, organisation_id, id, hands.lease_seconds)
        if run is not None:
            await _resumed(hands, run)
    return len(found)


async def _resumed(hands: Hands, run: Run) -> None:
    try:
        await finish(hands, run, time.monotonic() + hands.lease_seconds * 0.4)
    except (NotYet, Conflict):
        return
