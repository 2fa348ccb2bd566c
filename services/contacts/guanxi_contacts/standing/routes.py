"""Standing over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.resources import ACCOUNTS
from guanxi_contacts.standing import service
from guanxi_contacts.standing.cursor_rules import paging_from
from guanxi_contacts.standing.queries import read_standing
from guanxi_contacts.standing.schemas import StandingRead, StandingUpdate
from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.pages import query_pairs
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["accounts"])
PATH = "/v1/accounts/{account_id}/standing"


@router.get(
    PATH,
    **documents.operation(
        "get_account_standing",
        "Where the account stands, since when and why, and how it came there",
        parameters=[
            documents.path_id("account_id"),
            documents.query_parameter("limit", "integer", "1 to 200", minimum=1, maximum=200),
            documents.query_parameter("cursor", "string", "The next_cursor of the page before."),
        ],
        response_model=StandingRead,
        responses=documents.problems(404),
    ),
)
async def get_account_standing(request: Request) -> Response:
    call = await begin(request, "accounts:read")
    limit, after = paging_from(dict(query_pairs(request.scope["query_string"])))
    account_id = id_in_path(request.path_params["account_id"])
    standing = await read_standing(call, account_id, limit=limit, after=after)
    return Response(state_bytes(standing), media_type="application/json")


@router.post(
    PATH,
    **documents.operation(
        "change_account_standing",
        "Move the account: grade, lifecycle, relationship or needs, with the reason",
        parameters=[documents.path_id("account_id"), documents.IF_MATCH, documents.IDEMPOTENCY_KEY],
        body=StandingUpdate,
        response_model=ACCOUNTS.model,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def change_account_standing(request: Request) -> Response:
    call = await begin(request, "accounts:update")
    raw = await call.body()
    data, version = writes.parse(StandingUpdate, raw), writes.wanted_version(call)
    account_id = id_in_path(request.path_params["account_id"])
    return await writes.act(
        call,
        lambda connection: service.change_standing(call, connection, account_id, data, version),
        raw=raw,
    )
