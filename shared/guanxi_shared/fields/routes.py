"""Custom fields over HTTP, the same for every service."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.fields import service
from guanxi_shared.fields.schemas import FieldDefinition, FieldDefinitionUpdate
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.resources import Resource

PATH = "/v1/fields"
ONE = PATH + "/{field_id}"


def fields_router(fields: Resource, create_model: type[FieldDefinition]) -> APIRouter:
    """`create_model` adds `resource`: of which resources there may be some."""
    router = APIRouter(tags=["fields"])

    @router.get(PATH, **documents.lists(fields))
    async def list_fields(request: Request) -> Response:
        return await reads.list_records(await begin(request, "fields:read"), fields)

    @router.get(ONE, **documents.gets(fields, has_past=False))
    async def get_field(request: Request) -> Response:
        call = await begin(request, "fields:read")
        return await reads.get_record(call, fields, request.path_params["field_id"])

    @router.post(PATH, **documents.creates(fields, create_model))
    async def create_field(request: Request) -> Response:
        call = await begin(request, "fields:create")
        return await writes.create(
            call,
            fields,
            create_model,
            lambda call, connection, data: service.create_field(call, connection, fields, data),
            path=PATH,
        )

    @router.patch(ONE, **documents.updates(fields, FieldDefinitionUpdate))
    async def update_field(request: Request) -> Response:
        call = await begin(request, "fields:update")
        field_id, version = id_in_path(request.path_params["field_id"]), writes.wanted_version(call)
        return await writes.update(
            call,
            FieldDefinitionUpdate,
            lambda connection, data: service.update_field(
                call, connection, fields, field_id, data, version
            ),
        )

    @router.delete(ONE, **documents.acts(fields, "delete", "Stop using a field", takes_key=False))
    async def delete_field(request: Request) -> Response:
        call = await begin(request, "fields:delete")
        field_id, version = id_in_path(request.path_params["field_id"]), writes.wanted_version(call)
        return await writes.act(
            call,
            lambda connection: service.delete_field(call, connection, fields, field_id, version),
        )

    return router
