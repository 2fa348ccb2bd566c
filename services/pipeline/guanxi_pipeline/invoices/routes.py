"""Invoices over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.invoices import service
from guanxi_pipeline.invoices.resources import INVOICES
from guanxi_pipeline.invoices.schemas import (
    InvoiceCreate,
    InvoiceOfOrder,
    InvoiceUpdate,
    VoidInvoice,
)
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["invoices"])
PATH = "/v1/invoices"
ONE = PATH + "/{invoice_id}"


@router.get(PATH, **documents.lists(INVOICES))
async def list_invoices(request: Request) -> Response:
    return await reads.list_records(await begin(request, "invoices:read"), INVOICES)


@router.post(PATH + "/search", **documents.searches(INVOICES))
async def search_invoices(request: Request) -> Response:
    return await reads.search_records(await begin(request, "invoices:read"), INVOICES)


@router.get(ONE, **documents.gets(INVOICES))
async def get_invoice(request: Request) -> Response:
    call = await begin(request, "invoices:read")
    invoice_id = request.path_params["invoice_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, INVOICES, invoice_id, moment)
    return await reads.get_record(call, INVOICES, invoice_id)


@router.post(PATH, **documents.creates(INVOICES, InvoiceCreate))
async def create_invoice(request: Request) -> Response:
    call = await begin(request, "invoices:create")
    return await writes.create(call, INVOICES, InvoiceCreate, service.create_invoice, path=PATH)


@router.post(
    "/v1/orders/{order_id}/invoice",
    **documents.operation(
        "invoice_order",
        "An invoice for what is not invoiced yet of an order, or for a part of it",
        parameters=[documents.path_id("order_id"), documents.IDEMPOTENCY_KEY],
        body=InvoiceOfOrder,
        response_model=INVOICES.model,
        status_code=201,
        responses=documents.problems(404, 409, 413, 415, 422),
    ),
)
async def invoice_order(request: Request) -> Response:
    call = await begin(request, "invoices:create")
    order_id, raw = id_in_path(request.path_params["order_id"]), await call.body()
    data = writes.parse(InvoiceOfOrder, raw or b"{}")

    async def write(connection: Connection) -> Answer:
        state = await service.invoice_order(call, connection, order_id, data)
        headers = {"etag": writes.etag_of(state), "location": f"{PATH}/{state['id']}"}
        return Answer(201, state_bytes(state), headers)

    return await answer_once(call, write, fingerprint_of=raw)


@router.patch(ONE, **documents.updates(INVOICES, InvoiceUpdate))
async def update_invoice(request: Request) -> Response:
    call = await begin(request, "invoices:update")
    invoice_id = id_in_path(request.path_params["invoice_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        InvoiceUpdate,
        lambda connection, data: service.update_invoice(
            call, connection, invoice_id, data, version
        ),
    )


@router.post(
    ONE + "/void",
    **documents.operation(
        "void_invoice",
        "Nothing is owed on it any more: for one on which nothing was paid",
        parameters=[
            documents.path_id("invoice_id"), documents.IDEMPOTENCY_KEY, documents.IF_MATCH,
        ],
        body=VoidInvoice,
        response_model=INVOICES.model,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)  # fmt: skip
async def void_invoice(request: Request) -> Response:
    call = await begin(request, "invoices:update")
    invoice_id = id_in_path(request.path_params["invoice_id"])
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(VoidInvoice, raw)
    return await writes.act(
        call,
        lambda connection: service.void_invoice(call, connection, invoice_id, data, version),
        raw=raw,
    )


@router.delete(ONE, **documents.acts(INVOICES, "delete", "Delete an invoice", takes_key=False))
async def delete_invoice(request: Request) -> Response:
    call = await begin(request, "invoices:delete")
    invoice_id = id_in_path(request.path_params["invoice_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_invoice(call, connection, invoice_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(INVOICES, "restore", "Bring an invoice back"))
async def restore_invoice(request: Request) -> Response:
    call = await begin(request, "invoices:delete")
    invoice_id = id_in_path(request.path_params["invoice_id"])
    return await writes.act(
        call, lambda connection: service.restore_invoice(call, connection, invoice_id)
    )


@router.get(ONE + "/history", **documents.histories(INVOICES))
async def get_invoice_history(request: Request) -> Response:
    call = await begin(request, "invoices:read")
    return await history.get_history(call, INVOICES, request.path_params["invoice_id"])


VERBS = Verbs(
    create_model=InvoiceCreate,
    update_model=InvoiceUpdate,
    create=service.create_invoice,
    update=service.update_invoice,
    delete=service.delete_invoice,
    find=service.find_invoices,
)


@router.post(PATH + "/batch", **documents.batches(INVOICES, BatchRequest, BatchAnswer))
async def batch_invoices(request: Request) -> Response:
    return await run_batch(await begin(request, None), INVOICES, VERBS)
