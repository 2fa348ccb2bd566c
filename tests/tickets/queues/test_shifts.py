"""A shift ends: what is new or open goes where its queue says, once; what waits for others stays."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guanxi_shared.db import Database
from guanxi_tickets.assignments.handing_back import end_shifts
from tests.factories import Clients, Organisation, User
from tests.tickets.company import PATH, made, moved
from tests.tickets.queueing import AGENTS, NEVER, ROUND_THE_CLOCK, agent, log_of, more_agents, queue

ENDED = "UPDATE agents SET shift_ends_at = now() - interval '1 second' WHERE organisation_id = $1 AND owner_id = $2"


async def ended(database: Database, company: Organisation, user: User) -> None:
    """As if the shift that the plan says had ended just now."""
    async with database.transaction(company.id) as connection:
        await connection.execute(ENDED, company.id, user.id)


async def end_of(database: Database, company: Organisation, user: User) -> Any:
    sql = "SELECT shift_ends_at FROM agents WHERE organisation_id = $1 AND owner_id = $2"
    async with database.transaction(company.id) as connection:
        return await connection.fetchval(sql, company.id, user.id)


@pytest.mark.parametrize(("setting", "means"), [("keep", []), ("return", ["return"]), ("hand_over", ["hand_over"])])  # fmt: skip
async def test_each_queue_says_what_becomes_of_its_tickets(
    client: Clients, company: Organisation, service_database: Database,
    setting: str, means: list[str],
) -> None:  # fmt: skip
    admin, rep = client(company.admin), client(company.rep)
    leaving, staying = await more_agents(service_database, company, 2)
    await agent(admin, leaving, shifts=NEVER)
    await agent(admin, staying, shifts=ROUND_THE_CLOCK)
    bills = await queue(admin, company, on_shift_end=setting)
    own = {"queue_id": bills["id"], "assignee_id": str(leaving.id)}
    new, pending, solved = [await made(admin, **own) for _ in range(3)]
    await moved(rep, pending, "pending")
    await moved(rep, solved, "solved")
    free = await made(admin, assignee_id=str(leaving.id))
    await ended(service_database, company, leaving)
    await asyncio.gather(*(end_shifts.duty(service_database) for _ in range(3)))
    await end_shifts.duty(service_database)
    logs = [await log_of(admin, each) for each in (new, pending, solved, free)]
    assert [[entry["means"] for entry in log] for log in logs] == [means, [], [], []]
    owner = (await rep.get(f"{PATH}/{new['id']}")).json()["assignee_id"]
    assert owner == {"keep": str(leaving.id), "return": None, "hand_over": str(staying.id)}[setting]
    if means:
        assert logs[0][0]["before_id"] == str(leaving.id)


async def test_what_nobody_else_may_have_waits_in_the_queue(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    leaving, full = await more_agents(service_database, company, 2)
    await agent(admin, leaving, shifts=NEVER)
    await agent(admin, full, load_limit=1)
    bills = await queue(admin, company, on_shift_end="hand_over", strategy="by_skill")
    own = {"queue_id": bills["id"], "assignee_id": str(leaving.id)}
    tickets = [await made(admin, **own) for _ in range(3)]
    await ended(service_database, company, leaving)
    await end_shifts.duty(service_database)
    means = [[entry["means"] for entry in await log_of(rep, each)] for each in tickets]
    assert sorted(means) == [["hand_over"], ["return"], ["return"]]


async def test_who_is_on_the_next_shift_by_now_keeps_everything_and_the_next_end_is_kept(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    now = datetime.now(UTC)
    day = (now + timedelta(days=1)).strftime("%A").lower()
    plan = {**ROUND_THE_CLOCK, "hours": {**ROUND_THE_CLOCK["hours"], day: []}}  # type: ignore[dict-item]
    known = await agent(admin, company.rep2, shifts=plan)
    bills = await queue(admin, company, on_shift_end="return")
    ticket = await made(admin, queue_id=bills["id"], assignee_id=str(company.rep2.id))
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert await end_of(service_database, company, company.rep2) == midnight
    await ended(service_database, company, company.rep2)
    await end_shifts.duty(service_database)
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["assignee_id"] == str(company.rep2.id)
    assert await end_of(service_database, company, company.rep2) == midnight
    await admin.patch(f"{AGENTS}/{known['id']}", json={"shifts": None})
    assert await end_of(service_database, company, company.rep2) is None
