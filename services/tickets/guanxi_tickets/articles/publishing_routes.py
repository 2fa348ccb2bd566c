"""Articles over HTTP: what moves them, their drafts and their versions."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.errors import Malformed, NotFound
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response
from guanxi_shared.pages import query_pairs
from guanxi_shared.records import State
from guanxi_tickets.articles import drafting, publishing
from guanxi_tickets.articles.schemas import (
    ArticleRead,
    DraftRead,
    DraftUpdate,
    Publication,
    VersionPage,
    VersionRead,
)
from guanxi_tickets.articles.service import load_article
from guanxi_tickets.articles.sight import WRITING
from guanxi_tickets.articles.state_rules import moved

router = APIRouter(tags=["knowledge base"])
ONE = "/v1/articles/{article_id}"
ARTICLE = documents.path_id("article_id")
PROBLEMS = documents.problems(404, 409, 412, 413, 415, 422)
NUMBER = {
    "name": "number", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1},
}  # fmt: skip
AT_ONCE = 200


async def _moves(request: Request, move: str) -> Response:
    call = await begin(request, WRITING)
    version = writes.wanted_version(call)
    return await writes.act(
        call,
        lambda connection: publishing.move_article(call, connection, _id(request), move, version),
    )


def _moving(move: str, summary: str) -> dict[str, Any]:
    return documents.operation(
        f"{move}_article", summary, response_model=ArticleRead, responses=PROBLEMS,
        parameters=[ARTICLE, documents.IF_MATCH, documents.IDEMPOTENCY_KEY],
    )  # fmt: skip


@router.post(ONE + "/submit", **_moving("submit", "Ask somebody to look at a draft"))
async def submit_article(request: Request) -> Response:
    return await _moves(request, "submit")


@router.post(ONE + "/send-back", **_moving("send_back", "Give a draft back to whoever wrote it"))
async def send_back_article(request: Request) -> Response:
    return await _moves(request, "send_back")


@router.post(ONE + "/archive", **_moving("archive", "Show it to readers no more"))
async def archive_article(request: Request) -> Response:
    return await _moves(request, "archive")


@router.post(ONE + "/reopen", **_moving("reopen", "Make an archived article a draft again"))
async def reopen_article(request: Request) -> Response:
    return await _moves(request, "reopen")


@router.post(
    ONE + "/publish",
    **documents.operation(
        "publish_article",
        "Show it: the article, or the draft of a published one; a version is kept",
        parameters=[ARTICLE, documents.IF_MATCH, documents.IDEMPOTENCY_KEY],
        body=Publication,
        response_model=ArticleRead,
        responses=PROBLEMS,
    ),
)
async def publish_article(request: Request) -> Response:
    call = await begin(request, "articles:approve")
    version, raw = writes.wanted_version(call), await call.body()
    note = writes.parse(Publication, raw or b"{}").note
    return await writes.act(
        call,
        lambda c: publishing.publish_article(call, c, _id(request), note, version),
        raw=raw,
    )


@router.post(ONE + "/review", **_moving("review", "Say that it is still right"))
async def review_article(request: Request) -> Response:
    call = await begin(request, WRITING)
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda c: publishing.review_article(call, c, _id(request), version)
    )


@router.get(
    ONE + "/draft",
    **documents.operation(
        "get_article_draft", "What is being worked on while the published text is shown",
        parameters=[ARTICLE], response_model=DraftRead, responses=documents.problems(404),
    ),
)  # fmt: skip
async def get_article_draft(request: Request) -> Response:
    call = await begin(request, WRITING)
    return json_response(await drafting.find_draft(call, _id(request)))


@router.patch(
    ONE + "/draft",
    **documents.operation(
        "update_article_draft", "Work on the next text of a published article (JSON merge patch)",
        parameters=[ARTICLE, documents.IF_MATCH], body=DraftUpdate, response_model=DraftRead,
        responses=PROBLEMS,
    ),
)  # fmt: skip
async def update_article_draft(request: Request) -> Response:
    call = await begin(request, WRITING)
    version = writes.wanted_version(call)

    async def work(connection: Connection, data: DraftUpdate) -> State:
        article = await load_article(call, connection, _id(request))
        if article.row["state"] != "published":
            moved(article.row["state"], "archive")  # refuses: the article itself is the draft
        sent = data.model_dump(exclude_unset=True)
        return await drafting.write_draft(call, connection, article, sent, version)

    return await writes.update(call, DraftUpdate, work)


@router.delete(
    ONE + "/draft",
    **documents.operation(
        "delete_article_draft", "Give up what is being worked on",
        parameters=[ARTICLE, documents.IF_MATCH], response_model=DraftRead, responses=PROBLEMS,
    ),
)  # fmt: skip
async def delete_article_draft(request: Request) -> Response:
    call = await begin(request, WRITING)
    version = writes.wanted_version(call)

    async def work(connection: Connection) -> State:
        article = await load_article(call, connection, _id(request))
        return await drafting.drop_draft(call, connection, article, version)

    return await writes.act(call, work)


@router.get(
    ONE + "/versions",
    **documents.operation(
        "list_article_versions", "What was published, the newest first; for those who write",
        parameters=[
            ARTICLE,
            documents.query_parameter("cursor", "integer", "Those below it.", minimum=1),
        ],
        response_model=VersionPage, responses=documents.problems(404),
    ),
)  # fmt: skip
async def list_article_versions(request: Request) -> Response:
    call = await begin(request, WRITING)
    rows, has_more = await publishing.list_versions(call, _id(request), AT_ONCE, _below(request))
    following = str(rows[-1]["number"]) if has_more else None
    return json_response(
        {"data": rows, "page": {"next_cursor": following, "has_more": has_more, "total": None}}
    )


@router.get(
    ONE + "/versions/{number}",
    **documents.operation(
        "get_article_version", "A text as it was published",
        parameters=[ARTICLE, NUMBER], response_model=VersionRead, responses=documents.problems(404),
    ),
)  # fmt: skip
async def get_article_version(request: Request) -> Response:
    call = await begin(request, WRITING)
    return json_response(await publishing.find_version(call, _id(request), _number(request)))


@router.post(
    ONE + "/versions/{number}/restore",
    **documents.operation(
        "restore_article_version", "Work on from an old text: as a draft, nothing is shown yet",
        parameters=[ARTICLE, NUMBER, documents.IDEMPOTENCY_KEY], response_model=ArticleRead,
        responses=PROBLEMS,
    ),
)  # fmt: skip
async def restore_article_version(request: Request) -> Response:
    call = await begin(request, WRITING)
    number = _number(request)
    return await writes.act(
        call, lambda c: publishing.restore_version(call, c, _id(request), number)
    )


def _id(request: Request) -> UUID:
    return id_in_path(request.path_params["article_id"])


def _number(request: Request) -> int:
    text: str = request.path_params["number"]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound(f"This article has no version {text[:20]!r}.")
    return int(text)


def _below(request: Request) -> int:
    sent = dict(query_pairs(request.scope["query_string"]))
    text = sent.pop("cursor", "999999999")
    if sent:
        name = sorted(sent)[0]
        raise Malformed(f"Versions do not take {name!r}.", errors={name: "Unknown parameter."})
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Malformed("This cursor is none of ours.", errors={"cursor": "Send the next_cursor."})
    return int(text)
