"""Signing in and out over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request

from guanxi_gateway.identity.actors import actor_of, device_of
from guanxi_gateway.identity.sessions import service
from guanxi_gateway.identity.sessions.schemas import (
    Refresh,
    SessionList,
    SignIn,
    SignOut,
    Tokens,
)
from guanxi_shared import documents, writes
from guanxi_shared.calls import MAX_JSON_BYTES, begin, house, read_body
from guanxi_shared.errors import Malformed
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["auth"])


@router.post(
    "/v1/auth/sign-in",
    operation_id="sign_in",
    summary="Tokens for an e-mail address and password",
    responses=documents.problems(413, 422),
    openapi_extra={"security": []},
)
async def sign_in(data: SignIn, request: Request) -> Tokens:
    answer = await service.sign_in(
        house(request), data, device_of(request), actor=actor_of(request, None)
    )
    return Tokens.model_validate(answer)


@router.post(
    "/v1/auth/refresh",
    operation_id="refresh_tokens",
    summary="New tokens for a refresh token, which is spent by it",
    responses=documents.problems(413, 422),
    openapi_extra={"security": []},
)
async def refresh_tokens(data: Refresh, request: Request) -> Tokens:
    answer = await service.refresh(
        house(request), data.refresh_token, actor=actor_of(request, None)
    )
    return Tokens.model_validate(answer)


@router.post(
    "/v1/auth/sign-out",
    status_code=204,
    operation_id="sign_out",
    summary="End this session, or all of one's sessions",
    responses=documents.problems(413, 422),
    openapi_extra={
        "requestBody": {**documents.body_of(SignOut)["requestBody"], "required": False},
        "security": [{"bearer": []}, {}],
    },
)
async def sign_out(request: Request) -> None:
    raw = await read_body(request, MAX_JSON_BYTES)
    wanted = writes.parse(SignOut, raw) if raw else SignOut()
    if wanted.refresh_token is not None:
        if wanted.everywhere:
            raise Malformed("`everywhere` needs an access token.")
        actor = actor_of(request, None)
        await service.sign_out_token(house(request), wanted.refresh_token, actor=actor)
        return
    call = await begin(request, None)
    await service.sign_out(call.house, call.by, everywhere=wanted.everywhere, actor=call.actor)


@router.get(
    "/v1/sessions",
    operation_id="list_sessions",
    summary="Where one is signed in",
    responses=documents.problems(),
)
async def list_sessions(request: Request) -> SessionList:
    call = await begin(request, None)
    return SessionList.model_validate({"data": await service.list_sessions(call.house, call.by)})


@router.delete(
    "/v1/sessions/{session_id}",
    status_code=204,
    operation_id="end_session",
    summary="Sign out one of one's own sessions",
    responses=documents.problems(404),
)
async def end_session(session_id: str, request: Request) -> None:
    call = await begin(request, None)
    await service.end_session(call.house, call.by, id_in_path(session_id), actor=call.actor)
