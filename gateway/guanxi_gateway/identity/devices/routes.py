"""Devices over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.actors import actor_of
from guanxi_gateway.identity.devices import service
from guanxi_gateway.identity.devices.schemas import DeviceRead, DeviceRegister, WipeDone
from guanxi_gateway.identity.presence import demand_no_parameters, gets_present
from guanxi_gateway.identity.resources import DEVICES
from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import begin, house
from guanxi_shared.db import Connection
from guanxi_shared.documents import problems
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import Loaded, State, state_bytes
from guanxi_shared.writes import parse

router = APIRouter(tags=["devices"])
PATH = "/v1/devices"
ONE = PATH + "/{device_id}"
SHOWN = tuple(DEVICES.fields)


@router.get(PATH, **documents.lists(DEVICES))
async def list_devices(request: Request) -> Response:
    return await reads.list_records(await begin(request, "devices:read"), DEVICES)


@router.get(ONE, **gets_present(DEVICES))
async def get_device(request: Request) -> Response:
    call = await begin(request, "devices:read")
    demand_no_parameters(call)
    return await reads.get_record(call, DEVICES, request.path_params["device_id"])


@router.post(
    PATH,
    **documents.operation(
        "register_device",
        "Register this device, or tell what is new about it",
        parameters=[documents.IDEMPOTENCY_KEY],
        body=DeviceRegister,
        response_model=DeviceRead,
        status_code=201,
        responses={
            201: {"description": "Registered"},
            200: {"model": DeviceRead, "description": "It was known; this is what is known now."},
            **problems(409, 410, 413, 415, 422),
        },
    ),
)
async def register_device(request: Request) -> Response:
    call = await begin(request, "devices:create")
    raw = await call.body()
    data = parse(DeviceRegister, raw)

    async def work(connection: Connection) -> Answer:
        row, is_new = await service.register_device(connection, data, by=call.by, actor=call.actor)
        state = _shown(row)
        headers = {"etag": writes.etag_of(state), "location": f"{PATH}/{state['id']}"}
        return Answer(201 if is_new else 200, state_bytes(state), headers)

    return await answer_once(call, work, fingerprint_of=raw)


@router.post(
    ONE + "/wipe",
    **documents.acts(DEVICES, "wipe", "End its sessions at once, and have it delete what it holds"),
)
async def wipe_device(request: Request) -> Response:
    call = await begin(request, "devices:delete")
    device_id, scope = id_in_path(request.path_params["device_id"]), await call.scope(DEVICES.name)
    ended = []

    async def work(connection: Connection) -> State:
        device = await service.load_device(connection, call.organisation, device_id, scope=scope)
        row, sessions = await service.order_wipe(
            connection, call.organisation, device, actor=call.actor
        )
        ended.extend(sessions)
        return _shown(row)

    response = await writes.act(call, work)
    service.end_here(ended)
    return response


@router.delete(
    ONE,
    **documents.acts(DEVICES, "forget", "Forget it, and end its sessions at once", takes_key=False),
)
async def forget_device(request: Request) -> Response:
    call = await begin(request, "devices:delete")
    device_id, scope = id_in_path(request.path_params["device_id"]), await call.scope(DEVICES.name)
    version = writes.wanted_version(call)
    ended = []

    async def work(connection: Connection) -> State:
        device = await service.load_device(connection, call.organisation, device_id, scope=scope)
        hints = {"takes_hints": device["takes_hints"]}
        loaded = Loaded({**device, "organisation_id": call.organisation}, hints)
        await writes.check_version(connection, DEVICES, loaded, version)
        ended.extend(
            await service.forget_device(connection, call.organisation, device, actor=call.actor)
        )
        return _shown(device)

    response = await writes.act(call, work)
    service.end_here(ended)
    return response


@router.post(
    service.ACKNOWLEDGE,
    status_code=204,
    operation_id="acknowledge_device_wipe",
    summary="A wiped device tells that it holds nothing any more",
    responses=problems(404, 413, 422),
    openapi_extra={"security": []},
)
async def acknowledge_device_wipe(data: WipeDone, request: Request) -> None:
    await service.acknowledge_wipe(
        house(request), data.refresh_token, data.device_id, actor=actor_of(request, None)
    )


def _shown(row: service.Row) -> State:
    return {name: row[name] for name in SHOWN}
