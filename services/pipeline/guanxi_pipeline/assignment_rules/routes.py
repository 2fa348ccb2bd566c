"""Assignment rules over HTTP; who may assign leads may change them."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.assignment_rules import service
from guanxi_pipeline.assignment_rules.resources import ASSIGNMENT_RULES
from guanxi_pipeline.assignment_rules.schemas import AssignmentRuleCreate, AssignmentRuleUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["leads"])
PATH = "/v1/leads/assignment-rules"
ONE = PATH + "/{lead_assignment_rule_id}"


@router.get(PATH, **documents.lists(ASSIGNMENT_RULES))
async def list_lead_assignment_rules(request: Request) -> Response:
    return await reads.list_records(await begin(request, "leads:read"), ASSIGNMENT_RULES)


@router.get(ONE, **documents.gets(ASSIGNMENT_RULES))
async def get_lead_assignment_rule(request: Request) -> Response:
    call = await begin(request, "leads:read")
    rule_id = request.path_params["lead_assignment_rule_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, ASSIGNMENT_RULES, rule_id, moment)
    return await reads.get_record(call, ASSIGNMENT_RULES, rule_id)


@router.post(PATH, **documents.creates(ASSIGNMENT_RULES, AssignmentRuleCreate))
async def create_lead_assignment_rule(request: Request) -> Response:
    call = await begin(request, "leads:assign")
    return await writes.create(
        call, ASSIGNMENT_RULES, AssignmentRuleCreate, service.create_rule, path=PATH
    )


@router.patch(ONE, **documents.updates(ASSIGNMENT_RULES, AssignmentRuleUpdate))
async def update_lead_assignment_rule(request: Request) -> Response:
    call = await begin(request, "leads:assign")
    rule_id = id_in_path(request.path_params["lead_assignment_rule_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        AssignmentRuleUpdate,
        lambda connection, data: service.update_rule(call, connection, rule_id, data, version),
    )


@router.delete(
    ONE, **documents.acts(ASSIGNMENT_RULES, "delete", "Put a rule away", takes_key=False)
)
async def delete_lead_assignment_rule(request: Request) -> Response:
    call = await begin(request, "leads:assign")
    rule_id = id_in_path(request.path_params["lead_assignment_rule_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_rule(call, connection, rule_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(ASSIGNMENT_RULES, "restore", "Bring a rule back"))
async def restore_lead_assignment_rule(request: Request) -> Response:
    call = await begin(request, "leads:assign")
    rule_id = id_in_path(request.path_params["lead_assignment_rule_id"])
    return await writes.act(
        call, lambda connection: service.restore_rule(call, connection, rule_id)
    )


@router.get(ONE + "/history", **documents.histories(ASSIGNMENT_RULES))
async def get_lead_assignment_rule_history(request: Request) -> Response:
    call = await begin(request, "leads:read")
    return await history.get_history(
        call, ASSIGNMENT_RULES, request.path_params["lead_assignment_rule_id"]
    )
