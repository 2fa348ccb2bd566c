"""Organisations over HTTP: making one is the operator's, changing one's own an admin's."""

from fastapi import APIRouter
from starlette.requests import Request

from guanxi_gateway.identity.actors import actor_of
from guanxi_gateway.identity.directory import announce
from guanxi_gateway.identity.organisations import service
from guanxi_gateway.identity.organisations.schemas import (
    OrganisationCreate,
    OrganisationMade,
    OrganisationRead,
    OrganisationUpdate,
)
from guanxi_shared import documents, writes
from guanxi_shared.calls import MAX_JSON_BYTES, Actor, begin, begin_internal, house, read_body

router = APIRouter(tags=["organisation"])


@router.post(
    "/v1/organisations",
    status_code=201,
    operation_id="create_organisation",
    summary="A new organisation with its first admin; needs a service token, or the setup token",
    responses=documents.problems(409, 413, 422),
    openapi_extra=documents.body_of(OrganisationCreate)
    | {
        "parameters": [
            {
                "name": "X-Setup-Token",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "GUANXI_SETUP_TOKEN; good for the very first organisation alone.",
            }
        ],
        "security": [{"bearer": []}, {}],
    },
)
async def create_organisation(request: Request) -> OrganisationMade:
    here = house(request)
    first = "authorization" not in request.headers
    if first:
        await service.demand_setup_token(here, request.headers.get("x-setup-token"))
        actor = actor_of(request, None, kind="setup")
    else:
        by = await begin_internal(request)
        actor = Actor(None, "service", by.name)
    data = writes.parse(OrganisationCreate, await read_body(request, MAX_JSON_BYTES))
    made = await service.create_organisation(here, data, actor=actor, first=first)
    await announce(here, made["id"])
    return OrganisationMade.model_validate(made)


@router.get(
    "/v1/organisation",
    operation_id="get_organisation",
    summary="One's own organisation",
    responses=documents.problems(),
)
async def get_organisation(request: Request) -> OrganisationRead:
    call = await begin(request, None)
    found = await service.get_organisation(call.house, call.organisation)
    return OrganisationRead.model_validate(found)


@router.patch(
    "/v1/organisation",
    operation_id="update_organisation",
    summary="Change name, time zone, currency, region or rate limit",
    responses=documents.problems(413, 415, 422),
    openapi_extra=documents.body_of(OrganisationUpdate),
)
async def update_organisation(request: Request) -> OrganisationRead:
    call = await begin(request, "organisation:update")
    data = writes.parse(OrganisationUpdate, await call.body())
    async with call.db.transaction(call.organisation) as connection:
        state = await service.update_organisation(
            connection, call.organisation, data, actor=call.actor
        )
    await announce(call.house, call.organisation)
    return OrganisationRead.model_validate(state)
