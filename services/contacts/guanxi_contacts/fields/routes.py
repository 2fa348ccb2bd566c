"""Custom fields over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.fields import service
from guanxi_contacts.fields.schemas import FieldDefinitionCreate, FieldDefinitionUpdate
from guanxi_contacts.resources import FIELDS
from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["fields"])
PATH = "/v1/fields"
ONE = PATH + "/{field_id}"


@router.get(PATH, **documents.lists(FIELDS))
async def list_fields(request: Request) -> Response:
    return await reads.list_records(await begin(request, "fields:read"), FIELDS)


@router.get(ONE, **documents.gets(FIELDS, has_past=False))
async def get_field(request: Request) -> Response:
    call = await begin(request, "fields:read")
    return await reads.get_record(call, FIELDS, request.path_params["field_id"])


@router.post(PATH, **documents.creates(FIELDS, FieldDefinitionCreate))
async def create_field(request: Request) -> Response:
    call = await begin(request, "fields:create")
    return await writes.create(call, FIELDS, FieldDefinitionCreate, service.create_field, path=PATH)


@router.patch(ONE, **documents.updates(FIELDS, FieldDefinitionUpdate))
async def update_field(request: Request) -> Response:
    call = await begin(request, "fields:update")
    field_id, version = id_in_path(request.path_params["field_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        FieldDefinitionUpdate,
        lambda connection, data: service.update_field(call, connection, field_id, data, version),
    )


@router.delete(ONE, **documents.acts(FIELDS, "delete", "Stop using a field", takes_key=False))
async def delete_field(request: Request) -> Response:
    call = await begin(request, "fields:delete")
    field_id, version = id_in_path(request.path_params["field_id"]), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_field(call, connection, field_id, version)
    )
