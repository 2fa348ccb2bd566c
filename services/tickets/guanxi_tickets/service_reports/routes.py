"""Reports over tickets over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.json_answers import json_response
from guanxi_tickets.service_reports.asked import parameters
from guanxi_tickets.service_reports.reading import read_backlog, read_promised, read_solved
from guanxi_tickets.service_reports.schemas import BacklogReport, PromisedReport, SolvedReport

router = APIRouter(tags=["tickets"])
PATH = "/v1/tickets/reports"


@router.get(
    PATH + "/backlog",
    **documents.operation(
        "get_ticket_backlog",
        "What is not solved: how many, how old, whose, what is late; each with its search document",
        parameters=parameters(period=None),
        response_model=BacklogReport,
        responses=documents.problems(),
    ),
)
async def get_ticket_backlog(request: Request) -> Response:
    return json_response(await read_backlog(await begin(request, "tickets:read")))


@router.get(
    PATH + "/solved",
    **documents.operation(
        "get_tickets_solved",
        "What was solved: first response, resolution, what came back, what was promised and kept",
        parameters=parameters(period="solved_at"),
        response_model=SolvedReport,
        responses=documents.problems(),
    ),
)
async def get_tickets_solved(request: Request) -> Response:
    return json_response(await read_solved(await begin(request, "tickets:read")))


@router.get(
    PATH + "/service-levels",
    **documents.operation(
        "get_ticket_service_levels",
        "How promises to the tickets made in a period are kept so far: first response, breaches, attainment by clock",
        parameters=parameters(period="created_at"),
        response_model=PromisedReport,
        responses=documents.problems(),
    ),
)
async def get_ticket_service_levels(request: Request) -> Response:
    return json_response(await read_promised(await begin(request, "tickets:read")))
