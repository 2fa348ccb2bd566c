"""Web forms over HTTP, for those who define them."""

from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.web_forms import defining
from guanxi_shared.web_forms.defining import Forms
from guanxi_shared.web_forms.schemas import FormCounts


def forms_router(
    forms: Forms, *, path: str, tag: str, read: str, define: str, create_model: type[BaseModel],
    update_model: type[BaseModel],
) -> APIRouter:  # fmt: skip
    """`read` and `define` are the permissions that looking and changing take."""
    router = APIRouter(tags=[tag])
    resource = forms.resource
    parameter = f"{resource.noun}_id"
    one = f"{path}/{{{parameter}}}"

    @router.get(path, **documents.lists(resource))
    async def list_forms(request: Request) -> Response:
        return await reads.list_records(await begin(request, read), resource)

    @router.get(one, **documents.gets(resource))
    async def get_form(request: Request) -> Response:
        call, form_id = await begin(request, read), request.path_params[parameter]
        if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
            return await history.get_as_of(call, resource, form_id, moment)
        return await reads.get_record(call, resource, form_id)

    @router.post(path, **documents.creates(resource, create_model))
    async def create_form(request: Request) -> Response:
        call = await begin(request, define)
        create: Any = partial(defining.create_form, forms)
        return await writes.create(call, resource, create_model, create, path=path)

    @router.patch(one, **documents.updates(resource, update_model))
    async def update_form(request: Request) -> Response:
        call = await begin(request, define)
        form_id = id_in_path(request.path_params[parameter])
        version = writes.wanted_version(call)
        return await writes.update(
            call, update_model,
            lambda connection, data: defining.update_form(
                forms, call, connection, form_id, data, version
            ),
        )  # fmt: skip

    @router.delete(
        one,
        **documents.acts(
            resource, "delete", "Put a form away; its address is not found any more",
            takes_key=False,
        ),
    )  # fmt: skip
    async def delete_form(request: Request) -> Response:
        call = await begin(request, define)
        form_id = id_in_path(request.path_params[parameter])
        version = writes.wanted_version(call)
        return await writes.act(
            call,
            lambda connection: defining.delete_form(forms, call, connection, form_id, version),
        )

    @router.post(f"{one}/restore", **documents.acts(resource, "restore", "Bring a form back"))
    async def restore_form(request: Request) -> Response:
        call = await begin(request, define)
        form_id = id_in_path(request.path_params[parameter])
        return await writes.act(
            call, lambda connection: defining.restore_form(forms, call, connection, form_id)
        )

    @router.get(f"{one}/history", **documents.histories(resource))
    async def get_form_history(request: Request) -> Response:
        call = await begin(request, read)
        return await history.get_history(call, resource, request.path_params[parameter])

    @router.get(
        f"{one}/counts",
        **documents.operation(
            f"get_{resource.noun}_counts",
            "What came in by a form, day by day: taken, trapped, limited",
            parameters=[documents.path_id(parameter)],
            response_model=FormCounts,
            responses=documents.problems(404),
        ),
    )
    async def get_form_counts(request: Request) -> Response:
        call = await begin(request, read)
        rows = await defining.get_counts(forms, call, id_in_path(request.path_params[parameter]))
        return Response(orjson.dumps({"data": rows}), media_type="application/json")

    return router
