"""Queues, agents, and the tickets that they bring together."""

from collections.abc import Mapping
from typing import Any

import httpx

from guanxi_shared.db import Database
from tests.factories import (
    Organisation,
    User,
    apply_to_directory,
    directory_event,
    new_user,
    user_state,
)
from tests.tickets.company import PATH, in_role
from tests.tickets.promising import sent

QUEUES, AGENTS = "/v1/queues", "/v1/agents"
ROUND_THE_CLOCK = {"time_zone": "UTC", "hours": {day: [{"from": "00:00", "to": "24:00"}] for day in (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")}}  # fmt: skip
NEVER = {"time_zone": "UTC", "hours": {}}


async def queue(user: httpx.AsyncClient, company: Organisation, **more: Any) -> dict[str, Any]:
    body = {"name": "Billing", "team_id": str(company.teams["a"]), **more}
    return await sent(user, QUEUES, body)


async def agent(user: httpx.AsyncClient, who: User, **more: Any) -> dict[str, Any]:
    return await sent(user, AGENTS, {"user_id": str(who.id), **more})


async def claim(user: httpx.AsyncClient, queue: Mapping[str, Any], **more: Any) -> httpx.Response:
    return await user.post(f"{QUEUES}/{queue['id']}/claim", **more)


async def waiting(user: httpx.AsyncClient, queue: Mapping[str, Any]) -> list[dict[str, Any]]:
    query = f"{PATH}?queue_id={queue['id']}&assignee_id[is_null]=true&status_kind[nin]=solved,closed&limit=200"
    found: list[dict[str, Any]] = (await user.get(query)).json()["data"]
    return found


async def log_of(user: httpx.AsyncClient, ticket: Mapping[str, Any]) -> list[dict[str, Any]]:
    answer = await user.get(f"{PATH}/{ticket['id']}/assignments")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def more_agents(database: Database, company: Organisation, count: int) -> list[User]:
    """More people of team A."""
    team = company.teams["a"]
    users = [
        in_role(new_user(company.id, f"agent {n}", "agent", teams=[team]), "agent")
        for n in range(count)
    ]
    known = Organisation(
        company.id, {**company.users, **{u.name: u for u in users}}, company.teams, company.parents
    )
    states = [directory_event(company.id, "user", user_state(u, known)) for u in users]
    await apply_to_directory(database, states)
    return users
