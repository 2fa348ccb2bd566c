"""`/v1/composite` over HTTP."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.composite.rates import cost_of
from guanxi_gateway.composite.running import Hands
from guanxi_gateway.composite.schemas import CompositeAnswer, CompositeRequest
from guanxi_gateway.composite.service import callers_token, perform_composite, undoing_token
from guanxi_gateway.identity.identity import identity
from guanxi_gateway.settings import GatewaySettings
from guanxi_gateway.upstream import Upstream
from guanxi_shared.calls import House, begin
from guanxi_shared.documents import IDEMPOTENCY_KEY, answers, body_of
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.writes import parse

Pay = Callable[[bytes, int], Awaitable[None]]
DESCRIPTION: Final = """
Up to 25 requests, done one after the other in the order in which they stand. `{{name.id}}`, in an address or a
text of a body, is the field of an earlier answer whose `reference_id` is `name` (`{{name.items.0.id}}` reaches
deeper, `{{{{` writes two braces). Addresses are the services' JSON records under `/v1`.

Without `all_or_nothing` each request stands alone; one that builds on a request that failed is 424.

With it: what can be told before (form, permissions, that records to change or delete are there, at the version
named) is checked first. Then each request is done and journalled. If one is refused, what was done is taken back,
the last first: created records are deleted, deleted ones restored, changed fields get their former values. Until then others can see it, and the
feed and the history tell both. A record that somebody else has changed in between is never written over: it
stays, and the answer is 409 with `outcome` `partly_undone` and the reason. A service or a gateway that dies is
waited for, and the composite then goes on (503 `composite_unfinished` meanwhile): so it is everything or nothing
once all are back. A request that cannot be taken back may only be a POST at the very end.
"""


def hands_of(house: House, peers: Mapping[str, Upstream], lease_seconds: float) -> Hands:
    return Hands(
        house.db, peers, partial(callers_token, house.db, identity(house)),
        partial(undoing_token, identity(house)), lease_seconds,
    )  # fmt: skip


def composite_router(
    house: House, peers: Mapping[str, Upstream], settings: GatewaySettings, pay: Pay
) -> APIRouter:
    router = APIRouter(tags=["composite"])
    hands = hands_of(house, peers, settings.composite_lease_seconds)

    @router.post(
        "/v1/composite",
        operation_id="perform_composite",
        summary="Several requests in one round trip, each for itself or all or nothing",
        description=DESCRIPTION,
        response_class=Response,
        responses=answers(200, {"model": CompositeAnswer}, refused=(409, 410, 413, 415, 422)),
        openapi_extra={"parameters": [IDEMPOTENCY_KEY], **body_of(CompositeRequest)},
    )
    async def post_composite(request: Request) -> Response:
        call = await begin(request, None)
        raw = await call.body()
        try:
            data = parse(CompositeRequest, raw)
        except Invalid as problem:
            raise placed(problem) from problem
        await pay(request.headers["authorization"].encode(), cost_of(data.requests))
        answer, is_replayed = await perform_composite(call, hands, data, raw)
        return answer.response(replayed=is_replayed)

    return router


def placed(problem: Invalid) -> Problem:
    """Places as people write them: `requests[3].url` for `requests.3.url`."""
    errors = {}
    for field, sentence in problem.errors.items():
        first, *rest = field.split(".")
        if rest and rest[0].isdecimal():
            first, rest = f"{first}[{rest[0]}]", rest[1:]
        errors[".".join((first, *rest))] = sentence
    field, sentence = next(iter(errors.items()))
    return Invalid(f"{field}: {sentence}", errors=errors, violations=problem.violations)
