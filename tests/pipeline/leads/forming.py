"""What tests of web forms share: a form, what is filled in, and what became of it."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.factories import Clients, Organisation

Formed = Callable[..., Awaitable[dict[str, Any]]]
FIELDS: list[dict[str, Any]] = [
    {"name": "name", "label": "Your name", "is_required": True},
    {"name": "email", "label": "Email"}, {"name": "phone", "label": "Phone"},
    {"name": "company", "label": "Company"}, {"name": "industry", "label": "Industry"},
    {"name": "description", "label": "How can we help?"},
]  # fmt: skip
FILLED = {"name": "李雷", "email": "lilei@weilai.example", "phone": "138 0013 8000"}


def at(form: dict[str, Any]) -> str:
    return f"/v1/public/forms/{form['key']}"


async def leads_of(client: Clients, organisation: Organisation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client(organisation.admin).get("/v1/leads")).json()["data"]
    return found


async def counts_of(client: Clients, organisation: Organisation, form: dict[str, Any]) -> Any:
    path = f"/v1/leads/forms/{form['id']}/counts"
    days = (await client(organisation.manager).get(path)).json()["data"]
    return [(day["taken"], day["trapped"], day["limited"]) for day in days]
