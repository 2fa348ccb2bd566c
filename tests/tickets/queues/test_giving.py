"""Queues that assign by themselves: once, fairly, to those who may, saying why."""

import asyncio
from collections import Counter
from typing import Any

from guanxi_shared.db import Database
from guanxi_tickets.assignments.giving import assign_from_queues
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved, told_of
from tests.tickets.queueing import AGENTS, NEVER, agent, claim, log_of, more_agents, queue, waiting


async def test_each_waiting_ticket_is_given_once_though_many_work(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    users = await more_agents(service_database, company, 5)
    for user in users:
        await agent(admin, user)
    bills = await queue(admin, company, strategy="round_robin")
    tickets = [await made(rep, queue_id=bills["id"]) for _ in range(63)]
    await asyncio.gather(*(assign_from_queues.duty(service_database) for _ in range(4)))
    await assign_from_queues.duty(service_database)
    assert await waiting(rep, bills) == []
    logs = [await log_of(rep, ticket) for ticket in tickets]
    assert {len(log) for log in logs} == {1}
    counts = Counter(log[0]["assignee_id"] for log in logs)
    assert set(counts) == {str(user.id) for user in users}
    assert max(counts.values()) - min(counts.values()) <= 1
    assert logs[0][0]["means"] == "round_robin"
    assert "turn" in logs[0][0]["sentence"]
    told = await told_of(rep, tickets[0]["id"])
    assert told == ["tickets.ticket.created", "tickets.ticket.assigned"]


async def test_turns_go_on_where_they_were(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    for user in await more_agents(service_database, company, 3):
        await agent(admin, user)
    bills = await queue(admin, company, strategy="round_robin")
    got = []
    for _ in range(6):
        ticket = await made(rep, queue_id=bills["id"])
        await assign_from_queues.duty(service_database)
        got.append((await rep.get(f"{PATH}/{ticket['id']}")).json()["assignee_id"])
    assert got[:3] == got[3:]
    assert len(set(got)) == 3


async def test_of_equally_loaded_ones_turns_decide(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    """Whoever solves at once does not get all of them."""
    admin, rep = client(company.admin), client(company.rep)
    for user in await more_agents(service_database, company, 3):
        await agent(admin, user)
    bills = await queue(admin, company, strategy="least_loaded")
    got = []
    for _ in range(6):
        ticket = await made(rep, queue_id=bills["id"])
        await assign_from_queues.duty(service_database)
        got.append((await rep.get(f"{PATH}/{ticket['id']}")).json()["assignee_id"])
        await moved(admin, ticket, "solved")
    assert max(Counter(got).values()) == 2


async def test_only_those_who_are_there_and_may_are_given_any(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    can: dict[str, Any] = {"skills": [{"skill": "x", "level": 2}], "languages": ["en-GB"]}
    away, off, dumb, mute, full, good = await more_agents(service_database, company, 6)
    await agent(admin, away, **can, is_available=False)
    await agent(admin, off, **can, shifts=NEVER)
    await agent(admin, dumb, **can | {"skills": [{"skill": "x", "level": 1}]})
    await agent(admin, mute, **can | {"languages": ["fr"]})
    await agent(admin, full, **can, load_limit=1)
    await agent(admin, good, **can, load_limit=3)
    await agent(admin, company.other_rep, **can)
    bills = await queue(
        admin, company, strategy="least_loaded", skills=[{"skill": "X", "level": 2}],
        languages=["en"], load_limit=5,
    )  # fmt: skip
    for _ in range(6):
        await made(rep, queue_id=bills["id"])
    await assign_from_queues.duty(service_database)
    found = (await rep.get(f"{PATH}?queue_id={bills['id']}&limit=50")).json()["data"]
    counts = Counter(each["assignee_id"] for each in found)
    assert counts == {str(full.id): 1, str(good.id): 3, None: 2}
    # Somebody who comes back gets the rest.
    [one] = (await admin.get(f"{AGENTS}?user_id={away.id}")).json()["data"]
    own = await client(away).post(f"{AGENTS}/{one['id']}/availability", json={"is_available": True})
    assert own.status_code == 200
    await assign_from_queues.duty(service_database)
    assert await waiting(rep, bills) == []


async def test_who_claims_meanwhile_and_who_is_given_pass_no_limit(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    users = await more_agents(service_database, company, 4)
    for user in users:
        await agent(admin, user, load_limit=3)
    bills = await queue(admin, company, strategy="by_skill")
    for _ in range(16):
        await made(rep, queue_id=bills["id"])
    await asyncio.gather(
        *(assign_from_queues.duty(service_database) for _ in range(2)),
        *(claim(client(user), bills) for user in users * 4),
    )
    await assign_from_queues.duty(service_database)
    found = (await rep.get(f"{PATH}?queue_id={bills['id']}&limit=50")).json()["data"]
    counts = Counter(each["assignee_id"] for each in found)
    assert counts == {**{str(user.id): 3 for user in users}, None: 4}


async def test_a_queue_by_hand_gives_nothing_and_one_who_left_gets_nothing(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    await agent(admin, company.rep)
    bills = await queue(admin, company)
    await made(rep, queue_id=bills["id"])
    await assign_from_queues.duty(service_database)
    assert len(await waiting(rep, bills)) == 1
