"""Agents, and the tickets they make."""

from dataclasses import replace
from typing import Any

import httpx

from guanxi_gateway.identity.permission_rules import BUILT_IN, token_visibility
from tests.factories import Organisation, User

PATH = "/v1/tickets"
AGENTS = ("rep", "rep2", "junior", "other_rep")


def in_role(user: User, role: str) -> User:
    rule = BUILT_IN[role]
    return user.but(
        role=role, permissions=rule.permissions, visibility=token_visibility(rule.visibility)
    )


def with_agents(organisation: Organisation) -> Organisation:
    users = {
        name: in_role(user, "agent") if name in AGENTS else user
        for name, user in organisation.users.items()
    }
    return replace(organisation, users=users)


async def made(user: httpx.AsyncClient, subject: str = "Help", **sent: Any) -> dict[str, Any]:
    answer = await user.post(PATH, json={"subject": subject, **sent})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def moved(user: httpx.AsyncClient, ticket: dict[str, Any], status: str) -> dict[str, Any]:
    answer = await user.post(f"{PATH}/{ticket['id']}/move", json={"status": status})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told_of(user: httpx.AsyncClient, subject_id: str) -> list[str]:
    """The types of what the feed tells of one record, in order."""
    events = (await user.get("/v1/events?limit=1000")).json()
    return [event["type"] for event in events if event["subject"].endswith(subject_id)]
