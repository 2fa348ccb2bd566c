"""An organisation with people, made through the public API: an admin, a manager with a team of five,
one of whom is the salesperson that everything is measured as."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx

from tests.bench.processes import SETUP_TOKEN

PASSWORD = "correct horse battery staple 17"
MATES = 4
# Limits stay on, out of reach.
LIMIT = {"rate_quota": 100_000_000, "rate_window_seconds": 60}


@dataclass(frozen=True)
class Member:
    id: UUID
    token: str


@dataclass(frozen=True)
class Organisation:
    id: UUID
    admin: Member
    manager: Member
    seller: Member
    mates: tuple[Member, ...]


def found_organisation(url: str) -> Organisation:
    """Raises httpx.HTTPStatusError when the gateway refuses a step."""
    with httpx.Client(base_url=url, timeout=30) as client:
        client.event_hooks = {"response": [_demand_success]}
        admin = {"email": "admin@bench.example", "name": "Admin", "password": PASSWORD}
        asked = {"name": "Bench", "time_zone": "Asia/Shanghai", "admin": admin}
        headers = {"x-setup-token": SETUP_TOKEN}
        made = client.post("/v1/organisations", json=asked, headers=headers).json()
        client.headers["authorization"] = f"Bearer {sign_in(client, 'admin')}"
        client.patch("/v1/organisation", json=LIMIT)
        team = client.post("/v1/teams", json={"name": "Sales"}).json()["id"]
        manager = add_user(client, "manager", "manager", team)
        seller = add_user(client, "seller", "sales", team)
        mates = {f"mate{i}": add_user(client, f"mate{i}", "sales", team) for i in range(MATES)}
        return Organisation(
            id=UUID(made["id"]),
            admin=Member(UUID(made["admin_id"]), sign_in(client, "admin")),
            manager=Member(manager, sign_in(client, "manager")),
            seller=Member(seller, sign_in(client, "seller")),
            mates=tuple(Member(mate, sign_in(client, name)) for name, mate in mates.items()),
        )


def signed_in_again(url: str, known: Organisation) -> Organisation:
    """The same people with new tokens: a whole run takes longer than one is good for."""
    with httpx.Client(base_url=url, timeout=30) as client:
        client.event_hooks = {"response": [_demand_success]}

        def renewed(handle: str, member: Member) -> Member:
            return Member(member.id, sign_in(client, handle))

        return replace(
            known,
            admin=renewed("admin", known.admin),
            manager=renewed("manager", known.manager),
            seller=renewed("seller", known.seller),
            mates=tuple(renewed(f"mate{i}", mate) for i, mate in enumerate(known.mates)),
        )


def sign_in(client: httpx.Client, handle: str) -> str:
    """An access token; good for fifteen minutes."""
    body = {"email": f"{handle}@bench.example", "password": PASSWORD}
    token: str = client.post("/v1/auth/sign-in", json=body).json()["access_token"]
    return token


def add_user(client: httpx.Client, handle: str, role: str, team: str) -> UUID:
    body: dict[str, Any] = {
        "email": f"{handle}@bench.example",
        "name": handle.capitalize(),
        "role": role,
        "password": PASSWORD,
        "team_ids": [team],
    }
    return UUID(client.post("/v1/users", json=body).json()["id"])


def _demand_success(response: httpx.Response) -> None:
    if response.is_error:
        response.read()
        message = f"{response.request.url.path}: {response.status_code} {response.text[:300]}"
        raise httpx.HTTPStatusError(message, request=response.request, response=response)
