"""Tax classes over HTTP: read by whoever reads products, written by admins."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.tax_classes import service
from guanxi_pipeline.tax_classes.resources import TAX_CLASSES
from guanxi_pipeline.tax_classes.schemas import TaxClassCreate, TaxClassUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["products"])
PATH = "/v1/products/tax-classes"
ONE = PATH + "/{tax_class_id}"
WRITES = "organisation:update"


@router.get(PATH, **documents.lists(TAX_CLASSES))
async def list_tax_classes(request: Request) -> Response:
    return await reads.list_records(await begin(request, "products:read"), TAX_CLASSES)


@router.get(ONE, **documents.gets(TAX_CLASSES))
async def get_tax_class(request: Request) -> Response:
    call = await begin(request, "products:read")
    tax_class_id = request.path_params["tax_class_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, TAX_CLASSES, tax_class_id, moment)
    return await reads.get_record(call, TAX_CLASSES, tax_class_id)


@router.post(PATH, **documents.creates(TAX_CLASSES, TaxClassCreate))
async def create_tax_class(request: Request) -> Response:
    call = await begin(request, WRITES)
    return await writes.create(
        call, TAX_CLASSES, TaxClassCreate, service.create_tax_class, path=PATH
    )


@router.patch(ONE, **documents.updates(TAX_CLASSES, TaxClassUpdate))
async def update_tax_class(request: Request) -> Response:
    call = await begin(request, WRITES)
    tax_class_id = id_in_path(request.path_params["tax_class_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        TaxClassUpdate,
        lambda connection, data: service.update_tax_class(
            call, connection, tax_class_id, data, version
        ),
    )


@router.delete(ONE, **documents.acts(TAX_CLASSES, "delete", "Delete a tax class", takes_key=False))
async def delete_tax_class(request: Request) -> Response:
    call = await begin(request, WRITES)
    tax_class_id = id_in_path(request.path_params["tax_class_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_tax_class(call, connection, tax_class_id, version)
    )


@router.get(ONE + "/history", **documents.histories(TAX_CLASSES))
async def get_tax_class_history(request: Request) -> Response:
    call = await begin(request, "products:read")
    return await history.get_history(call, TAX_CLASSES, request.path_params["tax_class_id"])
