"""Products over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.products import service
from guanxi_pipeline.products.resources import PRODUCTS
from guanxi_pipeline.products.schemas import Categories, ProductCreate, ProductUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.edge import hot
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["products"])
PATH = "/v1/products"
ONE = PATH + "/{product_id}"


@router.get(
    PATH + "/categories",
    **documents.operation(
        "list_product_categories",
        "The categories that products have, with their counts",
        response_model=Categories,
        responses=documents.problems(),
    ),
)
async def list_product_categories(request: Request) -> Response:
    found = await service.list_categories(await begin(request, "products:read"))
    return Response(found, media_type="application/json")


@router.get(ONE, **documents.gets(PRODUCTS))
@hot
async def get_product(request: Request) -> Response:
    call = await begin(request, "products:read")
    product_id = request.path_params["product_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, PRODUCTS, product_id, moment)
    return await reads.get_record(call, PRODUCTS, product_id)


@router.get(PATH, **documents.lists(PRODUCTS))
@hot
async def list_products(request: Request) -> Response:
    return await reads.list_records(await begin(request, "products:read"), PRODUCTS)


@router.post(PATH + "/search", **documents.searches(PRODUCTS))
async def search_products(request: Request) -> Response:
    return await reads.search_records(await begin(request, "products:read"), PRODUCTS)


@router.post(PATH, **documents.creates(PRODUCTS, ProductCreate))
async def create_product(request: Request) -> Response:
    call = await begin(request, "products:create")
    return await writes.create(call, PRODUCTS, ProductCreate, service.create_product, path=PATH)


@router.patch(ONE, **documents.updates(PRODUCTS, ProductUpdate))
async def update_product(request: Request) -> Response:
    call = await begin(request, "products:update")
    product_id = id_in_path(request.path_params["product_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        ProductUpdate,
        lambda connection, data: service.update_product(
            call, connection, product_id, data, version
        ),
    )


@router.delete(ONE, **documents.acts(PRODUCTS, "delete", "Delete a product", takes_key=False))
async def delete_product(request: Request) -> Response:
    call = await begin(request, "products:delete")
    product_id = id_in_path(request.path_params["product_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_product(call, connection, product_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(PRODUCTS, "restore", "Bring a product back"))
async def restore_product(request: Request) -> Response:
    call = await begin(request, "products:delete")
    product_id = id_in_path(request.path_params["product_id"])
    return await writes.act(
        call, lambda connection: service.restore_product(call, connection, product_id)
    )


@router.get(ONE + "/history", **documents.histories(PRODUCTS))
async def get_product_history(request: Request) -> Response:
    call = await begin(request, "products:read")
    return await history.get_history(call, PRODUCTS, request.path_params["product_id"])


VERBS = Verbs(
    create_model=ProductCreate,
    update_model=ProductUpdate,
    create=service.create_product,
    update=service.update_product,
    delete=service.delete_product,
    find=service.find_products,
)


@router.post(PATH + "/batch", **documents.batches(PRODUCTS, BatchRequest, BatchAnswer))
async def batch_products(request: Request) -> Response:
    return await run_batch(await begin(request, None), PRODUCTS, VERBS)
