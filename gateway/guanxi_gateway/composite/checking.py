"""What is found out about a composite before anything of it is done."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from guanxi_gateway.composite.journal import Run, Step
from guanxi_gateway.composite.reference_rules import Unreadable, names_in
from guanxi_gateway.composite.running import Hands
from guanxi_gateway.composite.schemas import InnerRequest
from guanxi_gateway.composite.url_rules import (
    NotTaken,
    kind_of,
    permission_of,
    record_of,
    service_of,
)
from guanxi_gateway.identity.permission_rules import RESOURCES
from guanxi_gateway.peers import Answer
from guanxi_shared.auth import Principal
from guanxi_shared.errors import Invalid

Errors = dict[str, str]
NO_BODY = frozenset({"GET", "DELETE"})


def steps_for(
    requests: Sequence[InnerRequest], *, all_or_nothing: bool, known: Mapping[str, object]
) -> list[Step]:
    """The requests as steps. Invalid names each field that is not acceptable as `requests[i].…`."""
    errors: Errors = {}
    steps, earlier = [], set[str]()
    for index, request in enumerate(requests):
        place = f"requests[{index}]"
        errors |= _references(place, request, earlier)
        step = _step(place, request, errors, known)
        if step is not None:
            steps.append(step)
            is_last = index == len(requests) - 1
            if all_or_nothing and step.kind == "act" and not (is_last and step.method == "POST"):
                errors[f"{place}.url"] = NOT_UNDOABLE
        if request.reference_id is not None:
            earlier.add(request.reference_id)
    if errors:
        field, sentence = next(iter(errors.items()))
        raise Invalid(f"{field}: {sentence}", errors=errors)
    return steps


NOT_UNDOABLE = (
    "This cannot be taken back, and all or nothing takes only what can: creating, changing and deleting "
    "records, reads, and one other POST as the very last request."
)


def _step(
    place: str, request: InnerRequest, errors: Errors, known: Mapping[str, object]
) -> Step | None:
    try:
        service = service_of(request.url)
    except NotTaken as error:
        errors.setdefault(f"{place}.url", str(error))
        return None
    if service not in known:
        errors[f"{place}.url"] = f"The {service} service is not part of this installation."
        return None
    kind = kind_of(request.method, request.url)
    if request.body is not None and request.method in NO_BODY:
        errors[f"{place}.body"] = f"{request.method} takes no body."
    if request.if_match is not None and kind not in ("change", "delete"):
        errors[f"{place}.if_match"] = "Only a PATCH or DELETE of one record takes a version."
    if kind in ("change", "delete") and "{{" not in request.url and record_of(request.url) is None:
        errors[f"{place}.url"] = "The record's id must be a UUID."
    return Step(
        request.method,
        request.url,
        request.body,
        request.reference_id,
        request.if_match,
        kind,
        service,
    )


def _references(place: str, request: InnerRequest, earlier: set[str]) -> Errors:
    errors: Errors = {}
    if request.reference_id in earlier:
        errors[f"{place}.reference_id"] = "Another request has this reference_id."
    for field, value in (("url", request.url), ("body", request.body)):
        try:
            unknown = [text for name, text in names_in(value) if name not in earlier]
        except Unreadable as error:
            errors[f"{place}.{field}"] = f"{error}; write {{{{{{{{ for two braces."
            continue
        if unknown:
            errors[f"{place}.{field}"] = f"{unknown[0]} names no earlier request's reference_id."
    return errors


async def demand_all(hands: Hands, run: Run, by: Principal, until: float) -> dict[int, Answer]:
    """What is refused before anything is done: Forbidden for what the caller may not do at all; the answers
    about records that are not there, or not at the version that was named, by the request's place."""
    for step in run.steps:
        permission = permission_of(step.kind, step.url)
        if permission is not None and permission.partition(":")[0] in RESOURCES:
            by.demand(permission)
    targets = [
        (index, step)
        for index, step in enumerate(run.steps)
        if step.kind in ("change", "delete") and "{{" not in step.url
    ]
    found = await asyncio.gather(*(_look(hands, run, index, until) for index, _ in targets))
    return {
        index: answer
        for (index, step), answer in zip(targets, found, strict=True)
        if answer.status != 200 or _is_older(run, step, answer)
    }


async def _look(hands: Hands, run: Run, index: int, until: float) -> Answer:
    step = run.steps[index]
    path = step.url.partition("?")[0]
    return await hands.asking(min(until, time.monotonic() + hands.lease_seconds)).ask(
        run, step.service, "GET", path, authorization=run.authorization,
        request_id=run.request_id(index),
    )  # fmt: skip


def _is_older(run: Run, step: Step, answer: Answer) -> bool:
    """A record that the composite itself changes before is at another version by then."""
    named = [other for other in run.steps if other.url == step.url and other.kind != "read"]
    if step.if_match is None or named[0] is not step:
        return False
    return answer.headers.get("etag", "").strip('"') != step.if_match.strip('"')
