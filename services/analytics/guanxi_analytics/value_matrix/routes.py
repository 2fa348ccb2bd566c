"""The value matrix over HTTP, and its customers."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.charts.matrix_rules import matrix_picture
from guanxi_analytics.press import forms
from guanxi_analytics.press.answers import as_json, as_picture
from guanxi_analytics.value_matrix.asked import PARAMETERS, currency_of, customers_asked
from guanxi_analytics.value_matrix.reading import list_customers, read_matrices
from guanxi_analytics.value_matrix.schemas import MatrixCustomers, ValueMatrices
from guanxi_shared import documents, parameters
from guanxi_shared.calls import begin
from guanxi_shared.db import bound
from guanxi_shared.json_answers import json_response

FORMS = ("json", "svg", "png")
router = APIRouter(tags=["analytics"])
OWN = "SELECT currency FROM directory_state WHERE organisation_id = $2"


@router.get(
    "/v1/analytics/value-matrix",
    **documents.operation(
        "get_value_matrix",
        "Customers by what they bring and what they may bring: four quadrants and uncertain",
        parameters=[*PARAMETERS[:1], *forms.parameters(FORMS)],
        response_model=ValueMatrices,
        responses={**forms.contents(FORMS), **documents.problems()},
    ),
)
async def get_value_matrix(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    sent = parameters.parameters_of(call, ("currency", "format", "language"))
    form = forms.form_of(call, sent, FORMS, "json")
    found = await read_matrices(call, currency_of(sent))
    if form == "json":
        return as_json({"data": found})
    return await as_picture(call, matrix_picture(found, await forms.language_of(call, sent)), form)


@router.get(
    "/v1/analytics/customers",
    **documents.operation(
        "list_customers_by_value",
        "Customers with their quadrant, silence and value, those first with whom most is at risk",
        parameters=PARAMETERS,
        response_model=MatrixCustomers,
        responses=documents.problems(),
    ),
)
async def list_customers_by_value(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    asked = customers_asked(call)
    if asked.currency is None:
        own = await call.db.pool.fetchval(bound(OWN), str(call.organisation), call.organisation)
        asked = replace(asked, currency=own)
    return json_response(await list_customers(call, asked))
