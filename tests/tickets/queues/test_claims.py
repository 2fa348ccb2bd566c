"""Claims: the most pressing ticket to one agent, whoever else claims, moves, merges or deletes meanwhile."""

import asyncio
from collections import Counter
from typing import Any

import httpx

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved, told_of
from tests.tickets.queueing import QUEUES, agent, claim, log_of, more_agents, queue, waiting

AGENTS_AT_ONCE = 20


async def test_the_most_pressing_ticket_comes_first(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    bills = await queue(client(company.admin), company)
    old, low, urgent, newer = [
        await made(rep, queue_id=bills["id"], priority=priority)
        for priority in ("normal", "low", "urgent", "normal")
    ]
    got = [(await claim(rep, bills)).json()["id"] for _ in range(4)]
    assert got == [each["id"] for each in (urgent, old, newer, low)]
    nothing = await claim(rep, bills)
    assert (nothing.status_code, nothing.json()["code"]) == (404, "nothing_waits")


async def test_a_claim_is_an_assignment_that_says_why(
    client: Clients, company: Organisation
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    bills = await queue(admin, company)
    ticket = await made(rep, queue_id=bills["id"])
    note = await rep.post(f"{PATH}/{ticket['id']}/comments", json={"body": "x"})
    taken = (await claim(rep, bills)).json()
    assert (taken["assignee_id"], taken["queue_id"]) == (str(company.rep.id), bills["id"])
    assert taken["taken_at"] >= taken["queued_at"]
    assert note.status_code == 201
    [entry] = await log_of(rep, ticket)
    assert entry["means"] == "claim"
    assert entry["actor_id"] == str(company.rep.id)
    assert entry["reason"] == {"load": 0, "load_limit": None}
    assert (await told_of(rep, ticket["id"]))[-1] == "tickets.ticket.assigned"
    assert (
        await client(company.other_rep).get(f"{PATH}/{ticket['id']}/assignments")
    ).status_code == 404


async def test_a_repeated_claim_with_its_key_takes_one_ticket(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    bills = await queue(client(company.admin), company)
    for _ in range(2):
        await made(rep, queue_id=bills["id"])
    key = {"headers": {"Idempotency-Key": "once"}}
    first, again = [await claim(rep, bills, **key) for _ in range(2)]
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(await waiting(rep, bills)) == 1


async def test_a_certain_ticket_is_claimed_once(client: Clients, company: Organisation) -> None:
    rep, rep2 = client(company.rep), client(company.rep2)
    bills = await queue(client(company.admin), company)
    ticket = await made(rep, queue_id=bills["id"])
    path = f"{PATH}/{ticket['id']}/claim"
    assert (await rep.post(path, headers={"If-Match": '"9"'})).status_code == 412
    answers = await asyncio.gather(*(user.post(path) for user in (rep, rep2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    winner, loser = (rep, rep2) if answers[0].status_code == 200 else (rep2, rep)
    assert (await loser.post(path)).json()["code"] == "ticket_taken"
    again = await winner.post(path)
    assert (again.status_code, len(await log_of(rep, ticket))) == (200, 1)
    assert (await client(company.other_rep).post(path)).status_code == 404
    solved = await made(rep, queue_id=bills["id"])
    await moved(rep, solved, "solved")
    assert (await rep.post(f"{PATH}/{solved['id']}/claim")).json()["code"] == "ticket_over"


async def test_skills_languages_and_limits_are_kept(client: Clients, company: Organisation) -> None:
    rep, admin = client(company.rep), client(company.admin)
    needs = {"skills": [{"skill": "Billing", "level": 3}], "languages": ["de"], "load_limit": 2}
    bills = await queue(admin, company, **needs)
    tickets = [await made(rep, queue_id=bills["id"]) for _ in range(4)]
    assert (await claim(rep, bills)).json()["code"] == "needs_unmet"
    known = await agent(
        admin, company.rep, skills=[{"skill": "billing", "level": 2}], languages=["de-AT"]
    )
    assert "level 3" in (await claim(rep, bills)).json()["detail"]
    one = f"/v1/agents/{known['id']}"
    better = {"skills": [{"skill": "billing", "level": 3}], "languages": ["fr"]}
    assert (await admin.patch(one, json=better)).status_code == 200
    assert "de is needed" in (await claim(rep, bills)).json()["detail"]
    await admin.patch(one, json={"languages": ["de-AT"]})
    assert [(await claim(rep, bills)).status_code for _ in range(3)] == [200, 200, 409]
    full = await rep.post(f"{PATH}/{tickets[3]['id']}/claim")
    assert full.json()["code"] == "load_limit_reached"
    await moved(rep, tickets[0], "pending")
    assert (await claim(rep, bills)).status_code == 200


async def test_a_queue_of_others_is_not_claimed_from(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    bills = await queue(client(company.admin), company)
    await made(client(company.rep), queue_id=bills["id"])
    refused = await claim(client(company.other_rep), bills)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_queue")
    assert (await claim(client(company.read_only), bills)).status_code == 403
    assert (await claim(client(other_organisation.admin), bills)).status_code == 404
    assert (await client(company.rep).post(f"{QUEUES}/nonsense/claim")).status_code in (404, 422)


async def _until_empty(user: httpx.AsyncClient, queue: dict[str, Any], code: str) -> list[str]:
    got = []
    while (answer := await claim(user, queue)).status_code == 200:
        got.append(answer.json()["id"])
    assert answer.json()["code"] == code, answer.text
    return got


async def test_twenty_agents_at_once_get_each_ticket_once_and_leave_none(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    rep = client(company.rep)
    bills = await queue(client(company.admin), company)
    tickets = [(await made(rep, queue_id=bills["id"]))["id"] for _ in range(50)]
    users = [client(u) for u in await more_agents(service_database, company, AGENTS_AT_ONCE)]
    got = await asyncio.gather(*(_until_empty(user, bills, "nothing_waits") for user in users))
    assert Counter(id for each in got for id in each) == Counter(tickets)
    assert await waiting(rep, bills) == []


async def test_twenty_agents_at_once_pass_no_limit(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    rep = client(company.rep)
    bills = await queue(client(company.admin), company, load_limit=2)
    for _ in range(AGENTS_AT_ONCE * 2 + 5):
        await made(rep, queue_id=bills["id"])
    users = await more_agents(service_database, company, AGENTS_AT_ONCE)
    # Each agent twice at once: a limit is passed by oneself, too.
    twice = [client(user) for user in users for _ in range(2)]
    got = await asyncio.gather(*(_until_empty(u, bills, "load_limit_reached") for u in twice))
    both = [len(one) + len(other) for one, other in zip(got[::2], got[1::2], strict=True)]
    assert both == [2] * AGENTS_AT_ONCE
    assert len(await waiting(rep, bills)) == 5


async def test_claims_hold_beside_changes_moves_deletes_and_merges(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    bills, other = await queue(admin, company), await queue(admin, company, name="Other")
    tickets = [await made(rep, queue_id=bills["id"]) for _ in range(40)]
    paths = [f"{PATH}/{each['id']}" for each in tickets]
    users = [client(u) for u in await more_agents(service_database, company, 8)]

    async def disturb() -> list[httpx.Response]:
        jobs = [admin.patch(path, json={"tags": ["x"]}) for path in paths]
        jobs += [admin.delete(path) for path in paths[:5]]
        jobs += [admin.patch(path, json={"queue_id": other["id"]}) for path in paths[5:10]]
        jobs += [admin.post(f"{path}/move", json={"status": "solved"}) for path in paths[10:15]]
        jobs += [
            admin.post(f"{PATH}/merges", json={"survivor_id": a["id"], "source_ids": [b["id"]]})
            for a, b in zip(tickets[15:20], tickets[20:25], strict=True)
        ]
        return list(await asyncio.gather(*jobs))

    disturbing = asyncio.create_task(disturb())
    got = await asyncio.gather(*(_until_empty(user, bills, "nothing_waits") for user in users))
    disturbed = await disturbing
    assert max(answer.status_code for answer in disturbed) < 500
    counts = Counter(id for each in got for id in each)
    assert set(counts.values()) <= {1}
    assert await waiting(rep, bills) == []
    for path in paths[25:]:
        assert (await rep.get(path)).json()["assignee_id"] is not None
