"""Calendars and policies, and what the clocks of a ticket show."""

from typing import Any

import httpx

from tests.tickets.company import PATH

CALENDARS, POLICIES = "/v1/business-calendars", "/v1/sla-policies"
OFFICE = [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]
SHANGHAI: dict[str, Any] = {
    "name": "上海", "time_zone": "Asia/Shanghai", "hours": {"monday": OFFICE, "friday": OFFICE},
    "holidays": [{"on": "2026-10-01", "name": "国庆节"}],
}  # fmt: skip
TARGETS = {
    "normal": {
        "first_response": {"seconds": 3600, "warnings": [50]},
        "resolution": {"seconds": 7200},
    }
}


async def sent(user: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await user.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def policy(user: httpx.AsyncClient, calendar_id: str, **more: Any) -> dict[str, Any]:
    body = {"name": "Gold", "calendar_id": calendar_id, "targets": TARGETS, **more}
    return await sent(user, POLICIES, body)


async def clocks(user: httpx.AsyncClient, ticket: dict[str, Any]) -> dict[str, Any]:
    answer = await user.get(f"{PATH}/{ticket['id']}/sla/explain")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
