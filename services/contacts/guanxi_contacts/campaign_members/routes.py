"""Members of campaigns over HTTP, below their campaign."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.campaign_members import looking, service
from guanxi_contacts.campaign_members.resources import OF_CAMPAIGN
from guanxi_contacts.campaign_members.schemas import (
    CampaignMemberRead,
    MembersAdd,
    MembersAdded,
    MembersMark,
    MembersMarked,
    MemberUpdate,
)
from guanxi_contacts.campaign_members.sending import mark_members
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["campaigns"])
OF = "/v1/campaigns/{campaign_id}/members"
ONE = OF + "/{campaign_member_id}"
CAMPAIGN = documents.path_id("campaign_id")
MEMBER = documents.path_id("campaign_member_id")


def _below(told: dict[str, Any]) -> dict[str, Any]:
    """What a resource's own documents say, of a route below a campaign."""
    extra = told["openapi_extra"]
    return told | {
        "responses": told["responses"] | documents.problems(404),
        "openapi_extra": extra | {"parameters": [CAMPAIGN, *extra.get("parameters", [])]},
    }


def _many(verb: str, summary: str, body: type[BaseModel], answer: type[BaseModel]) -> dict[str, Any]:  # fmt: skip
    return documents.operation(
        f"{verb}_campaign_members",
        summary,
        parameters=[CAMPAIGN, documents.IDEMPOTENCY_KEY],
        body=body,
        response_model=answer,
        responses=documents.problems(404, 409, 413, 415, 422),
    )


def _write(verb: str, summary: str, *, takes_key: bool, body: type[BaseModel] | None = None) -> dict[str, Any]:  # fmt: skip
    return documents.operation(
        f"{verb}_campaign_member",
        summary,
        parameters=[CAMPAIGN, MEMBER, documents.IDEMPOTENCY_KEY if takes_key else documents.IF_MATCH],
        body=body,
        response_model=CampaignMemberRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    )  # fmt: skip


@router.get(OF, **_below(documents.lists(OF_CAMPAIGN)))
async def list_campaign_members(request: Request) -> Response:
    call = await begin(request, "campaigns:read")
    query = await looking.members_page(call, _campaign(request))
    return await reads.answer_list(call, OF_CAMPAIGN, query)


@router.post(
    OF,
    **_many(
        "add",
        "Add accounts or contacts by ids, segment or filter, each once; the lot decides who is held out",
        MembersAdd,
        MembersAdded,
    ),
)
async def add_campaign_members(request: Request) -> Response:
    call = await begin(request, "campaigns:update")
    campaign_id, raw = _campaign(request), await call.body()
    data = writes.parse(MembersAdd, raw)

    async def write(connection: Connection) -> Answer:
        return Answer(200, state_bytes(await service.add_members(call, connection, campaign_id, data)))  # fmt: skip

    return await answer_once(call, write, fingerprint_of=raw)


@router.post(
    OF + "/mark",
    **_many(
        "mark",
        "Say of many members that they were sent to, or that they responded",
        MembersMark,
        MembersMarked,
    ),
)
async def mark_campaign_members(request: Request) -> Response:
    call = await begin(request, "campaigns:update")
    campaign_id, raw = _campaign(request), await call.body(limit=4 * 1_048_576)
    data = writes.parse(MembersMark, raw)

    async def write(connection: Connection) -> Answer:
        return Answer(200, state_bytes(await mark_members(call, connection, campaign_id, data)))

    return await answer_once(call, write, fingerprint_of=raw)


@router.get(ONE, **_below(documents.gets(OF_CAMPAIGN)))
async def get_campaign_member(request: Request) -> Response:
    call = await begin(request, "campaigns:read")
    member_id = await looking.demand_member(call, *_place(request))
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, OF_CAMPAIGN, member_id, moment)
    return await reads.get_record(call, OF_CAMPAIGN, member_id)


@router.get(ONE + "/history", **_below(documents.histories(OF_CAMPAIGN)))
async def get_campaign_member_history(request: Request) -> Response:
    call = await begin(request, "campaigns:read")
    member_id = await looking.demand_member(call, *_place(request))
    return await history.get_history(call, OF_CAMPAIGN, member_id)


@router.patch(
    ONE,
    **_write("update", "Say what became of one member (JSON merge patch)", takes_key=False, body=MemberUpdate),
)  # fmt: skip
async def update_campaign_member(request: Request) -> Response:
    call = await begin(request, "campaigns:update")
    place, version, raw = _place(request), writes.wanted_version(call), await call.body()
    data = writes.parse(MemberUpdate, raw)
    return await writes.act(
        call,
        lambda connection: service.update_member(call, connection, place, data, version),
        raw=raw,
    )


@router.delete(ONE, **_write("remove", "Take a member out of a campaign", takes_key=False))
async def remove_campaign_member(request: Request) -> Response:
    call = await begin(request, "campaigns:update")
    place, version = _place(request), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.remove_member(call, connection, place, version)
    )


@router.post(
    ONE + "/restore", **_write("restore", "Bring back a member who was taken out", takes_key=True)
)
async def restore_campaign_member(request: Request) -> Response:
    call = await begin(request, "campaigns:update")
    place = _place(request)
    return await writes.act(
        call, lambda connection: service.restore_member(call, connection, place)
    )


def _campaign(request: Request) -> UUID:
    return id_in_path(request.path_params["campaign_id"])


def _place(request: Request) -> tuple[UUID, UUID]:
    return _campaign(request), id_in_path(request.path_params["campaign_member_id"])
