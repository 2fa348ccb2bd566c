"""The public knowledge base over HTTP, for whoever has a link."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import pages, writes
from guanxi_shared.documents import path_id, problems, query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_tickets.article_feedback.schemas import FeedbackCreate
from guanxi_tickets.portal.knowledge import find_articles, read_article, say_of_article
from guanxi_tickets.portal.public_routes import PATH as PORTAL
from guanxi_tickets.portal.public_routes import TOKEN, public_operation
from guanxi_tickets.portal.schemas import (
    PortalArticles,
    PortalArticleWhole,
    PortalOpinion,
)
from guanxi_tickets.portal.visiting import begin_visit

router = APIRouter(tags=["public"])
PATH = PORTAL + "/articles"
ONE = PATH + "/{article_id}"
ARTICLE = (TOKEN, path_id("article_id"))
TAKEN = ("q", "language")


@router.get(
    PATH,
    **public_operation(
        "list_portal_articles", "Articles for everybody, the twenty best for a text or the newest",
        parameters=(
            TOKEN, query_parameter("q", "string", "Words, in any script."),
            query_parameter("language", "string", "Of this language alone: zh, en …"),
        ),
        response_model=PortalArticles, responses=problems(404, 410),
    ),
)  # fmt: skip
async def list_portal_articles(request: Request) -> Response:
    visit = await begin_visit(request)
    pairs = pages.query_pairs(request.scope["query_string"])
    sent = dict(pairs)
    unknown = next((name for name, _ in pairs if name not in TAKEN), None)
    if unknown is not None or len(pairs) > len(sent):
        name = unknown or next(iter(sent))
        raise Malformed(
            f"The list does not take {name[:60]!r} like this.", errors={name: "There are q and language, once each."},
            code="unknown_parameter",
        )  # fmt: skip
    return _json({"data": await find_articles(visit, sent.get("q"), sent.get("language"))})


@router.get(
    ONE,
    **public_operation(
        "get_portal_article", "An article for everybody; that it was read is counted once a day",
        parameters=ARTICLE, response_model=PortalArticleWhole, responses=problems(404, 410),
    ),
)  # fmt: skip
async def get_portal_article(request: Request) -> Response:
    visit = await begin_visit(request)
    return _json(await read_article(visit, id_in_path(request.path_params["article_id"])))


@router.post(
    ONE + "/feedback",
    **public_operation(
        "create_portal_article_feedback", "Say whether it helped; the last word counts",
        parameters=ARTICLE, body=FeedbackCreate, response_model=PortalOpinion,
        responses=problems(404, 410, 413, 415, 422),
    ),
)  # fmt: skip
async def create_portal_article_feedback(request: Request) -> Response:
    visit = await begin_visit(request, to_write=True)
    article_id = id_in_path(request.path_params["article_id"])
    data = writes.parse(FeedbackCreate, await visit.call.body())
    said = await say_of_article(visit, article_id, data)
    return _json({name: said[name] for name in PortalOpinion.model_fields})


def _json(found: object) -> Response:
    return Response(
        orjson.dumps(found, option=JSON_OPTIONS, default=str), media_type="application/json"
    )
