"""Policies over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_tickets.sla_policies import service
from guanxi_tickets.sla_policies.resources import POLICIES
from guanxi_tickets.sla_policies.schemas import PolicyCreate, PolicyUpdate

router = APIRouter(tags=["service levels"])
PATH = "/v1/sla-policies"
ONE = PATH + "/{sla_policy_id}"


@router.get(PATH, **documents.lists(POLICIES))
async def list_sla_policies(request: Request) -> Response:
    return await reads.list_records(await begin(request, "sla-policies:read"), POLICIES)


@router.get(ONE, **documents.gets(POLICIES))
async def get_sla_policy(request: Request) -> Response:
    call = await begin(request, "sla-policies:read")
    sla_policy_id = request.path_params["sla_policy_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, POLICIES, sla_policy_id, moment)
    return await reads.get_record(call, POLICIES, sla_policy_id)


@router.post(PATH, **documents.creates(POLICIES, PolicyCreate))
async def create_sla_policy(request: Request) -> Response:
    call = await begin(request, "sla-policies:create")
    return await writes.create(call, POLICIES, PolicyCreate, service.create_policy, path=PATH)


@router.patch(ONE, **documents.updates(POLICIES, PolicyUpdate))
async def update_sla_policy(request: Request) -> Response:
    call = await begin(request, "sla-policies:update")
    sla_policy_id = id_in_path(request.path_params["sla_policy_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        PolicyUpdate,
        lambda connection, data: service.update_policy(
            call, connection, sla_policy_id, data, version
        ),
    )


@router.delete(ONE, **documents.acts(POLICIES, "delete", "Put a policy away", takes_key=False))
async def delete_sla_policy(request: Request) -> Response:
    call = await begin(request, "sla-policies:delete")
    sla_policy_id = id_in_path(request.path_params["sla_policy_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_policy(call, connection, sla_policy_id, version)
    )


@router.get(ONE + "/history", **documents.histories(POLICIES))
async def get_sla_policy_history(request: Request) -> Response:
    call = await begin(request, "sla-policies:read")
    return await history.get_history(call, POLICIES, request.path_params["sla_policy_id"])
