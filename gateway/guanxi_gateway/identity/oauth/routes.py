"""OAuth 2 over HTTP: authorise, tokens, devices, revocation, introspection, metadata."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from guanxi_gateway.callers import revoked_sessions
from guanxi_gateway.identity.actors import actor_of, device_of
from guanxi_gateway.identity.identity import of_request
from guanxi_gateway.identity.oauth.authorize import approve, check_wish, refusal
from guanxi_gateway.identity.oauth.devices import begin_device, decide_device
from guanxi_gateway.identity.oauth.pages import consent_page, device_page, done_page
from guanxi_gateway.identity.oauth.requests import (
    authenticated_client,
    parameters,
    read_form,
)
from guanxi_gateway.identity.oauth.schemas import (
    ApproveRequest,
    DeviceCodes,
    DeviceDecided,
    DeviceDecision,
    OAuthTokens,
    Redirect,
)
from guanxi_gateway.identity.oauth.tokens import TokenRequest, answer_token_request
from guanxi_gateway.identity.oauth_rules import OAuthCode, metadata
from guanxi_gateway.identity.permission_rules import ACTIONS, RESOURCES
from guanxi_gateway.identity.sessions import service as sessions
from guanxi_gateway.identity.sessions.schemas import SignIn
from guanxi_gateway.identity.users.rights import demand_session
from guanxi_shared import documents, writes
from guanxi_shared.auth import Principal
from guanxi_shared.calls import begin, house
from guanxi_shared.errors import Problem, Unauthenticated

router = APIRouter(tags=["oauth"])
PUBLIC: dict[str, Any] = {"security": []}
NO_STORE = {"Cache-Control": "no-store"}
CREDENTIALS = frozenset({"email", "password", "totp", "decision"})


def form_body(*names: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    return {**PUBLIC, "requestBody": {"required": True, "content": content}}


def pages(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """A form is answered with a page, its refusals too; everything else with problems."""
    page = {"text/html": {"schema": {"type": "string"}}}
    found = documents.problems(*statuses)
    return {
        status: {**answer, "content": {**answer["content"], **page}}
        for status, answer in found.items()
    }


def form_or_json(model: type[BaseModel]) -> dict[str, Any]:
    found = documents.body_of(model)
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    return {
        "security": [{"bearer": []}, {}],  # a form brings its own credentials
        "requestBody": {
            **found["requestBody"],
            "content": {**found["requestBody"]["content"], **form},
        },
    }


@router.get(
    "/v1/oauth/authorize",
    operation_id="authorize_page",
    summary="The page on which a person allows an application",
    response_class=HTMLResponse,
    responses=documents.problems(),
    openapi_extra=PUBLIC,
)
async def authorize_page(request: Request) -> Response:
    params = parameters(request.scope["query_string"])
    wish = await check_wish(house(request), params)
    if wish.error is not None:
        return RedirectResponse(refusal(house(request), wish, wish.error), 303, NO_STORE)
    return HTMLResponse(consent_page(wish.client.name, wish.scopes, params), headers=NO_STORE)


@router.post(
    "/v1/oauth/authorize",
    operation_id="authorize",
    summary="Decide on that page (form), or in a front-end of one's own (JSON with a token)",
    response_model=Redirect,
    responses={
        200: {"content": {"text/html": {"schema": {"type": "string"}}}},
        303: {"description": "To the application"},
        **pages(403, 413, 415, 422),
    },
    openapi_extra=form_or_json(ApproveRequest),
)
async def authorize(request: Request) -> Response:
    if "json" in request.headers.get("content-type", ""):
        return await _authorize_json(request)
    form = await read_form(request)
    params = {name: value for name, value in form.items() if name not in CREDENTIALS}
    here = house(request)
    wish = await check_wish(here, params)
    error = wish.error or _denied(form)
    if error is not None:
        return RedirectResponse(refusal(here, wish, error), 303, NO_STORE)
    try:
        by = await _signed_in(request, form)
    except Problem as problem:
        page = consent_page(wish.client.name, wish.scopes, params, problem=problem.detail)
        return HTMLResponse(page, problem.status, NO_STORE)
    actor = actor_of(request, by.user_id)
    return RedirectResponse(await approve(here, wish, by=by, actor=actor), 303, NO_STORE)


async def _authorize_json(request: Request) -> Response:
    call = await begin(request, None)
    demand_session(call.by)
    data = writes.parse(ApproveRequest, await call.body())
    params = {name: value for name, value in data.model_dump().items() if value}
    wish = await check_wish(call.house, params)
    error = wish.error or _denied({"decision": data.decision})
    if error is not None:
        target = refusal(call.house, wish, error)
    else:
        target = await approve(call.house, wish, by=call.by, actor=call.actor)
    return JSONResponse({"redirect_to": target}, headers=NO_STORE)


@router.post(
    "/v1/oauth/token",
    operation_id="exchange_token",
    summary="Tokens for a code, a refresh token, a device code or a client's own credentials",
    response_model=OAuthTokens,
    responses=documents.problems(),
    openapi_extra=form_body(
        "grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier",
        "refresh_token", "device_code", "scope",
    ),
)  # fmt: skip
async def exchange_token(request: Request) -> Response:
    form = await read_form(request)
    here = house(request)
    client = await authenticated_client(here, request, form)
    wanted = TokenRequest(here, client, form, device_of(request), actor_of(request, None))
    return JSONResponse(await answer_token_request(wanted), headers=NO_STORE)


@router.post(
    "/v1/oauth/device",
    operation_id="begin_device_grant",
    summary="Codes for a device without a keyboard",
    response_model=DeviceCodes,
    responses=documents.problems(),
    openapi_extra=form_body("client_id", "client_secret", "scope"),
)
async def begin_device_grant(request: Request) -> Response:
    form = await read_form(request)
    here = house(request)
    client = await authenticated_client(here, request, form)
    return JSONResponse(await begin_device(here, client, form), headers=NO_STORE)


@router.get(
    "/v1/oauth/device",
    operation_id="device_page",
    summary="The page on which a person types a device's code",
    response_class=HTMLResponse,
    responses=documents.problems(),
    openapi_extra=PUBLIC,
)
async def get_device_page(request: Request, user_code: str = "") -> Response:
    return HTMLResponse(device_page(user_code[:20]), headers=NO_STORE)


@router.post(
    "/v1/oauth/device/decide",
    operation_id="decide_device",
    summary="Allow or refuse a device, on that page (form) or with a token (JSON)",
    response_model=DeviceDecided,
    responses={
        200: {"content": {"text/html": {"schema": {"type": "string"}}}},
        **pages(403, 404, 413, 415, 422),
    },
    openapi_extra=form_or_json(DeviceDecision),
)
async def decide(request: Request) -> Response:
    if "json" in request.headers.get("content-type", ""):
        call = await begin(request, None)
        demand_session(call.by)
        data = writes.parse(DeviceDecision, await call.body())
        approved = data.decision == "approve"
        found = await decide_device(
            call.house, data.user_code, approve=approved, by=call.by, actor=call.actor
        )
        return JSONResponse({**found, "client_id": str(found["client_id"])}, headers=NO_STORE)
    form = await read_form(request)
    try:
        by = await _signed_in(request, form)
        approved = _denied(form) is None
        await decide_device(
            house(request), form.get("user_code", ""), approve=approved, by=by,
            actor=actor_of(request, by.user_id),
        )  # fmt: skip
    except Problem as problem:
        page = device_page(form.get("user_code", "")[:20], problem=problem.detail)
        return HTMLResponse(page, problem.status, NO_STORE)
    return HTMLResponse(done_page("Done. You can go back to the device."), headers=NO_STORE)


@router.post(
    "/v1/oauth/revoke",
    operation_id="revoke_token",
    summary="End the session of a refresh token (RFC 7009)",
    response_class=Response,
    responses=documents.problems(),
    openapi_extra=form_body("token", "token_type_hint", "client_id", "client_secret"),
)
async def revoke_token(request: Request) -> Response:
    """Silent about what was not a token of this client: the answer is 200 all the same."""
    form = await read_form(request)
    here = house(request)
    client = await authenticated_client(here, request, form)
    await sessions.sign_out_token(
        here, form.get("token", ""), actor=actor_of(request, None), client_id=client.id
    )
    return Response(status_code=200, headers=NO_STORE)


@router.post(
    "/v1/oauth/introspect",
    operation_id="introspect_token",
    summary="Whether an access token is good, and whose it is (RFC 7662)",
    response_class=JSONResponse,
    responses=documents.problems(),
    openapi_extra=form_body("token", "token_type_hint", "client_id", "client_secret"),
)
async def introspect_token(request: Request) -> Response:
    form = await read_form(request)
    here = house(request)
    client = await authenticated_client(here, request, form)
    try:
        by = await here.verifier.verify(form.get("token", ""))
    except Unauthenticated:
        return JSONResponse({"active": False}, headers=NO_STORE)
    has_ended = by.session_id in revoked_sessions
    if by.kind != "user" or by.organisation_id != client.organisation_id or has_ended:
        return JSONResponse({"active": False}, headers=NO_STORE)
    return JSONResponse(_introspection(by), headers=NO_STORE)


@router.get(
    "/.well-known/oauth-authorization-server",
    operation_id="get_oauth_metadata",
    summary="What this authorisation server offers (RFC 8414)",
    responses=documents.problems(),
    openapi_extra=PUBLIC,
)
async def get_oauth_metadata(request: Request) -> dict[str, Any]:
    scopes = [f"{resource}:{action}" for resource in RESOURCES for action in ACTIONS]
    return metadata(of_request(request).issuer, scopes)


@router.get(
    "/.well-known/jwks.json",
    operation_id="get_signing_keys",
    summary="The public keys that access tokens are signed with",
    responses=documents.problems(),
    openapi_extra=PUBLIC,
)
async def get_signing_keys(request: Request) -> Response:
    document = await of_request(request).keyring.document(datetime.now(UTC))
    return JSONResponse(document, headers={"Cache-Control": "public, max-age=300"})


def _denied(form: Mapping[str, str]) -> OAuthCode | None:
    return None if form.get("decision") == "approve" else OAuthCode.ACCESS_DENIED


async def _signed_in(request: Request, form: Mapping[str, str]) -> Principal:
    """Password and code as at any sign-in, locks included; the session ends with the request."""
    here = house(request)
    try:
        data = SignIn(
            email=form.get("email", ""), password=form.get("password", ""), totp=form.get("totp")
        )
    except ValidationError as error:
        raise Unauthenticated("Fill in your e-mail address and password.") from error
    answer = await sessions.sign_in(here, data, device_of(request), actor=actor_of(request, None))
    by = await here.verifier.verify(answer["access_token"])
    await sessions.sign_out(here, by, everywhere=False, actor=actor_of(request, by.user_id))
    return by


def _introspection(by: Principal) -> dict[str, Any]:
    return {
        "active": True,
        "sub": str(by.user_id),
        "aud": "guanxi",
        "exp": int(by.expires_at),
        "scope": " ".join(sorted(by.scopes if by.scopes is not None else by.permissions)),
        "org": str(by.organisation_id),
    }
