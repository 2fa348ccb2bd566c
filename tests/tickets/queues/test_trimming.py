"""What queues did is forgotten after a year, and turns go on where they were."""

from typing import Any

from guanxi_shared.db import Database
from guanxi_tickets.agents.leaving import forget_agents
from guanxi_tickets.assignments.giving import assign_from_queues
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made
from tests.tickets.past import owning
from tests.tickets.queueing import agent, claim, log_of, more_agents, queue

AGED = "UPDATE ticket_assignments SET created_at = created_at - interval '366 days' WHERE organisation_id = $1"


async def test_old_assignments_of_tickets_that_are_over_go(
    client: Clients, company: Organisation, service_database: Database, database: Any
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    for user in await more_agents(service_database, company, 2):
        await agent(admin, user)
    bills = await queue(admin, company, strategy="round_robin")
    manual = await queue(admin, company, name="Manual")
    tickets = []
    for _ in range(4):
        tickets.append(await made(rep, queue_id=bills["id"]))
        await assign_from_queues.duty(service_database)
    claimed, still_open = [await made(rep, queue_id=manual["id"]) for _ in range(2)]
    for _ in range(2):
        assert (await claim(rep, manual)).status_code == 200
    for ticket in (*tickets, claimed):
        solved = await admin.patch(f"{PATH}/{ticket['id']}", json={"status": "solved"})
        assert solved.status_code == 200, solved.text
    await forget_agents.duty(service_database)
    assert [len(await log_of(admin, each)) for each in (*tickets, claimed, still_open)] == [1] * 6
    async with owning(database.admin_url) as owner:
        await owner.execute(AGED, company.id)
    await forget_agents.duty(service_database)
    logs = [len(await log_of(admin, each)) for each in (*tickets, claimed, still_open)]
    assert logs == [0, 0, 1, 1, 0, 1]  # the last turn of either agent, and what is not over
    next_one = await made(rep, queue_id=bills["id"])
    await assign_from_queues.duty(service_database)
    got = [(await admin.get(f"{PATH}/{t['id']}")).json()["assignee_id"] for t in (tickets[2], next_one)]  # fmt: skip
    assert got[0] == got[1]
