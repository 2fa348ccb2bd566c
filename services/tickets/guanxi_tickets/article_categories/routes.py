"""Categories of articles over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_tickets.article_categories import service
from guanxi_tickets.article_categories.resources import CATEGORIES
from guanxi_tickets.article_categories.schemas import CategoryCreate, CategoryUpdate

router = APIRouter(tags=["knowledge base"])
PATH = "/v1/article-categories"
ONE = PATH + "/{article_category_id}"


@router.get(ONE, **documents.gets(CATEGORIES))
async def get_article_category(request: Request) -> Response:
    call = await begin(request, "articles:read")
    category_id = request.path_params["article_category_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, CATEGORIES, category_id, moment)
    return await reads.get_record(call, CATEGORIES, category_id)


@router.get(PATH, **documents.lists(CATEGORIES))
async def list_article_categories(request: Request) -> Response:
    return await reads.list_records(await begin(request, "articles:read"), CATEGORIES)


@router.post(PATH + "/search", **documents.searches(CATEGORIES))
async def search_article_categories(request: Request) -> Response:
    return await reads.search_records(await begin(request, "articles:read"), CATEGORIES)


@router.post(PATH, **documents.creates(CATEGORIES, CategoryCreate))
async def create_article_category(request: Request) -> Response:
    call = await begin(request, "articles:create")
    return await writes.create(call, CATEGORIES, CategoryCreate, service.create_category, path=PATH)


@router.patch(ONE, **documents.updates(CATEGORIES, CategoryUpdate))
async def update_article_category(request: Request) -> Response:
    call = await begin(request, "articles:update")
    category_id, version = (
        id_in_path(request.path_params["article_category_id"]),
        writes.wanted_version(call),
    )
    return await writes.update(
        call,
        CategoryUpdate,
        lambda connection, data: service.update_category(
            call, connection, category_id, data, version
        ),
    )


@router.delete(ONE, **documents.acts(CATEGORIES, "delete", "Take a category away", takes_key=False))
async def delete_article_category(request: Request) -> Response:
    call = await begin(request, "articles:delete")
    category_id, version = (
        id_in_path(request.path_params["article_category_id"]),
        writes.wanted_version(call),
    )
    return await writes.act(
        call, lambda connection: service.delete_category(call, connection, category_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(CATEGORIES, "restore", "Bring a category back"))
async def restore_article_category(request: Request) -> Response:
    call = await begin(request, "articles:delete")
    category_id = id_in_path(request.path_params["article_category_id"])
    return await writes.act(
        call, lambda connection: service.restore_category(call, connection, category_id)
    )


@router.get(ONE + "/history", **documents.histories(CATEGORIES))
async def get_article_category_history(request: Request) -> Response:
    call = await begin(request, "articles:read")
    return await history.get_history(call, CATEGORIES, request.path_params["article_category_id"])


VERBS = Verbs(
    create_model=CategoryCreate,
    update_model=CategoryUpdate,
    create=service.create_category,
    update=service.update_category,
    delete=service.delete_category,
    find=service.find_categories,
)


@router.post(PATH + "/batch", **documents.batches(CATEGORIES, BatchRequest, BatchAnswer))
async def batch_article_categories(request: Request) -> Response:
    return await run_batch(await begin(request, None), CATEGORIES, VERBS)
