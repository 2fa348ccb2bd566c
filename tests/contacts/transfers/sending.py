"""Uploads a file, starts its import and waits for the job."""

from dataclasses import dataclass, replace
from typing import Any

import httpx
import orjson

from tests.deadlines import until

ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class Sender:
    client: httpx.AsyncClient
    resource: str = "accounts"

    def of(self, resource: str) -> "Sender":
        return replace(self, resource=resource)

    def by(self, client: httpx.AsyncClient) -> "Sender":
        return replace(self, client=client)

    async def upload(
        self, content: str | bytes, *, name: str = "customers.csv", **fields: Any
    ) -> httpx.Response:
        data = content.encode() if isinstance(content, str) else content
        form = {"resource": self.resource, **fields}
        return await self.client.post("/v1/imports", files={"file": (name, data)}, data=form)

    async def start(self, import_id: str, **options: Any) -> httpx.Response:
        return await self.client.post(f"/v1/imports/{import_id}/start", json=options)

    async def __call__(self, content: str | bytes, **options: Any) -> dict[str, Any]:
        """The import as it is when its job has ended."""
        answer = await self.upload(content, start="true", options=orjson.dumps(options).decode())
        assert answer.status_code == 202, answer.text
        return await self.ended(answer.json()["id"])

    async def ended(self, import_id: str, *, seconds: float = 60.0) -> dict[str, Any]:
        async def found() -> dict[str, Any] | None:
            answer = await self.client.get(f"/v1/imports/{import_id}")
            assert answer.status_code == 200, answer.text
            shown: dict[str, Any] = answer.json()
            return shown if shown["job"]["status"] in ENDED else None

        return await until(found, seconds=seconds)

    async def records(self, **filters: Any) -> list[dict[str, Any]]:
        """All records that the sender sees, by creation."""
        found: list[dict[str, Any]] = []
        params: dict[str, Any] = {"limit": 200, "sort": "id", **filters}
        while True:
            answer = await self.client.get(f"/v1/{self.resource}", params=params)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["data"]
            if not page["page"]["has_more"]:
                return found
            params["cursor"] = page["page"]["next_cursor"]

    async def errors(self, import_id: str) -> str:
        answer = await self.client.get(f"/v1/imports/{import_id}/errors.csv")
        assert answer.status_code == 200, answer.text
        return answer.content.decode("utf-8-sig")
