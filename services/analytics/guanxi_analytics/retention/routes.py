"""What retention is worth, over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.churn.asked import number_of
from guanxi_analytics.retention.reading import read_retention
from guanxi_analytics.retention.schemas import Retention
from guanxi_analytics.retention.worth_rules import Terms
from guanxi_analytics.value_matrix.asked import currency_of
from guanxi_shared import documents, parameters
from guanxi_shared.calls import begin
from guanxi_shared.errors import Malformed
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["analytics"])
COSTS = ("acquisition_cost", "retention_cost")
PARAMETERS = [
    documents.query_parameter("until", "string", "The last day of this year; today, if absent."),
    documents.query_parameter("as_of", "string", "As it was known at a past moment."),
    documents.query_parameter("currency", "string", "Only this one; ISO 4217."),
    documents.query_parameter("discount", "number", "Of a year; 0.1 if absent."),
    documents.query_parameter("points", "number", "Of retention more; 0.05 if absent."),
    *(
        documents.query_parameter(name, "number", "Of one customer, where it is known, in `currency`.")
        for name in COSTS
    ),
]  # fmt: skip


@router.get(
    "/v1/analytics/retention",
    **documents.operation(
        "get_retention",
        "How many of last year's customers bought again, what that is worth, and what went with those who did not",
        parameters=PARAMETERS,
        response_model=Retention,
        responses=documents.problems(),
    ),
)
async def get_retention(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    names = ("until", "as_of", "currency", "discount", "points", *COSTS)
    sent = parameters.parameters_of(call, names)
    currency = currency_of(sent)
    for name in COSTS:
        if name in sent and currency is None:
            raise Malformed("A cost is in a currency.", errors={name: "Send currency too."})
    costs = [number_of(sent, name, 0, least=0, most=1e12) if name in sent else None for name in COSTS]  # fmt: skip
    terms = Terms(
        number_of(sent, "discount", 0.1, least=0.001, most=1), number_of(sent, "points", 0.05, least=0, most=1),
        *costs,
    )  # fmt: skip
    until = parameters.day_of(call, sent, "until", call.clock.today)
    assert until is not None
    found = await read_retention(call, until, sent.get("as_of"), currency, terms)
    return json_response(found)
