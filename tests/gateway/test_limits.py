"""Leases against a real Postgres: the limit holds for all replicas together, few statements."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from guanxi_gateway.limits import FORGET_SQL, Budget, Budgets
from guanxi_gateway.limits_rules import Limit
from guanxi_shared.auth import Principal
from guanxi_shared.errors import TooMany, Unavailable
from guanxi_shared.launch.postgres import EmbeddedPostgres
from tests.gateway.loopback import Service, bearer, in_front_of, token

TABLE = "CREATE UNLOGGED TABLE rate_limits (key text PRIMARY KEY, arrival float8 NOT NULL)"
LARGE = Limit("calls", 60_000, 60, 60_000)
SMALL = Limit("calls", 30, 60, 30)


class Counted:
    """`fetchrow` of a pool, counting; as many of them as there are replicas."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.calls = 0

    async def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        return await self.pool.fetchrow(*arguments)


@pytest.fixture(scope="module")
async def pool(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[asyncpg.Pool]:
    folder: Path = tmp_path_factory.mktemp("limits")
    postgres = EmbeddedPostgres(folder / "data", fast=True)
    postgres.start()
    try:
        async with asyncpg.create_pool(postgres.admin_url, min_size=1, max_size=8) as made:
            await made.execute(TABLE)
            yield made
    finally:
        postgres.destroy()


@pytest.fixture
def key() -> str:
    return f"credential:{uuid7()}"


async def spend(budget: Budget, cost: int = 1) -> bool:
    if budget.spend(cost):
        return True
    try:
        await budget.renew(cost)
    except TooMany:
        return False
    return True


async def test_hundreds_of_calls_ask_the_database_a_handful_of_times(
    pool: asyncpg.Pool, key: str
) -> None:
    counted = Counted(pool)
    budget = Budget(key, LARGE, counted)
    assert all([await spend(budget) for _ in range(5_000)])
    assert counted.calls <= 8


async def test_replicas_together_allow_what_one_would(pool: asyncpg.Pool, key: str) -> None:
    replicas = [Budget(key, SMALL, Counted(pool)) for _ in range(4)]

    async def hammer(budget: Budget) -> int:
        return sum([await spend(budget) for _ in range(60)])

    allowed = sum(await asyncio.gather(*(hammer(budget) for budget in replicas)))
    assert 30 <= allowed <= 32  # the burst, and what trickled in meanwhile


async def test_a_refusal_says_when_to_come_back_and_is_remembered(
    pool: asyncpg.Pool, key: str
) -> None:
    counted = Counted(pool)
    budget = Budget(key, SMALL, counted)
    while await spend(budget):
        pass
    before = counted.calls
    with pytest.raises(TooMany) as refused:
        await budget.renew(1)
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    assert refused.value.headers["RateLimit-Policy"] == '"calls";q=30;w=60'
    assert counted.calls == before


async def test_a_dear_call_costs_what_it_costs(pool: asyncpg.Pool, key: str) -> None:
    budget = Budget(key, SMALL, Counted(pool))
    assert [await spend(budget, 10) for _ in range(4)] == [True, True, True, False]


async def test_many_calls_at_once_share_one_renewal(pool: asyncpg.Pool, key: str) -> None:
    counted = Counted(pool)
    budget = Budget(key, LARGE, counted)
    assert all(await asyncio.gather(*(spend(budget) for _ in range(200))))
    assert counted.calls == 1


async def test_without_a_database_reads_stay_open_within_the_limit_and_sign_in_is_closed() -> None:
    async def away(*arguments: Any) -> Any:
        raise ConnectionRefusedError

    budget = Budget("x", SMALL, away)
    assert sum([await spend(budget) for _ in range(60)]) == 30
    with pytest.raises(Unavailable):
        await Budgets(away).pay("address:1", SMALL, cost=1, fail_open=False)


async def test_a_database_that_hangs_delays_a_call_for_half_a_second_at_most() -> None:
    async def hangs(*arguments: Any) -> Any:
        await asyncio.Event().wait()

    async with asyncio.timeout(2):
        assert await spend(Budget("x", SMALL, hangs))


async def test_what_has_run_out_long_ago_is_forgotten(pool: asyncpg.Pool, key: str) -> None:
    await pool.execute("INSERT INTO rate_limits VALUES ($1, 1.0)", key)
    assert await spend(Budget(f"{key}2", SMALL, Counted(pool)))
    await pool.execute(FORGET_SQL)
    kept = {row["key"] for row in await pool.fetch("SELECT key FROM rate_limits")}
    assert key not in kept
    assert f"{key}2" in kept


async def test_the_door_counts_calls_by_credential_and_says_what_is_left(
    pool: asyncpg.Pool,
) -> None:
    async def limit_of(principal: Principal) -> Limit:
        return SMALL

    service = Service()
    async with in_front_of(service, limit_of=limit_of, fetchrow=Counted(pool)) as client:
        mine, other = bearer(token()), bearer(token())
        first = await client.get("/v1/accounts/1", headers=mine)
        batch = await client.post("/v1/accounts/batch", headers=mine)
        refused = await client.post("/v1/accounts/batch", headers=mine)
        someone_else = await client.get("/v1/accounts/1", headers=other)
    assert first.headers["ratelimit"] == '"calls";r=29;t=2'
    assert batch.headers["ratelimit"].startswith('"calls";r=9;')
    assert refused.status_code == 429
    assert refused.json()["code"] == "too_many"
    assert int(refused.headers["retry-after"]) >= 1
    assert someone_else.status_code == 200
    assert len(service.seen) == 3


@pytest.fixture
async def guessing(pool: asyncpg.Pool) -> dict[str, Any]:
    """A gateway that allows three sign-ins at once, none of them used up."""
    await pool.execute("TRUNCATE rate_limits")
    return {"own": Service(name="gateway"), "fetchrow": Counted(pool), "sign_in_quota": 6}


async def test_sign_in_is_limited_by_address(guessing: dict[str, Any]) -> None:
    async with in_front_of(Service(), **guessing) as client:
        statuses = [(await client.post("/v1/auth/sign-in", json={})).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


JSON = ("content-type", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("headers", "last"),
    [([JSON], 200), ([FORM], 429), ([FORM, JSON], 429), ([JSON, FORM], 429), ([], 429)],
)
async def test_only_json_without_a_token_is_no_guess_at_a_password(
    guessing: dict[str, Any], headers: list[tuple[str, str]], last: int
) -> None:
    """The application refuses it with 401, as often as it is sent."""
    path = "/v1/oauth/authorize"
    async with in_front_of(Service(), **guessing) as client:
        for _ in range(4):
            answer = await client.post(path, content=b"{}", headers=headers)
    assert answer.status_code == last
