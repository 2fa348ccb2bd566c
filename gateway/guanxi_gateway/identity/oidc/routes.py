"""Signing in at an outside provider over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request

from guanxi_gateway.identity.actors import actor_of, device_of
from guanxi_gateway.identity.oidc import service
from guanxi_gateway.identity.oidc.schemas import OidcComplete, OidcStart
from guanxi_gateway.identity.sessions.schemas import Tokens
from guanxi_shared import documents
from guanxi_shared.calls import house

router = APIRouter(tags=["auth"])


@router.post(
    "/v1/auth/oidc/start",
    operation_id="start_oidc",
    summary="Begin to sign in at the organisation's identity provider",
    responses=documents.problems(404),
    openapi_extra={"security": []},
)
async def start_oidc(request: Request) -> OidcStart:
    return OidcStart.model_validate(await service.start(house(request)))


@router.post(
    "/v1/auth/oidc/complete",
    operation_id="complete_oidc",
    summary="Tokens for what the provider's redirect brought",
    responses=documents.problems(404, 413, 422),
    openapi_extra={"security": []},
)
async def complete_oidc(data: OidcComplete, request: Request) -> Tokens:
    answer = await service.complete(
        house(request), data, device_of(request), actor=actor_of(request, None)
    )
    return Tokens.model_validate(answer)
