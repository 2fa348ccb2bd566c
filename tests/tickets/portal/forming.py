"""What tests of forms and the portal share: a form, what is filled in, and what a link opens."""

from typing import Any

import httpx

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH

FIELDS: list[dict[str, Any]] = [
    {"name": "name", "label": "Your name", "is_required": True},
    {"name": "email", "label": "Email"}, {"name": "phone", "label": "Phone"},
    {"name": "subject", "label": "What about?"}, {"name": "description", "label": "What happened?"},
]  # fmt: skip
FILLED = {"name": "李雷", "email": "LiLei@Weilai.example", "subject": "发票错了"}
PORTAL = "/v1/public/portal"


async def formed(user: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    sent = {"name": "Complaints", "fields": FIELDS, **more}
    answer = await user.post(f"{PATH}/forms", json=sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def at(form: dict[str, Any]) -> str:
    return f"/v1/public/ticket-forms/{form['key']}"


async def counts_of(user: httpx.AsyncClient, form: dict[str, Any]) -> list[tuple[int, int, int]]:
    days = (await user.get(f"{PATH}/forms/{form['id']}/counts")).json()["data"]
    return [(day["taken"], day["trapped"], day["limited"]) for day in days]


async def tickets_of(client: Clients, company: Organisation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client(company.admin).get(PATH)).json()["data"]
    return found


async def link_to(user: httpx.AsyncClient, ticket: dict[str, Any], **sent: Any) -> str:
    """The path of a new link."""
    answer = await user.post(f"{PATH}/{ticket['id']}/portal-link", json=sent)
    assert answer.status_code == 201, answer.text
    path: str = answer.json()["path"]
    return path
