"""Web forms over HTTP; who may assign leads may change them."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.lead_forms import service
from guanxi_pipeline.lead_forms.resources import LEAD_FORMS
from guanxi_pipeline.lead_forms.schemas import LeadFormCreate, LeadFormUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.web_forms.schemas import FormCounts

router = APIRouter(tags=["leads"])
PATH = "/v1/leads/forms"
ONE = PATH + "/{lead_form_id}"


@router.get(PATH, **documents.lists(LEAD_FORMS))
async def list_lead_forms(request: Request) -> Response:
    return await reads.list_records(await begin(request, "leads:read"), LEAD_FORMS)


@router.get(ONE, **documents.gets(LEAD_FORMS))
async def get_lead_form(request: Request) -> Response:
    call = await begin(request, "leads:read")
    form_id = request.path_params["lead_form_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, LEAD_FORMS, form_id, moment)
    return await reads.get_record(call, LEAD_FORMS, form_id)


@router.post(PATH, **documents.creates(LEAD_FORMS, LeadFormCreate))
async def create_lead_form(request: Request) -> Response:
    call = await begin(request, "leads:assign")
    return await writes.create(call, LEAD_FORMS, LeadFormCreate, service.create_form, path=PATH)


@router.patch(ONE, **documents.updates(LEAD_FORMS, LeadFormUpdate))
async def update_lead_form(request: Request) -> Response:
    call = await begin(request, "leads:assign")
    form_id = id_in_path(request.path_params["lead_form_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        LeadFormUpdate,
        lambda connection, data: service.update_form(call, connection, form_id, data, version),
    )


@router.delete(
    ONE,
    **documents.acts(
        LEAD_FORMS, "delete", "Put a form away; its address is not found any more", takes_key=False
    ),
)
async def delete_lead_form(request: Request) -> Response:
    call = await begin(request, "leads:assign")
    form_id = id_in_path(request.path_params["lead_form_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_form(call, connection, form_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(LEAD_FORMS, "restore", "Bring a form back"))
async def restore_lead_form(request: Request) -> Response:
    call = await begin(request, "leads:assign")
    form_id = id_in_path(request.path_params["lead_form_id"])
    return await writes.act(
        call, lambda connection: service.restore_form(call, connection, form_id)
    )


@router.get(ONE + "/history", **documents.histories(LEAD_FORMS))
async def get_lead_form_history(request: Request) -> Response:
    call = await begin(request, "leads:read")
    return await history.get_history(call, LEAD_FORMS, request.path_params["lead_form_id"])


@router.get(
    ONE + "/counts",
    **documents.operation(
        "get_lead_form_counts",
        "What came in by a form, day by day: taken, trapped, limited",
        parameters=[documents.path_id("lead_form_id")],
        response_model=FormCounts,
        responses=documents.problems(404),
    ),
)
async def get_lead_form_counts(request: Request) -> Response:
    call = await begin(request, "leads:read")
    rows = await service.get_counts(call, id_in_path(request.path_params["lead_form_id"]))
    return Response(orjson.dumps({"data": rows}), media_type="application/json")
