"""Payments over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.payments import service
from guanxi_pipeline.payments.resources import PAYMENTS
from guanxi_pipeline.payments.schemas import PaymentCreate, PaymentUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["payments"])
PATH = "/v1/payments"
ONE = PATH + "/{payment_id}"


@router.get(PATH, **documents.lists(PAYMENTS))
async def list_payments(request: Request) -> Response:
    return await reads.list_records(await begin(request, "payments:read"), PAYMENTS)


@router.post(PATH + "/search", **documents.searches(PAYMENTS))
async def search_payments(request: Request) -> Response:
    return await reads.search_records(await begin(request, "payments:read"), PAYMENTS)


@router.get(ONE, **documents.gets(PAYMENTS))
async def get_payment(request: Request) -> Response:
    call = await begin(request, "payments:read")
    payment_id = request.path_params["payment_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, PAYMENTS, payment_id, moment)
    return await reads.get_record(call, PAYMENTS, payment_id)


@router.post(PATH, **documents.creates(PAYMENTS, PaymentCreate))
async def create_payment(request: Request) -> Response:
    call = await begin(request, "payments:create")
    return await writes.create(call, PAYMENTS, PaymentCreate, service.create_payment, path=PATH)


@router.patch(ONE, **documents.updates(PAYMENTS, PaymentUpdate))
async def update_payment(request: Request) -> Response:
    call = await begin(request, "payments:update")
    payment_id = id_in_path(request.path_params["payment_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        PaymentUpdate,
        lambda connection, data: service.update_payment(
            call, connection, payment_id, data, version
        ),
    )


@router.delete(
    ONE,
    **documents.acts(PAYMENTS, "delete", "Take a payment back from its invoice", takes_key=False),
)
async def delete_payment(request: Request) -> Response:
    call = await begin(request, "payments:delete")
    payment_id = id_in_path(request.path_params["payment_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_payment(call, connection, payment_id, version)
    )


@router.post(
    ONE + "/restore", **documents.acts(PAYMENTS, "restore", "Count a deleted payment again")
)
async def restore_payment(request: Request) -> Response:
    call = await begin(request, "payments:delete")
    payment_id = id_in_path(request.path_params["payment_id"])
    return await writes.act(
        call, lambda connection: service.restore_payment(call, connection, payment_id)
    )


@router.get(ONE + "/history", **documents.histories(PAYMENTS))
async def get_payment_history(request: Request) -> Response:
    call = await begin(request, "payments:read")
    return await history.get_history(call, PAYMENTS, request.path_params["payment_id"])


VERBS = Verbs(
    create_model=PaymentCreate,
    update_model=PaymentUpdate,
    create=service.create_payment,
    update=service.update_payment,
    delete=service.delete_payment,
    find=service.find_payments,
)


@router.post(PATH + "/batch", **documents.batches(PAYMENTS, BatchRequest, BatchAnswer))
async def batch_payments(request: Request) -> Response:
    return await run_batch(await begin(request, None), PAYMENTS, VERBS)
