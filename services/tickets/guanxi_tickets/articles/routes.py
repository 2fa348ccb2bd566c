"""Articles over HTTP."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.pages import from_document, query_pairs
from guanxi_tickets.articles import service
from guanxi_tickets.articles.found_rules import snippet_of
from guanxi_tickets.articles.resources import ARTICLES
from guanxi_tickets.articles.schemas import ArticleCreate, ArticleUpdate
from guanxi_tickets.articles.sight import WRITING

router = APIRouter(tags=["knowledge base"])
PATH = "/v1/articles"
ONE = PATH + "/{article_id}"


@router.get(ONE, **documents.gets(ARTICLES))
async def get_article(request: Request) -> Response:
    call = await begin(request, "articles:read")
    article_id = request.path_params["article_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        call.by.demand(WRITING)  # what it was may not have been for everybody who sees what it is
        return await history.get_as_of(call, ARTICLES, article_id, moment)
    return await reads.get_record(call, ARTICLES, article_id)


@router.get(PATH, **documents.lists(ARTICLES))
async def list_articles(request: Request) -> Response:
    call = await begin(request, "articles:read")
    sent = dict(query_pairs(request.scope["query_string"]))
    return with_snippets(await reads.list_records(call, ARTICLES), sent.get("q"))


@router.post(PATH + "/search", **documents.searches(ARTICLES))
async def search_articles(request: Request) -> Response:
    call = await begin(request, "articles:read")
    document, fields = await call.json(), await reads.all_fields(call, ARTICLES)
    query = from_document(document, ARTICLES, fields, call.clock)
    answer = await reads.answer_list(call, ARTICLES, await reads.prepared(call, query))
    return with_snippets(answer, query.text)


def with_snippets(answer: Response, query: str | None) -> Response:
    """Beside each article that a text found, the place in its body where that stands."""
    if not query or answer.status_code != 200:
        return answer
    page = orjson.loads(answer.body)
    for row in page["data"]:
        if "body" in row:
            row["snippet"] = snippet_of(row["body"], query)
    link = {"link": answer.headers["link"]} if "link" in answer.headers else {}
    return Response(orjson.dumps(page), media_type="application/json", headers=link)


@router.post(PATH, **documents.creates(ARTICLES, ArticleCreate))
async def create_article(request: Request) -> Response:
    call = await begin(request, "articles:create")
    call.by.demand(WRITING)  # who makes a draft sees it
    return await writes.create(call, ARTICLES, ArticleCreate, service.create_article, path=PATH)


@router.patch(ONE, **documents.updates(ARTICLES, ArticleUpdate))
async def update_article(request: Request) -> Response:
    call = await begin(request, WRITING)
    article_id, version = id_in_path(request.path_params["article_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        ArticleUpdate,
        lambda connection, data: service.update_article(
            call, connection, article_id, data, version
        ),
    )


@router.delete(ONE, **documents.acts(ARTICLES, "delete", "Take an article away", takes_key=False))
async def delete_article(request: Request) -> Response:
    call = await begin(request, "articles:delete")
    article_id, version = id_in_path(request.path_params["article_id"]), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_article(call, connection, article_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(ARTICLES, "restore", "Bring an article back"))
async def restore_article(request: Request) -> Response:
    call = await begin(request, "articles:delete")
    article_id = id_in_path(request.path_params["article_id"])
    return await writes.act(
        call, lambda connection: service.restore_article(call, connection, article_id)
    )


@router.get(ONE + "/history", **documents.histories(ARTICLES))
async def get_article_history(request: Request) -> Response:
    call = await begin(request, WRITING)
    return await history.get_history(call, ARTICLES, request.path_params["article_id"])


VERBS = Verbs(
    create_model=ArticleCreate,
    update_model=ArticleUpdate,
    create=service.create_article,
    update=service.update_article,
    delete=service.delete_article,
    find=service.find_articles,
)


@router.post(PATH + "/batch", **documents.batches(ARTICLES, BatchRequest, BatchAnswer))
async def batch_articles(request: Request) -> Response:
    return await run_batch(await begin(request, WRITING), ARTICLES, VERBS)
