"""Queues through merges, splits, deletes, reopenings, escalations, macros and batches; as of then; in the feed."""

from datetime import datetime
from typing import Any

from guanxi_shared.db import Database
from guanxi_tickets.agents.leaving import forget_of
from guanxi_tickets.sla_alerts.giving import give_alerts
from tests.factories import Clients, Organisation, apply_to_directory, directory_event, user_state
from tests.tickets.company import PATH, made, moved
from tests.tickets.past import setting_back
from tests.tickets.promising import POLICIES, policy
from tests.tickets.queueing import AGENTS, QUEUES, agent, claim, queue


async def test_the_survivor_of_a_merge_keeps_its_queue_there_and_back(
    client: Clients, company: Organisation
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    bills, other = await queue(admin, company), await queue(admin, company, name="Other")
    kept, gone = await made(rep, queue_id=bills["id"]), await made(rep, queue_id=other["id"])
    body = {"survivor_id": kept["id"], "source_ids": [gone["id"]]}
    merge = (await rep.post(f"{PATH}/merges", json=body)).json()
    assert (await rep.get(f"{PATH}/{kept['id']}")).json()["queue_id"] == bills["id"]
    assert (await claim(rep, other)).json()["code"] == "nothing_waits"
    assert (await rep.post(f"{PATH}/merges/{merge['id']}/undo")).status_code == 200
    assert (await claim(rep, other)).json()["id"] == gone["id"]


async def test_a_split_ticket_begins_in_the_queue_that_it_comes_from(
    client: Clients, company: Organisation
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    bills = await queue(admin, company)
    await queue(admin, company, name="All", filter_groups=[])

    async def split(ticket: dict[str, Any]) -> dict[str, Any]:
        said = await rep.post(f"{PATH}/{ticket['id']}/comments", json={"body": "x"})
        body = {"subject": "Part", "comment_ids": [said.json()["id"]]}
        answer = await rep.post(f"{PATH}/{ticket['id']}/split", json=body)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    ticket = await made(rep, queue_id=bills["id"])
    part = await split(ticket)
    assert (part["queue_id"], part["assignee_id"]) == (bills["id"], None)
    await rep.post(f"{PATH}/{ticket['id']}/claim")
    assert (await split(ticket))["assignee_id"] == str(company.rep.id)
    free = await made(rep, assignee_id=str(company.rep.id))
    assert (await split(free))["queue_id"] is None
    await moved(rep, ticket, "solved")
    for part in (await rep.get(f"{PATH}?queue_id={bills['id']}&status_kind=new")).json()["data"]:
        await moved(rep, part, "solved")
    assert (await admin.delete(f"{QUEUES}/{bills['id']}")).status_code == 200
    assert (await split(ticket))["queue_id"] is None


async def test_what_comes_back_after_its_queue_went_waits_in_none(
    client: Clients, company: Organisation
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    bills = await queue(admin, company)
    deleted, solved = [await made(rep, queue_id=bills["id"]) for _ in range(2)]
    await rep.delete(f"{PATH}/{deleted['id']}")
    await moved(rep, solved, "solved")
    assert (await admin.delete(f"{QUEUES}/{bills['id']}")).status_code == 200
    restored = (await rep.post(f"{PATH}/{deleted['id']}/restore")).json()
    reopened = await moved(rep, solved, "open")
    for ticket in (restored, reopened):
        assert (ticket["queue_id"], ticket["queued_at"]) == (None, None)
        assert ticket["team_id"] == str(company.teams["a"])


async def test_a_breach_may_put_a_ticket_into_a_queue(
    client: Clients, company: Organisation, service_database: Database, database: Any, always: str
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    second = await queue(admin, company, name="Second line", team_id=str(company.teams["b"]))
    onward = {"on": "breach", "actions": [{"action": "reassign", "queue_id": second["id"]}]}
    made_policy = await policy(admin, always, escalations=[onward])
    ticket = await made(rep)
    await setting_back(database, company)(ticket, hours=1.5)
    await give_alerts.duty(service_database)
    found = (await admin.get(f"{PATH}/{ticket['id']}")).json()
    assert (found["queue_id"], found["assignee_id"]) == (second["id"], None)
    assert (found["team_id"], found["taken_at"]) == (str(company.teams["b"]), None)
    assert (await rep.get(f"{PATH}/{ticket['id']}")).status_code == 404
    nobody = {"action": "reassign", "queue_id": str(company.rep.id)}
    both = {"action": "reassign", "queue_id": second["id"], "team_id": str(company.teams["a"])}
    for action in (nobody, both):
        body = {"escalations": [{"on": "breach", "actions": [action]}]}
        assert (await admin.patch(f"{POLICIES}/{made_policy['id']}", json=body)).status_code == 422


async def test_a_breach_that_gives_to_another_team_takes_out_of_the_queue(
    client: Clients, company: Organisation, service_database: Database, database: Any, always: str
) -> None:
    admin = client(company.admin)
    bills = await queue(admin, company)
    to_b = {"action": "reassign", "team_id": str(company.teams["b"])}
    await policy(admin, always, escalations=[{"on": "breach", "actions": [to_b]}])
    ticket = await made(client(company.rep), queue_id=bills["id"])
    await setting_back(database, company)(ticket, hours=1.5)
    await give_alerts.duty(service_database)
    found = (await admin.get(f"{PATH}/{ticket['id']}")).json()
    assert (found["queue_id"], found["team_id"]) == (None, str(company.teams["b"]))


async def test_a_place_is_found_sorted_batched_and_known_as_of_then(
    client: Clients, company: Organisation
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    bills = await queue(admin, company)
    ticket = await made(rep, external_id="x-1")
    one = {
        "op": "update",
        "match": {"field": "external_id", "value": "x-1"},
        "data": {"queue_id": bills["id"]},
    }
    body = {"mode": "all_or_nothing", "operations": [one]}
    answer = await rep.post(f"{PATH}/batch", json=body)
    assert answer.status_code == 200, answer.text
    now = (await rep.get(f"{PATH}/{ticket['id']}")).json()
    assert now["queue_id"] == bills["id"]
    then = datetime.fromisoformat(ticket["created_at"]).isoformat().replace("+", "%2B")
    before = (await rep.get(f"{PATH}/{ticket['id']}?as_of={then}")).json()
    assert (before["queue_id"], before["assignee_id"]) == (None, str(company.rep.id))
    await claim(rep, bills)
    history = (await rep.get(f"{PATH}/{ticket['id']}/history")).json()["data"]
    told = next(e for e in history if "taken_at" in str(e))
    assert "assignment" in str(told)
    for query in (
        "sort=queued_at",
        "sort=-taken_at",
        f"queue_id[in]={bills['id']}",
        "queue_id[is_null]=false",
    ):
        found = (await rep.get(f"{PATH}?{query}")).json()["data"]
        assert [each["id"] for each in found] == [ticket["id"]], query


async def test_of_an_agent_who_left_nothing_is_kept(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    admin = client(company.admin)
    known = await agent(admin, company.rep2, skills=[{"skill": "x", "level": 1}])
    here = await agent(admin, company.rep)
    gone = user_state(company.rep2, company, is_active=False)
    event = directory_event(company.id, "user", gone, version=2, verb="updated")
    await apply_to_directory(service_database, [event])
    await forget_of(service_database, company.id)
    assert (await admin.get(f"{AGENTS}/{known['id']}")).status_code == 404
    assert (await admin.get(f"{AGENTS}/{here['id']}")).status_code == 200
    restored = (await admin.post(f"{AGENTS}/{known['id']}/restore")).json()
    assert (restored["skills"], restored["is_available"]) == ([], False)
