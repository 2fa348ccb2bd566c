"""Distributors' stock reports over HTTP."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.stock import service
from guanxi_pipeline.stock.resources import STOCK_REPORTS
from guanxi_pipeline.stock.schemas import AccountStock, StockReportCreate, StockReportUpdate
from guanxi_pipeline.stock.trend import read_trend
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.documents import query_parameter
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.parameters import day_of, parameters_of

router = APIRouter(tags=["stock reports"])
PATH = "/v1/orders/stock-reports"
ONE = PATH + "/{stock_report_id}"


@router.get(PATH, **documents.lists(STOCK_REPORTS))
async def list_stock_reports(request: Request) -> Response:
    return await reads.list_records(await begin(request, "orders:read"), STOCK_REPORTS)


@router.post(PATH + "/search", **documents.searches(STOCK_REPORTS))
async def search_stock_reports(request: Request) -> Response:
    return await reads.search_records(await begin(request, "orders:read"), STOCK_REPORTS)


@router.get(ONE, **documents.gets(STOCK_REPORTS))
async def get_stock_report(request: Request) -> Response:
    call = await begin(request, "orders:read")
    stock_report_id = request.path_params["stock_report_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, STOCK_REPORTS, stock_report_id, moment)
    return await reads.get_record(call, STOCK_REPORTS, stock_report_id)


@router.post(PATH, **documents.creates(STOCK_REPORTS, StockReportCreate))
async def create_stock_report(request: Request) -> Response:
    call = await begin(request, "orders:create")
    return await writes.create(
        call, STOCK_REPORTS, StockReportCreate, service.create_stock_report, path=PATH
    )


@router.patch(ONE, **documents.updates(STOCK_REPORTS, StockReportUpdate))
async def update_stock_report(request: Request) -> Response:
    call = await begin(request, "orders:update")
    stock_report_id = id_in_path(request.path_params["stock_report_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        StockReportUpdate,
        lambda connection, data: service.update_stock_report(
            call, connection, stock_report_id, data, version
        ),
    )


@router.delete(
    ONE, **documents.acts(STOCK_REPORTS, "delete", "Delete a stock report", takes_key=False)
)
async def delete_stock_report(request: Request) -> Response:
    call = await begin(request, "orders:delete")
    stock_report_id = id_in_path(request.path_params["stock_report_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call,
        lambda connection: service.delete_stock_report(call, connection, stock_report_id, version),
    )


@router.post(
    ONE + "/restore", **documents.acts(STOCK_REPORTS, "restore", "Bring a stock report back")
)
async def restore_stock_report(request: Request) -> Response:
    call = await begin(request, "orders:delete")
    stock_report_id = id_in_path(request.path_params["stock_report_id"])
    return await writes.act(
        call, lambda connection: service.restore_stock_report(call, connection, stock_report_id)
    )


@router.get(ONE + "/history", **documents.histories(STOCK_REPORTS))
async def get_stock_report_history(request: Request) -> Response:
    call = await begin(request, "orders:read")
    return await history.get_history(call, STOCK_REPORTS, request.path_params["stock_report_id"])


VERBS = Verbs(
    create_model=StockReportCreate,
    update_model=StockReportUpdate,
    create=service.create_stock_report,
    update=service.update_stock_report,
    delete=service.delete_stock_report,
    find=service.find_stock_reports,
)


@router.post(PATH + "/batch", **documents.batches(STOCK_REPORTS, BatchRequest, BatchAnswer))
async def batch_stock_reports(request: Request) -> Response:
    return await run_batch(await begin(request, None), STOCK_REPORTS, VERBS)


@router.get(
    "/v1/accounts/{account_id}/stock",
    **documents.operation(
        "get_account_stock",
        "A distributor's stock month by month: change, what was sold lately, for how long it lasts",
        parameters=[
            documents.path_id("account_id"),
            query_parameter("product", "string", "A product's id or its sku."),
            query_parameter("from", "string", "From the month of this day.", format="date"),
            query_parameter("to", "string", "To the month of this day.", format="date"),
        ],
        response_model=AccountStock,
        responses=documents.problems(404),
    ),
)
async def get_account_stock(request: Request) -> Response:
    call = await begin(request, "orders:read")
    account_id = id_in_path(request.path_params["account_id"])
    sent = parameters_of(call, ("product", "from", "to"))
    found = await read_trend(
        call, account_id, product=sent.get("product"), first=day_of(call, sent, "from"),
        last=day_of(call, sent, "to"),
    )  # fmt: skip
    return Response(orjson.dumps(found), media_type="application/json")
