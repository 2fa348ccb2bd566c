"""Who writes: an organisation's admin, who sees everything, and two salespeople, who see their own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

import httpx

from tests.suite import ELSEWHERE, Admin


@dataclass(frozen=True)
class Person:
    """`own` is the id of who sees only what is theirs; None for who sees all."""

    sign_in: Callable[[], Awaitable[str]]
    own: str | None = None


async def people_of(admin: Admin) -> list[Person]:
    async def sign_in() -> str:
        return await asyncio.to_thread(admin.token)

    token = await sign_in()
    reps = [await _salesperson(admin.suite.url, token) for _ in range(2)]
    return [Person(sign_in), *reps]


async def _salesperson(url: str, token: str) -> Person:
    sent = {
        "email": f"rep@{uuid4().hex[:12]}.example", "name": "Rep", "role": "sales",
        "password": f"Storm-{uuid4().hex}",
    }  # fmt: skip
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        made = await http.post("/v1/users", json=sent, headers={"authorization": f"Bearer {token}"})
        made.raise_for_status()

    async def sign_in() -> str:
        async with httpx.AsyncClient(base_url=url, timeout=20) as http:
            said = {name: sent[name] for name in ("email", "password")}
            answer = await http.post("/v1/auth/sign-in", json=said, headers=ELSEWHERE)
            answer.raise_for_status()
            return str(answer.json()["access_token"])

    return Person(sign_in, str(made.json()["id"]))
