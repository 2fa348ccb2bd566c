"""Risk over HTTP."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.press import forms
from guanxi_analytics.press.beside import press_of
from guanxi_analytics.risk.asked import FORMS, PARAMETERS, risk_asked
from guanxi_analytics.risk.picture_rules import risk_picture
from guanxi_analytics.risk.reading import read_risk
from guanxi_analytics.risk.schemas import Risks
from guanxi_shared import documents, parameters
from guanxi_shared.calls import begin
from guanxi_shared.json_answers import JSON_OPTIONS

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
    form, language = forms.form_of(call, sent, FORMS, "json"), await forms.language_of(call, sent)
    found = await read_risk(call, risk_asked(sent))
    if form == "json":
        body = orjson.dumps(found, option=JSON_OPTIONS)
        return Response(body, media_type="application/json", headers={"vary": "Accept"})
    drawn = risk_picture(found, await forms.own_currency(call), language, call.clock.zone)
    body = await press_of(call.house).make("chart", {"picture": drawn, "format": form})
    return Response(body, media_type=forms.TYPES[form], headers={"vary": "Accept"})
