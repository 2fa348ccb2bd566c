"""Segments over HTTP."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_contacts.segments import looking, service
from guanxi_contacts.segments.resources import SEGMENTS
from guanxi_contacts.segments.schemas import (
    Combine,
    Freeze,
    MembersChange,
    SegmentCreate,
    SegmentRead,
    SegmentsOfRecord,
    SegmentUpdate,
    SegmentWithCount,
)
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import IDEMPOTENCY_KEY, operation, path_id, problems
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import State, state_bytes
from guanxi_shared.resources import Resource

router = APIRouter(tags=["segments"])
PATH = "/v1/segments"
ONE = PATH + "/{segment_id}"


@router.get(
    ONE,
    **operation(
        "get_segment",
        "One segment, with the count of its members that one sees",
        parameters=[path_id("segment_id")],
        response_model=SegmentWithCount,
        responses=problems(404),
    ),
)
async def get_segment(request: Request) -> Response:
    call = await begin(request, "segments:read")
    body = await looking.segment_with_count(call, id_in_path(request.path_params["segment_id"]))
    return Response(body, media_type="application/json")


@router.get(PATH, **documents.lists(SEGMENTS))
async def list_segments(request: Request) -> Response:
    return await reads.list_records(await begin(request, "segments:read"), SEGMENTS)


@router.post(PATH, **documents.creates(SEGMENTS, SegmentCreate))
async def create_segment(request: Request) -> Response:
    call = await begin(request, "segments:create")
    return await writes.create(call, SEGMENTS, SegmentCreate, service.create_segment, path=PATH)


@router.patch(ONE, **documents.updates(SEGMENTS, SegmentUpdate))
async def update_segment(request: Request) -> Response:
    call = await begin(request, "segments:update")
    segment_id, version = id_in_path(request.path_params["segment_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        SegmentUpdate,
        lambda connection, data: service.update_segment(
            call, connection, segment_id, data, version
        ),
    )


@router.delete(ONE, **documents.acts(SEGMENTS, "delete", "Give a segment up", takes_key=False))
async def delete_segment(request: Request) -> Response:
    call = await begin(request, "segments:delete")
    segment_id, version = id_in_path(request.path_params["segment_id"]), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_segment(call, connection, segment_id, version)
    )


@router.post(
    ONE + "/restore", **documents.acts(SEGMENTS, "restore", "Bring a deleted segment back")
)
async def restore_segment(request: Request) -> Response:
    call = await begin(request, "segments:delete")
    segment_id = id_in_path(request.path_params["segment_id"])
    return await writes.act(
        call, lambda connection: service.restore_segment(call, connection, segment_id)
    )


@router.get(ONE + "/history", **documents.histories(SEGMENTS))
async def get_segment_history(request: Request) -> Response:
    call = await begin(request, "segments:read")
    return await history.get_history(call, SEGMENTS, request.path_params["segment_id"])


@router.get(
    ONE + "/members",
    **operation(
        "list_segment_members",
        "A page of the members that one sees; filters, sorts and fields as in their own list",
        parameters=[
            path_id("segment_id"),
            documents.query_parameter("limit", "integer", "1 to 200", minimum=1, maximum=200),
            documents.query_parameter("cursor", "string", "The next_cursor of the page before."),
        ],
        responses={200: documents.any_page(ACCOUNTS, CONTACTS), **problems(404, 422)},
    ),
)
async def list_segment_members(request: Request) -> Response:
    call = await begin(request, "segments:read")
    segment_id = id_in_path(request.path_params["segment_id"])
    raw: bytes = request.scope["query_string"]
    resource, query = await looking.members_page(call, segment_id, raw)
    return await reads.answer_list(call, resource, query)


@router.post(
    ONE + "/members",
    **operation(
        "change_segment_members",
        "Add and remove members of a frozen segment",
        parameters=[path_id("segment_id"), IDEMPOTENCY_KEY],
        body=MembersChange,
        response_model=SegmentRead,
        responses=problems(404, 409, 413, 415, 422),
    ),
)
async def change_segment_members(request: Request) -> Response:
    call = await begin(request, "segments:update")
    segment_id, raw = id_in_path(request.path_params["segment_id"]), await call.body()
    data = writes.parse(MembersChange, raw)
    return await writes.act(
        call, lambda connection: service.change_members(call, connection, segment_id, data), raw=raw
    )


@router.post(
    ONE + "/freeze",
    **operation(
        "freeze_segment",
        "A frozen copy of a segment: its members as they are now",
        parameters=[path_id("segment_id"), IDEMPOTENCY_KEY],
        body=Freeze,
        response_model=SegmentRead,
        status_code=201,
        responses=problems(404, 409, 413, 415, 422),
    ),
)
async def freeze_segment(request: Request) -> Response:
    call = await _maker(request)
    segment_id, raw = id_in_path(request.path_params["segment_id"]), await call.body()
    name = writes.parse(Freeze, raw).name

    async def work(connection: Connection) -> Answer:
        return _made(await service.freeze_segment(call, connection, segment_id, name))

    return await answer_once(call, work, fingerprint_of=raw)


@router.post(
    ONE + "/combine",
    **operation(
        "combine_segments",
        "A new frozen segment out of two: in either, in both, in one but not the other",
        parameters=[path_id("segment_id"), IDEMPOTENCY_KEY],
        body=Combine,
        response_model=SegmentRead,
        status_code=201,
        responses=problems(404, 409, 413, 415, 422),
    ),
)
async def combine_segments(request: Request) -> Response:
    call = await _maker(request)
    segment_id, raw = id_in_path(request.path_params["segment_id"]), await call.body()
    data = writes.parse(Combine, raw)

    async def work(connection: Connection) -> Answer:
        return _made(await service.combine_segments(call, connection, segment_id, data))

    return await answer_once(call, work, fingerprint_of=raw)


async def _maker(request: Request) -> Call:
    """Somebody who makes a segment out of another one."""
    call = await begin(request, "segments:create")
    call.by.demand("segments:read")
    return call


def _made(state: State) -> Answer:
    headers = {"etag": writes.etag_of(state), "location": f"{PATH}/{state['id']}"}
    return Answer(201, state_bytes(state), headers)


def _of_record(resource: Resource) -> Any:
    async def segments_of_record(request: Request) -> Response:
        call = await begin(request, resource.permission("read"))
        call.by.demand("segments:read")
        record_id = id_in_path(request.path_params[f"{resource.noun}_id"])
        found = SegmentsOfRecord.model_validate(
            {"data": await looking.segments_of(call, resource, record_id)}
        )
        return Response(found.model_dump_json(), media_type="application/json")

    return segments_of_record


for _resource in (ACCOUNTS, CONTACTS):
    router.add_api_route(
        f"/v1/{_resource.name}/{{{_resource.noun}_id}}/segments",
        _of_record(_resource),
        methods=["GET"],
        **operation(
            f"list_segments_of_{_resource.noun}",
            f"The segments in which a {_resource.noun} is, of those shown to one",
            parameters=[path_id(f"{_resource.noun}_id")],
            response_model=SegmentsOfRecord,
            responses=problems(404),
        ),
    )
