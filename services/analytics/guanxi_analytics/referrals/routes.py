"""Referrals over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.periods import PERIOD, period_of
from guanxi_analytics.press import forms
from guanxi_analytics.press.answers import as_json, as_picture
from guanxi_analytics.referrals.picture_rules import referrals_picture
from guanxi_analytics.referrals.reading import Asked, read_referrals
from guanxi_analytics.referrals.schemas import Referrals
from guanxi_analytics.value_matrix.asked import limit_of
from guanxi_shared import documents, parameters
from guanxi_shared.calls import begin

FORMS = ("json", "svg", "png")
router = APIRouter(tags=["analytics"])
PARAMETERS = [
    *PERIOD,
    documents.query_parameter("as_of", "string", "As it was known at a past moment."),
    documents.query_parameter("limit", "integer", "1 to 200 referrers, 50 if absent", minimum=1, maximum=200),
    *forms.parameters(FORMS),
]  # fmt: skip


@router.get(
    "/v1/analytics/referrals",
    **documents.operation(
        "get_referrals",
        "How many new accounts came by others, what they bought, and who brought most, through chains too",
        parameters=PARAMETERS,
        response_model=Referrals,
        responses={**forms.contents(FORMS), **documents.problems()},
    ),
)
async def get_referrals(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    names = ("from", "until", "as_of", "limit", "format", "language")
    sent = parameters.parameters_of(call, names)
    form = forms.form_of(call, sent, FORMS, "json")
    first, until = period_of(call, sent)
    asked = Asked(first, until, sent.get("as_of"), limit_of(sent.get("limit")))
    found = await read_referrals(call, asked)
    if form == "json":
        return as_json(found)
    language = await forms.language_of(call, sent)
    return await as_picture(call, referrals_picture(found, language, call.clock.zone), form)
