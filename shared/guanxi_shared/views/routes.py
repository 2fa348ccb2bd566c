"""Saved views over HTTP, the same for every service."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.documents import operation, path_id, problems, query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.pages import query_pairs
from guanxi_shared.resources import Resource
from guanxi_shared.views import service
from guanxi_shared.views.schemas import NewView, ViewUpdate
from guanxi_shared.views.service import Views

PATH = "/v1/views"
ONE = PATH + "/{view_id}"


def views_router(
    resource: Resource, of: Mapping[str, Resource], create_model: type[NewView]
) -> APIRouter:
    """`of` are the resources there may be views of, which `create_model` names too."""
    router = APIRouter(tags=["views"])
    views = Views(resource, of)

    @router.get(ONE, **documents.gets(resource, has_past=False))
    async def get_view(request: Request) -> Response:
        call = await begin(request, "views:read")
        return await reads.get_record(call, resource, request.path_params["view_id"])

    @router.get(PATH, **documents.lists(resource))
    async def list_views(request: Request) -> Response:
        return await reads.list_records(await begin(request, "views:read"), resource)

    @router.post(PATH, **documents.creates(resource, create_model))
    async def create_view(request: Request) -> Response:
        call = await begin(request, "views:create")
        return await writes.create(
            call,
            resource,
            create_model,
            lambda call, connection, data: service.create_view(call, connection, views, data),
            path=PATH,
        )

    @router.patch(ONE, **documents.updates(resource, ViewUpdate))
    async def update_view(request: Request) -> Response:
        call = await begin(request, "views:update")
        view_id, version = id_in_path(request.path_params["view_id"]), writes.wanted_version(call)
        return await writes.update(
            call,
            ViewUpdate,
            lambda connection, data: service.update_view(
                call, connection, views, view_id, data, version
            ),
        )

    @router.delete(ONE, **documents.acts(resource, "delete", "Give a view up", takes_key=False))
    async def delete_view(request: Request) -> Response:
        call = await begin(request, "views:delete")
        view_id, version = id_in_path(request.path_params["view_id"]), writes.wanted_version(call)
        return await writes.act(
            call, lambda connection: service.delete_view(call, connection, views, view_id, version)
        )

    @router.post(
        ONE + "/restore", **documents.acts(resource, "restore", "Bring a deleted view back")
    )
    async def restore_view(request: Request) -> Response:
        call = await begin(request, "views:delete")
        view_id = id_in_path(request.path_params["view_id"])
        return await writes.act(
            call, lambda connection: service.restore_view(call, connection, views, view_id)
        )

    @router.get(ONE + "/history", **documents.histories(resource))
    async def get_view_history(request: Request) -> Response:
        call = await begin(request, "views:read")
        return await history.get_history(call, resource, request.path_params["view_id"])

    @router.get(
        ONE + "/records",
        **operation(
            "list_view_records",
            "A page of what a view means now, as far as one sees it",
            parameters=[
                path_id("view_id"),
                query_parameter("limit", "integer", "1 to 200", minimum=1, maximum=200),
                query_parameter("cursor", "string", "The next_cursor of the page before."),
                query_parameter("total", "string", "Count all", enum=["none", "exact"]),
            ],
            responses={
                200: documents.any_page(*of.values()),
                **problems(404, 422),
            },
        ),
    )
    async def list_view_records(request: Request) -> Response:
        call = await begin(request, "views:read")
        view_id = id_in_path(request.path_params["view_id"])
        found, query = await service.run_view(call, views, view_id, _paging(call))
        return await reads.answer_list(call, found, query)

    return router


def _paging(call: Call) -> dict[str, Any]:
    """`limit`, `cursor` and `total`; everything else is the view's to say."""
    given = dict(query_pairs(call.request.scope["query_string"]))
    unknown = sorted(set(given) - service.PAGING)
    if unknown:
        raise Malformed(
            f"A view's records do not take {unknown[0]!r}.",
            errors={unknown[0]: "Unknown parameter."},
            code="unknown_parameter",
        )
    return given
