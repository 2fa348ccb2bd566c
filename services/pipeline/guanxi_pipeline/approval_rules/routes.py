"""Approval rules over HTTP: read by whoever reads quotes, written by admins."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.approval_rules import service
from guanxi_pipeline.approval_rules.resources import APPROVAL_RULES
from guanxi_pipeline.approval_rules.schemas import ApprovalRuleCreate, ApprovalRuleUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["quotes"])
PATH = "/v1/quotes/approval-rules"
ONE = PATH + "/{approval_rule_id}"
WRITES = "organisation:update"


@router.get(PATH, **documents.lists(APPROVAL_RULES))
async def list_approval_rules(request: Request) -> Response:
    return await reads.list_records(await begin(request, "quotes:read"), APPROVAL_RULES)


@router.get(ONE, **documents.gets(APPROVAL_RULES))
async def get_approval_rule(request: Request) -> Response:
    call = await begin(request, "quotes:read")
    approval_rule_id = request.path_params["approval_rule_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, APPROVAL_RULES, approval_rule_id, moment)
    return await reads.get_record(call, APPROVAL_RULES, approval_rule_id)


@router.post(PATH, **documents.creates(APPROVAL_RULES, ApprovalRuleCreate))
async def create_approval_rule(request: Request) -> Response:
    call = await begin(request, WRITES)
    return await writes.create(
        call, APPROVAL_RULES, ApprovalRuleCreate, service.create_approval_rule, path=PATH
    )


@router.patch(ONE, **documents.updates(APPROVAL_RULES, ApprovalRuleUpdate))
async def update_approval_rule(request: Request) -> Response:
    call = await begin(request, WRITES)
    approval_rule_id = id_in_path(request.path_params["approval_rule_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        ApprovalRuleUpdate,
        lambda connection, data: service.update_approval_rule(
            call, connection, approval_rule_id, data, version
        ),
    )


@router.delete(
    ONE, **documents.acts(APPROVAL_RULES, "delete", "Delete an approval rule", takes_key=False)
)
async def delete_approval_rule(request: Request) -> Response:
    call = await begin(request, WRITES)
    approval_rule_id = id_in_path(request.path_params["approval_rule_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call,
        lambda connection: service.delete_approval_rule(
            call, connection, approval_rule_id, version
        ),
    )


@router.get(ONE + "/history", **documents.histories(APPROVAL_RULES))
async def get_approval_rule_history(request: Request) -> Response:
    call = await begin(request, "quotes:read")
    return await history.get_history(call, APPROVAL_RULES, request.path_params["approval_rule_id"])
