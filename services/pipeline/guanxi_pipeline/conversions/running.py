"""A conversion on its way: account, person, then the rest here; or everything taken back.

Every step can be repeated: contacts is given ids that were chosen before, and answers a repeated create
with what is there. Whoever is interrupted leaves a row that the worker, or the same request, takes up.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_pipeline.clients import contacts_client
from guanxi_pipeline.conversions import kept
from guanxi_pipeline.conversions.kept import Kept
from guanxi_pipeline.conversions.making import complete
from guanxi_pipeline.conversions.rules import Answered, answered, refusal
from guanxi_shared.calls import Call
from guanxi_shared.errors import Problem, Unavailable, Upstream
from guanxi_shared.http import ServiceClient, within
from guanxi_shared.refusals import ABOUT_THE_DATA, problem_of

RUN_SECONDS: Final = 45.0  # for all calls of one run; shorter than kept.LEASE
PARTS: Final = (("account", "accounts"), ("contact", "contacts"))


async def run_conversion(call: Call, found: Kept, *, token: str | None) -> None:
    """As far as it gets now. `token` is the caller's; without one (the worker) the service itself
    asks contacts, for what the caller was allowed when it was kept."""
    client = contacts_client(call.house)
    try:
        with within(RUN_SECONDS):
            if found["status"] == "pending" and not await _go_on(call, client, found, token):
                return
            if found["status"] == "undoing":
                await _take_back(call, client, found)
    finally:
        await kept.leave(call.db, call.organisation, found)


async def _go_on(call: Call, client: ServiceClient | None, found: Kept, token: str | None) -> bool:
    """False when it waits or has ended; True when it is to be taken back."""
    for part, resource in PARTS:
        if found[f"new_{part}"] is None:
            continue
        step = await _make(
            call, client, found, part, f"/v1/{resource}", found[f"new_{part}"], token
        )
        if step.outcome != "made":
            return await _stop(call, found, step)
    for consent in found["new_consents"] or ():
        path = f"/v1/contacts/{found['contact_id']}/consents"
        step = await _make(call, client, found, "consents", path, consent, token)
        if step.outcome != "made":
            return await _stop(call, found, step)
    try:
        await complete(call, found["id"])
    except (Problem, *ABOUT_THE_DATA) as error:
        problem = problem_of(error)
        if problem.status >= 500:
            raise
        said = refusal(problem.status, problem.as_dict(), part="lead")
        return await _refuse(call, found, said)
    return False


async def _stop(call: Call, found: Kept, step: Answered) -> bool:
    return step.outcome == "refused" and await _refuse(call, found, step.problem)


async def _refuse(call: Call, found: Kept, problem: Mapping[str, Any]) -> bool:
    await kept.begin_undoing(call.db, call.organisation, found["id"], problem)
    found |= {"status": "undoing", "problem": dict(problem)}
    return True


async def _make(
    call: Call, client: ServiceClient | None, found: Kept, part: str, path: str,
    sent: Mapping[str, Any], token: str | None,
) -> Answered:  # fmt: skip
    if client is None:
        return Answered("away")
    try:
        response = await client.request(
            "POST", path, json=sent, token=token, organisation_id=call.organisation,
            idempotency_key=f"lead conversion {found['id']} {part} {sent['id']}",
            headers={"x-guanxi-channel": "conversion"},
        )  # fmt: skip
    except (Unavailable, Upstream):
        return Answered("away")
    return answered(response.status_code, _problem(response.content), part=part)


async def _take_back(call: Call, client: ServiceClient | None, found: Kept) -> None:
    """What may have been made is deleted, the person first; only what this conversion chose the id
    of, and by the service itself: it undoes its own."""
    for part, resource in reversed(PARTS):
        if found[f"new_{part}"] is None:
            continue
        if client is None or not await _is_gone(call, client, resource, found[f"{part}_id"]):
            return
    await kept.end_refused(call.db, call.organisation, found)
    found["status"] = "refused"


async def _is_gone(call: Call, client: ServiceClient, resource: str, id: UUID) -> bool:
    try:
        response = await client.request(
            "DELETE", f"/v1/{resource}/{id}", organisation_id=call.organisation,
            headers={"x-guanxi-channel": "conversion"},
        )  # fmt: skip
    except (Unavailable, Upstream):
        return False
    return response.is_success or response.status_code in (404, 410)  # never made, or erased since


def _problem(body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
