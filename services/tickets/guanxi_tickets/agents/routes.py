"""Agents over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, finding, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_tickets.agents import service
from guanxi_tickets.agents.resources import AGENTS
from guanxi_tickets.agents.schemas import AgentCreate, AgentUpdate, Availability

router = APIRouter(tags=["queues"])
PATH = "/v1/agents"
ONE = PATH + "/{agent_id}"


@router.get(PATH, **documents.lists(AGENTS))
async def list_agents(request: Request) -> Response:
    return await reads.list_records(await begin(request, "agents:read"), AGENTS)


@router.post(PATH + "/search", **documents.searches(AGENTS))
async def search_agents(request: Request) -> Response:
    return await reads.search_records(await begin(request, "agents:read"), AGENTS)


@router.get(ONE, **documents.gets(AGENTS))
async def get_agent(request: Request) -> Response:
    call = await begin(request, "agents:read")
    agent_id = request.path_params["agent_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, AGENTS, agent_id, moment)
    return await reads.get_record(call, AGENTS, agent_id)


@router.post(PATH, **documents.creates(AGENTS, AgentCreate))
async def create_agent(request: Request) -> Response:
    call = await begin(request, "agents:create")
    return await writes.create(call, AGENTS, AgentCreate, service.create_agent, path=PATH)


@router.patch(ONE, **documents.updates(AGENTS, AgentUpdate))
async def update_agent(request: Request) -> Response:
    call = await begin(request, "agents:update")
    agent_id, version = id_in_path(request.path_params["agent_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        AgentUpdate,
        lambda connection, data: service.update_agent(call, connection, agent_id, data, version),
    )


@router.post(
    ONE + "/availability",
    **documents.operation(
        "set_agent_availability",
        "Say whether one takes tickets just now: of oneself, or of whom one leads",
        parameters=[documents.path_id("agent_id"), documents.IDEMPOTENCY_KEY],
        body=Availability,
        response_model=AGENTS.model,
        responses=documents.problems(404, 409, 413, 415, 422),
    ),
)
async def set_agent_availability(request: Request) -> Response:
    call = await begin(request, "agents:read")
    agent_id, raw = id_in_path(request.path_params["agent_id"]), await call.body()
    data = writes.parse(Availability, raw)
    return await writes.act(
        call, lambda connection: service.set_availability(call, connection, agent_id, data), raw=raw
    )


@router.delete(ONE, **documents.acts(AGENTS, "delete", "Put an agent away", takes_key=False))
async def delete_agent(request: Request) -> Response:
    call = await begin(request, "agents:delete")
    agent_id, version = id_in_path(request.path_params["agent_id"]), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_agent(call, connection, agent_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(AGENTS, "restore", "Bring an agent back"))
async def restore_agent(request: Request) -> Response:
    call = await begin(request, "agents:delete")
    agent_id = id_in_path(request.path_params["agent_id"])
    return await writes.act(
        call, lambda connection: service.restore_agent(call, connection, agent_id)
    )


@router.get(ONE + "/history", **documents.histories(AGENTS))
async def get_agent_history(request: Request) -> Response:
    call = await begin(request, "agents:read")
    return await history.get_history(call, AGENTS, request.path_params["agent_id"])


VERBS = Verbs(
    create_model=AgentCreate,
    update_model=AgentUpdate,
    create=service.create_agent,
    update=service.update_agent,
    delete=service.delete_agent,
    find=finding(AGENTS, {"id": "id = $2::text::uuid", "user_id": "owner_id = $2::text::uuid"}),
)


@router.post(PATH + "/batch", **documents.batches(AGENTS, BatchRequest, BatchAnswer))
async def batch_agents(request: Request) -> Response:
    return await run_batch(await begin(request, None), AGENTS, VERBS)
