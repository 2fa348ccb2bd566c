"""A pool with records in it, time that has passed, and the sweep that a worker would do."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from guanxi_contacts.pools.sweeping import Swept, sweep_organisation
from guanxi_shared.db import Database
from tests.factories import Clients, Organisation, User

MakePool = Callable[..., Awaitable[dict[str, Any]]]
MakeAccount = Callable[..., Awaitable[dict[str, Any]]]
PassTime = Callable[..., Awaitable[None]]
Sweep = Callable[..., Awaitable[Swept]]


@pytest.fixture
def make_pool(client: Clients, organisation: Organisation) -> MakePool:
    async def make(**fields: Any) -> dict[str, Any]:
        sent = {"name": "Open to all", **fields}
        answer = await client(organisation.admin).post("/v1/pools", json=sent)
        assert answer.status_code == 201, answer.text
        record: dict[str, Any] = answer.json()
        return record

    return make


@pytest.fixture
def make_account(client: Clients, organisation: Organisation) -> MakeAccount:
    """Of somebody, or of nobody: then it lies in the first pool that takes it."""

    async def make(owner: User | None = None, **fields: Any) -> dict[str, Any]:
        admin = client(organisation.admin)
        owner_id = str(owner.id) if owner is not None else None
        sent = {"name": "北京未来科技有限公司", "phones": [{"number": "010-65544321"}], **fields}
        made = (await admin.post("/v1/accounts", json=sent)).json()
        answer = await admin.patch(f"/v1/accounts/{made['id']}", json={"owner_id": owner_id})
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        return record

    return make


@pytest.fixture
def pass_time(service_database: Database, organisation: Organisation) -> PassTime:
    """As if all that is known of an account had been so many days earlier."""

    async def pass_days(account: dict[str, Any], days: int) -> None:
        async with service_database.transaction(organisation.id) as connection:
            await connection.execute(
                "UPDATE account_dealings SET owned_since = owned_since - $2::interval,"
                " last_activity_at = last_activity_at - $2::interval,"
                " last_won_at = last_won_at - $2::interval,"
                " protected_until = protected_until - $2::interval,"
                " warned_at = warned_at - $2::interval WHERE account_id = $1::text::uuid",
                account["id"],
                timedelta(days=days),
            )

    return pass_days


@pytest.fixture
def sweep(service_database: Database, organisation: Organisation) -> Sweep:
    async def run() -> Swept:
        return await sweep_organisation(service_database, organisation.id, now=datetime.now(UTC))

    return run


async def claim(
    user: httpx.AsyncClient, pool: dict[str, Any], *records: dict[str, Any]
) -> httpx.Response:
    return await user.post(
        f"/v1/pools/{pool['id']}/claim", json={"record_ids": [each["id"] for each in records]}
    )


async def events_of(user: httpx.AsyncClient, record: dict[str, Any]) -> list[str]:
    """The verbs of a record's history, oldest first."""
    found = await user.get(f"/v1/accounts/{record['id']}/history")
    return [entry["type"].rpartition(".")[2] for entry in reversed(found.json()["data"])]
