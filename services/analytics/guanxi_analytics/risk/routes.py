"""Risk over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.press import forms
from guanxi_analytics.press.answers import as_json, as_picture
from guanxi_analytics.risk.asked import FORMS, PARAMETERS, risk_asked
from guanxi_analytics.risk.picture_rules import risk_picture
from guanxi_analytics.risk.reading import read_risk
from guanxi_analytics.risk.schemas import Risks
from guanxi_shared import documents, parameters
from guanxi_shared.calls import begin

router = APIRouter(tags=["analytics"])


@router.get(
    "/v1/analytics/risk",
    **documents.operation(
        "list_risks",
        "What accounts owe, by currency and age, against their credit limits: those first of whom most is to be feared, with reasons",
        parameters=PARAMETERS,
        response_model=Risks,
        responses={**forms.contents(FORMS), **documents.problems()},
    ),
)
async def list_risks(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    sent = parameters.parameters_of(call, [each["name"] for each in PARAMETERS])
    form = forms.form_of(call, sent, FORMS, "json")
    found = await read_risk(call, risk_asked(sent))
    if form == "json":
        return as_json(found)
    currency, language = await forms.own_currency(call), await forms.language_of(call, sent)
    return await as_picture(call, risk_picture(found, currency, language, call.clock.zone), form)
