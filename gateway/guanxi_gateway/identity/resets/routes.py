"""A forgotten password over HTTP."""

from fastapi import APIRouter, BackgroundTasks
from starlette.requests import Request

from guanxi_gateway.identity.actors import actor_of
from guanxi_gateway.identity.resets import service
from guanxi_gateway.identity.resets.schemas import (
    Accepted,
    PasswordResetComplete,
    PasswordResetCreate,
)
from guanxi_shared import documents
from guanxi_shared.calls import house

router = APIRouter(tags=["auth"])


@router.post(
    "/v1/auth/password-resets",
    status_code=202,
    operation_id="request_password_reset",
    summary="Send a link for a new password, if the address is known",
    responses=documents.problems(413, 422),
    openapi_extra={"security": []},
)
async def request_password_reset(
    data: PasswordResetCreate, request: Request, tasks: BackgroundTasks
) -> Accepted:
    actor = actor_of(request, None)
    tasks.add_task(service.request_reset, house(request), data.email, actor=actor)
    return Accepted()


@router.post(
    "/v1/auth/password-resets/complete",
    status_code=204,
    operation_id="complete_password_reset",
    summary="Set a new password by the token of the link; ends every session of the user",
    responses=documents.problems(413, 422),
    openapi_extra={"security": []},
)
async def complete_password_reset(data: PasswordResetComplete, request: Request) -> None:
    actor = actor_of(request, None)
    await service.complete_reset(house(request), data.token, data.password, actor=actor)
