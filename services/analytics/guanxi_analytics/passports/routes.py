"""Models over HTTP: what each is worth, and a fit on request."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.fitting.fitting import KIND
from guanxi_analytics.passports.reading import ABOUT, read_passports
from guanxi_analytics.passports.schemas import Fit, Passport, Passports
from guanxi_analytics.sources.asking import ask_for_job
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.errors import Invalid, NotFound
from guanxi_shared.job_routes import JobRead
from guanxi_shared.json_answers import json_response
from guanxi_shared.writes import parse

router = APIRouter(tags=["analytics"])
LEAST_SUPPORT = 0.0005
NAMED = {
    "name": "name",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": list(ABOUT)},
}


@router.get(
    "/v1/analytics/models",
    **documents.operation(
        "list_models",
        "Each model's newest fit: what it predicts, its past error, whether it is used",
        response_model=Passports,
        responses=documents.problems(),
    ),
)
async def list_models(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    return json_response({"data": await read_passports(call)})


@router.get(
    "/v1/analytics/models/{name}",
    **documents.operation(
        "get_model",
        "A model's passport: its newest fit, and what it was worth on the past",
        parameters=[NAMED],
        response_model=Passport,
        responses=documents.problems(404),
    ),
)
async def get_model(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    name = request.path_params["name"]
    if name not in ABOUT:
        raise NotFound(f"There is no model of that name; there are: {', '.join(ABOUT)}.")
    found = await read_passports(call, name)
    if not found:
        raise NotFound("Nothing was fitted yet: POST /v1/analytics/models/fit.")
    return json_response(found[0])


@router.post(
    "/v1/analytics/models/fit",
    status_code=202,
    **documents.operation(
        "fit_models",
        "Fit all models now, as of the end of a day (today's, if absent); a job. The worker does so once a day",
        body=Fit,
        response_model=JobRead,
        responses=documents.problems(409, 413, 415, 422),
    ),
)
async def fit_models(request: Request) -> Response:
    call = await begin(request, "analytics:update")
    sent = parse(Fit, await call.body())
    if sent.until is not None and sent.until > call.clock.today:
        raise Invalid(
            "Nobody has bought yet on days to come.", errors={"until": "Send a day until today."}
        )
    return await ask_for_job(call, KIND, _params(sent))


def _params(sent: Fit) -> dict[str, str]:
    if (sent.support is None) != (sent.confidence is None):
        missing = "support" if sent.support is None else "confidence"
        raise Invalid("Rules take both thresholds.", errors={missing: "Send it too."})
    if sent.support is not None and float(sent.support) < LEAST_SUPPORT:
        raise Invalid(
            "That is too rare to be looked for.", errors={"support": f"Send {LEAST_SUPPORT} to 1."}
        )
    told = {"until": sent.until, "support": sent.support, "confidence": sent.confidence}
    return {name: str(value) for name, value in told.items() if value is not None}
