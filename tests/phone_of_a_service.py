"""A phone that speaks with one service as the gateway does, and does what WatermelonDB's client does."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id

CHANGES, CHECK, APPLY = (f"/internal/sync/{verb}" for verb in ("changes", "check", "apply"))
Unnumbered = Callable[[], AbstractAsyncContextManager[None]]
Held = dict[str, dict[str, Any]]


async def ask(client: httpx.AsyncClient, path: str, **body: Any) -> Mapping[str, Any]:
    answer = await client.post(path, json=body, headers={"x-guanxi-channel": "sync"})
    assert answer.status_code == 200, answer.text
    found: Mapping[str, Any] = answer.json()
    return found


@dataclass
class Phone:
    """What a client does with what it is told, and what it holds by that."""

    client: httpx.AsyncClient
    device: str = field(default_factory=lambda: f"phone-{new_id()}")
    standing: Any = None
    rows: dict[str, Held] = field(default_factory=dict)

    async def pull(self) -> dict[str, dict[str, list[Any]]]:
        found = await ask(self.client, CHANGES, standing=self.standing, device_id=self.device)
        assert "expired" not in found, found
        changes: dict[str, dict[str, list[Any]]] = found["changes"]
        self.standing = found["standing"]
        for table, told in changes.items():
            rows = self.rows.setdefault(table, {})
            rows |= {row["id"]: row for kind in ("created", "updated") for row in told[kind]}
            for id in told["deleted"]:
                rows.pop(id, None)
        return changes

    async def push(self, table: str, **kinds: Any) -> dict[str, Any]:
        sent = {table: kinds}
        return dict(
            await ask(
                self.client, APPLY, standing=self.standing, device_id=self.device, changes=sent
            )
        )

    async def agrees(self) -> None:
        """It holds what a new phone of the same person gets."""
        await self.pull()
        fresh = Phone(self.client)
        await fresh.pull()
        assert self.rows == fresh.rows


def place_of(id: str, told: dict[str, dict[str, list[Any]]], table: str = "accounts") -> str | None:
    for kind, items in told[table].items():
        if id in [item if kind == "deleted" else item["id"] for item in items]:
            return kind
    return None


def unnumbered_in(service: Edge, monkeypatch: pytest.MonkeyPatch) -> Unnumbered:
    """Pulls whose moment comes after commits that nobody gave a position to: as when they are made between
    the numbering and the snapshot, which no test can hit by waiting."""

    @asynccontextmanager
    async def holding() -> AsyncIterator[None]:
        async def nothing() -> None: ...

        with monkeypatch.context() as patch:
            patch.setattr(service.state.house.feed, "number", nothing)
            yield

    return holding
