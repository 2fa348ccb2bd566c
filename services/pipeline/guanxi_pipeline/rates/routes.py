"""Exchange rates over HTTP."""

from datetime import date

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.rates import service
from guanxi_pipeline.rates.resources import EXCHANGE_RATES
from guanxi_pipeline.rates.schemas import Conversion, ExchangeRateCreate, ExchangeRateUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.documents import query_parameter
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.parameters import (
    amount_of,
    day_of,
    demanded_currency,
    parameters_of,
)

router = APIRouter(tags=["exchange rates"])
PATH = "/v1/exchange-rates"
ONE = PATH + "/{exchange_rate_id}"


@router.get(
    PATH + "/convert",
    **documents.operation(
        "convert_amount",
        "What an amount comes to on a day, with the rate and the day of the rate",
        parameters=[
            query_parameter("from", "string", "The amount's currency.", example="USD"),
            query_parameter("to", "string", "The currency wanted.", example="CNY"),
            query_parameter("amount", "string", "With the currency's digits.", example="100.00"),
            query_parameter("on", "string", "The day; today if absent.", format="date"),
        ],
        response_model=Conversion,
        responses=documents.problems(422),
    ),
)
async def convert_amount(request: Request) -> Response:
    call = await begin(request, "exchange-rates:read")
    sent = parameters_of(call, ("from", "to", "amount", "on"))
    source, target = demanded_currency(sent, "from"), demanded_currency(sent, "to")
    on: date = day_of(call, sent, "on") or call.clock.today
    found = await service.convert_amount(
        call, amount_of(sent, "amount", source), source, target, on
    )
    return Response(orjson.dumps(found), media_type="application/json")


@router.get(PATH, **documents.lists(EXCHANGE_RATES))
async def list_exchange_rates(request: Request) -> Response:
    return await reads.list_records(await begin(request, "exchange-rates:read"), EXCHANGE_RATES)


@router.post(PATH + "/search", **documents.searches(EXCHANGE_RATES))
async def search_exchange_rates(request: Request) -> Response:
    return await reads.search_records(await begin(request, "exchange-rates:read"), EXCHANGE_RATES)


@router.get(ONE, **documents.gets(EXCHANGE_RATES))
async def get_exchange_rate(request: Request) -> Response:
    call = await begin(request, "exchange-rates:read")
    exchange_rate_id = request.path_params["exchange_rate_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, EXCHANGE_RATES, exchange_rate_id, moment)
    return await reads.get_record(call, EXCHANGE_RATES, exchange_rate_id)


@router.post(PATH, **documents.creates(EXCHANGE_RATES, ExchangeRateCreate))
async def create_exchange_rate(request: Request) -> Response:
    call = await begin(request, "exchange-rates:create")
    return await writes.create(
        call, EXCHANGE_RATES, ExchangeRateCreate, service.create_exchange_rate, path=PATH
    )


@router.patch(ONE, **documents.updates(EXCHANGE_RATES, ExchangeRateUpdate))
async def update_exchange_rate(request: Request) -> Response:
    call = await begin(request, "exchange-rates:update")
    exchange_rate_id = id_in_path(request.path_params["exchange_rate_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        ExchangeRateUpdate,
        lambda connection, data: service.update_exchange_rate(
            call, connection, exchange_rate_id, data, version
        ),
    )


@router.delete(
    ONE, **documents.acts(EXCHANGE_RATES, "delete", "Delete an exchange rate", takes_key=False)
)
async def delete_exchange_rate(request: Request) -> Response:
    call = await begin(request, "exchange-rates:delete")
    exchange_rate_id = id_in_path(request.path_params["exchange_rate_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call,
        lambda connection: service.delete_exchange_rate(
            call, connection, exchange_rate_id, version
        ),
    )


@router.post(
    ONE + "/restore", **documents.acts(EXCHANGE_RATES, "restore", "Bring an exchange rate back")
)
async def restore_exchange_rate(request: Request) -> Response:
    call = await begin(request, "exchange-rates:delete")
    exchange_rate_id = id_in_path(request.path_params["exchange_rate_id"])
    return await writes.act(
        call, lambda connection: service.restore_exchange_rate(call, connection, exchange_rate_id)
    )


@router.get(ONE + "/history", **documents.histories(EXCHANGE_RATES))
async def get_exchange_rate_history(request: Request) -> Response:
    call = await begin(request, "exchange-rates:read")
    return await history.get_history(call, EXCHANGE_RATES, request.path_params["exchange_rate_id"])


VERBS = Verbs(
    create_model=ExchangeRateCreate,
    update_model=ExchangeRateUpdate,
    create=service.create_exchange_rate,
    update=service.update_exchange_rate,
    delete=service.delete_exchange_rate,
    find=service.find_exchange_rates,
)


@router.post(PATH + "/batch", **documents.batches(EXCHANGE_RATES, BatchRequest, BatchAnswer))
async def batch_exchange_rates(request: Request) -> Response:
    return await run_batch(await begin(request, None), EXCHANGE_RATES, VERBS)
