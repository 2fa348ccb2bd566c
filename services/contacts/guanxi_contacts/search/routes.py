"""`GET /v1/search`: names in any script, pinyin, parts of phones and emails, typing mistakes."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.search import service
from guanxi_contacts.search.schemas import SearchAnswer
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.edge import hot
from guanxi_shared.errors import Malformed
from guanxi_shared.pages import query_pairs

router = APIRouter(tags=["search"])
MAX_LIMIT = 50


@router.get(
    "/v1/search",
    **documents.operation(
        "search_everything",
        "Find accounts and people by name, pinyin, phone or email, best first",
        parameters=[
            documents.query_parameter(
                "q", "string", "What to look for.", minLength=1, maxLength=200
            )
            | {"required": True},
            documents.query_parameter(
                "limit", "integer", "1 to 50, 20 if absent", minimum=1, maximum=50
            ),
        ],
        response_model=SearchAnswer,
        responses=documents.problems(),
    ),
)
@hot
async def search_everything(request: Request) -> Response:
    call = await begin(request, None)
    text, limit = _asked(request)
    found = await service.search_everything(call, text, limit=limit)
    return Response(orjson.dumps({"data": found}), media_type="application/json")


def _asked(request: Request) -> tuple[str, int]:
    options = dict(query_pairs(request.scope["query_string"]))
    unknown = sorted(set(options) - {"q", "limit"})
    if unknown:
        raise Malformed(
            f"Search does not take {unknown[0]!r}.", errors={unknown[0]: "Unknown parameter."}
        )
    text = options.get("q", "").strip()
    if not text or len(text) > 200 or "\x00" in text:
        raise Malformed("Say what to look for.", errors={"q": "Send 1 to 200 characters."})
    limit = options.get("limit", "20")
    if (
        not (limit.isascii() and limit.isdigit() and len(limit) <= len(str(MAX_LIMIT)))
        or not 1 <= int(limit) <= MAX_LIMIT
    ):
        raise Malformed("limit must be from 1 to 50.", errors={"limit": "Send 1 to 50."})
    return text, int(limit)
