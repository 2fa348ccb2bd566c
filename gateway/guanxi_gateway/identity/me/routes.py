"""`/v1/me` over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request

from guanxi_gateway.identity.directory import announce
from guanxi_gateway.identity.me import service
from guanxi_gateway.identity.me.schemas import (
    Me,
    NewRecoveryCodes,
    PasswordChange,
    ProfileUpdate,
    TotpCode,
    TotpEnrolment,
)
from guanxi_gateway.identity.users.schemas import UserRead
from guanxi_shared import documents, writes
from guanxi_shared.calls import begin

router = APIRouter(tags=["me"])


@router.get(
    "/v1/me",
    operation_id="get_me",
    summary="Who one is here, and what one may do",
    responses=documents.problems(),
)
async def get_me(request: Request) -> Me:
    call = await begin(request, None)
    return Me.model_validate(await service.get_me(call.house, call.by))


@router.patch(
    "/v1/me",
    operation_id="update_me",
    summary="Change one's own name, time zone, locale or phone",
    responses=documents.problems(413, 415, 422),
    openapi_extra=documents.body_of(ProfileUpdate),
)
async def update_me(request: Request) -> UserRead:
    call = await begin(request, None)
    data = writes.parse(ProfileUpdate, await call.body())
    state = await service.update_me(call.house, data, by=call.by, actor=call.actor)
    await announce(call.house, call.organisation)
    return UserRead.model_validate(state)


@router.post(
    "/v1/me/password",
    status_code=204,
    operation_id="change_my_password",
    summary="Choose a new password; ends one's other sessions",
    responses=documents.problems(413, 415, 422),
    openapi_extra=documents.body_of(PasswordChange),
)
async def change_my_password(request: Request) -> None:
    call = await begin(request, None)
    data = writes.parse(PasswordChange, await call.body())
    await service.change_password(call.house, data, by=call.by, actor=call.actor)


@router.post(
    "/v1/me/totp",
    status_code=201,
    operation_id="enrol_totp",
    summary="Begin to set up an authenticator app",
    responses=documents.problems(409),
)
async def enrol_totp(request: Request) -> TotpEnrolment:
    call = await begin(request, None)
    return TotpEnrolment.model_validate(await service.enrol_totp(call.house, by=call.by))


@router.post(
    "/v1/me/totp/confirm",
    operation_id="confirm_totp",
    summary="Show one code of the new app; from then on sign-in asks for codes",
    responses=documents.problems(409, 413, 415, 422),
    openapi_extra=documents.body_of(TotpCode),
)
async def confirm_totp(request: Request) -> NewRecoveryCodes:
    call = await begin(request, None)
    data = writes.parse(TotpCode, await call.body())
    codes = await service.confirm_totp(call.house, data.code, by=call.by, actor=call.actor)
    await announce(call.house, call.organisation)
    return NewRecoveryCodes(recovery_codes=codes)


@router.post(
    "/v1/me/totp/remove",
    status_code=204,
    operation_id="remove_totp",
    summary="Give up the second factor, by one of its codes",
    responses=documents.problems(413, 415, 422),
    openapi_extra=documents.body_of(TotpCode),
)
async def remove_totp(request: Request) -> None:
    call = await begin(request, None)
    data = writes.parse(TotpCode, await call.body())
    await service.remove_totp(call.house, data.code, by=call.by, actor=call.actor)
    await announce(call.house, call.organisation)
