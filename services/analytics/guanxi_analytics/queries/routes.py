"""Queries over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.queries.answering import answer
from guanxi_analytics.queries.asked import Query, asked_of
from guanxi_analytics.queries.cubes import CUBES
from guanxi_analytics.queries.dimensions import DIMENSIONS, PERIODS, many_valued
from guanxi_analytics.queries.fields import fields_of_cube
from guanxi_analytics.queries.measures import MEASURES, Measure
from guanxi_analytics.queries.records import FactSearch, search_facts
from guanxi_analytics.queries.schemas import Catalogue, Facts, QueryAnswer
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.errors import NotFound
from guanxi_shared.json_answers import json_response
from guanxi_shared.writes import parse

router = APIRouter(tags=["analytics"])
CUBE = {
    "name": "cube", "in": "path", "required": True, "schema": {"type": "string", "enum": list(CUBES)},
}  # fmt: skip


@router.get(
    "/v1/analytics/measures",
    **documents.operation(
        "list_measures",
        "What can be asked for, by what it is told apart, and which filters each kind of facts takes",
        response_model=Catalogue,
        responses=documents.problems(),
    ),
)
async def list_measures(request: Request) -> Response:
    await begin(request, "analytics:read")
    many = many_valued(DIMENSIONS)
    return json_response(
        {
            "measures": [
                {
                    "name": m.name, "labels": m.labels, "unit": m.unit, "cube": m.cube,
                    "permission": CUBES[m.cube].permission,
                    "dimensions": _dimensions_of(m),
                }
                for m in MEASURES.values()
            ],
            "dimensions": [
                {"name": name, "labels": labels, "is_many_valued": name in many}
                for name, labels in (*PERIODS.items(), *((d.name, d.labels) for d in DIMENSIONS.values()))
            ],
            "filters": {name: sorted(fields_of_cube(name)) for name in CUBES},
        }
    )  # fmt: skip


@router.post(
    "/v1/analytics/query",
    **documents.operation(
        "query_analytics",
        "Measures by dimensions over filtered facts, compared, as of any moment, each cell with its records",
        body=Query,
        response_model=QueryAnswer,
        responses=documents.problems(413, 415, 422),
    ),
)
async def query_analytics(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    sent = parse(Query, await call.body())
    return json_response(await answer(call, asked_of(call, sent)))


@router.post(
    "/v1/analytics/facts/{cube}/search",
    **documents.operation(
        "search_facts",
        "The rows that figures are summed from, as they are known or were at a moment",
        parameters=[CUBE],
        body=FactSearch,
        response_model=Facts,
        responses=documents.problems(404, 413, 415, 422),
    ),
)
async def search_cube(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    cube = CUBES.get(request.path_params["cube"])
    if cube is None:
        raise NotFound(f"There are no facts of that name; there are: {', '.join(CUBES)}.")
    return json_response(await search_facts(call, cube, parse(FactSearch, await call.body())))


def _dimensions_of(measure: Measure) -> list[str]:
    """Those that every cube has which it is made of."""
    cubes = [CUBES[name] for name in measure.cubes]
    return [
        *(name for name in PERIODS if all(name in cube.buckets for cube in cubes)),
        *(d.name for d in DIMENSIONS.values() if all(d.column(cube) is not None for cube in cubes)),
    ]
