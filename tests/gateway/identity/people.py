"""People and their companies as tests speak of them, through the gateway's own API."""

import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

PASSWORD = "correct horse battery staple"
_numbers = itertools.count()


def unique() -> str:
    return f"c{next(_numbers)}-{uuid.uuid4().hex[:8]}"


@dataclass
class Person:
    client: httpx.AsyncClient
    id: str
    email: str
    tokens: dict[str, Any] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens['access_token']}"}

    async def sign_in(self, password: str = PASSWORD, **more: Any) -> httpx.Response:
        body = {"email": self.email, "password": password, **more}
        answer = await self.client.post("/v1/auth/sign-in", json=body)
        if answer.status_code == 200:
            self.tokens = answer.json()
        return answer

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.request("GET", path, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return await self.request("POST", path, json={} if json is None else json, **more)

    async def patch(self, path: str, json: Any, **more: Any) -> httpx.Response:
        return await self.request("PATCH", path, json=json, **more)

    async def put(self, path: str, **more: Any) -> httpx.Response:
        return await self.request("PUT", path, **more)

    async def delete(self, path: str, **more: Any) -> httpx.Response:
        return await self.request("DELETE", path, **more)

    async def request(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        sent = {**self.headers, **(headers or {})}
        return await self.client.request(method, path, headers=sent, **more)


@dataclass
class Company:
    client: httpx.AsyncClient
    id: str
    admin: Person

    async def hire(
        self, role: str = "sales", *, teams: tuple[str, ...] = (), name: str = "李娜", **more: Any
    ) -> Person:
        """A new user, signed in."""
        email = f"{unique()}@people.example"
        body = {"email": email, "name": name, "role": role, "password": PASSWORD, **more}
        answer = await self.admin.post("/v1/users", {**body, "team_ids": list(teams)})
        assert answer.status_code == 201, answer.text
        person = Person(self.client, id=answer.json()["id"], email=email)
        assert (await person.sign_in()).status_code == 200
        return person

    async def team(self, name: str, parent: str | None = None) -> str:
        answer = await self.admin.post("/v1/teams", {"name": name, "parent_id": parent})
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found
