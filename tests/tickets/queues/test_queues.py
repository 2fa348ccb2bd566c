"""Queues: what they take, whose their tickets are, and where these go from there."""

from typing import Any

import pytest

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved, told_of
from tests.tickets.queueing import QUEUES, queue, waiting

INVOICES = [{"filters": [{"field": "tags", "operator": "has", "value": "invoice"}]}]


async def test_a_queue_is_made_changed_put_away_and_told(
    client: Clients, company: Organisation
) -> None:
    manager = client(company.manager)
    made_queue = await queue(manager, company, skills=[{"skill": "Billing", "level": 3}])
    one = f"{QUEUES}/{made_queue['id']}"
    assert (await client(company.rep).get(one)).json() == made_queue
    changed = await manager.patch(one, json={"strategy": "by_skill", "load_limit": 5})
    assert (changed.status_code, changed.json()["load_limit"]) == (200, 5)
    assert (await client(company.rep).patch(one, json={"position": 2})).status_code == 403
    assert (await manager.patch(one, json={"team_id": str(company.teams["b"])})).status_code == 422
    assert (await manager.delete(one)).status_code == 200
    assert (await manager.get(one)).status_code == 404
    assert (await manager.post(f"{one}/restore")).status_code == 200
    told = await told_of(manager, made_queue["id"])
    assert told == [
        f"tickets.queue.{verb}" for verb in ("created", "updated", "deleted", "restored")
    ]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"team_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, "team_id"),
        ({"team_id": None}, "team_id"),
        ({"strategy": "any"}, "strategy"),
        ({"skills": [{"skill": "a", "level": 6}]}, "skills.0.level"),
        ({"skills": [{"skill": "a", "level": 1}, {"skill": "A", "level": 2}]}, "skills"),
        ({"languages": ["deutsch!"]}, "languages.0"),
        ({"load_limit": 0}, "load_limit"),
        ({"on_shift_end": "flee"}, "on_shift_end"),
        ({"filter_groups": [{"filters": [{"field": "nonsense", "operator": "eq", "value": 1}]}]},
         "filter_groups"),
    ],
)  # fmt: skip
async def test_what_means_nothing_is_refused(
    client: Clients, company: Organisation, sent: dict[str, Any], field: str
) -> None:
    body = {"name": "Q", "team_id": str(company.teams["a"]), **sent}
    answer = await client(company.admin).post(QUEUES, json=body)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"], answer.text


async def test_a_new_ticket_goes_to_the_first_queue_that_takes_it(
    client: Clients, company: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    rest = await queue(admin, company, name="Rest", position=2, filter_groups=[])
    bills = await queue(admin, company, name="Bills", position=1, filter_groups=INVOICES)
    await queue(admin, company, name="By hand", position=0)
    off = {"name": "Off", "position": 0, "is_active": False, "filter_groups": []}
    await queue(admin, company, **off)
    bill = await made(rep, tags=["invoice"])
    assert (bill["queue_id"], bill["assignee_id"]) == (bills["id"], None)
    assert bill["team_id"] == str(company.teams["a"])
    assert bill["queued_at"] == bill["created_at"]
    assert bill["taken_at"] is None
    assert (await made(rep))["queue_id"] == rest["id"]
    mine = await made(rep, tags=["invoice"], assignee_id=str(company.rep.id))
    assert (mine["queue_id"], mine["assignee_id"]) == (None, str(company.rep.id))
    own = await made(rep, queue_id=None)
    assert (own["queue_id"], own["assignee_id"]) == (None, str(company.rep.id))


async def test_without_a_queue_that_fits_a_ticket_is_the_callers(
    client: Clients, company: Organisation
) -> None:
    await queue(client(company.admin), company, filter_groups=INVOICES)
    ticket = await made(client(company.rep))
    assert (ticket["queue_id"], ticket["assignee_id"]) == (None, str(company.rep.id))


async def test_a_filter_may_ask_who_has_it_and_whose_policy_asks_for_the_queue(
    client: Clients, company: Organisation, always: str
) -> None:
    admin = client(company.admin)
    free = [{"filters": [{"field": "assignee_id", "operator": "is_null", "value": True}]}]
    bills = await queue(admin, company, filter_groups=free)
    in_queue = [{"filters": [{"field": "queue_id", "operator": "eq", "value": bills["id"]}]}]
    body = {"name": "Q", "calendar_id": always, "filter_groups": in_queue}
    policy = await admin.post("/v1/sla-policies", json=body)
    ticket = await made(client(company.rep))
    assert (ticket["queue_id"], ticket["sla_policy_id"]) == (bills["id"], policy.json()["id"])


async def test_a_ticket_is_put_into_a_queue_and_out_of_it(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    bills = await queue(client(company.admin), company)
    other = await queue(client(company.admin), company, name="B", team_id=str(company.teams["b"]))
    ticket = await made(rep)
    one = f"{PATH}/{ticket['id']}"
    put = (await rep.patch(one, json={"queue_id": bills["id"]})).json()
    assert (put["queue_id"], put["assignee_id"]) == (bills["id"], None)
    assert put["team_id"] == str(company.teams["a"])
    assert put["queued_at"] is not None
    assert [each["id"] for each in await waiting(rep, bills)] == [ticket["id"]]
    taken = (await rep.patch(one, json={"assignee_id": str(company.rep.id)})).json()
    assert taken["taken_at"] is not None
    assert taken["queued_at"] == put["queued_at"]
    back = (await rep.patch(one, json={"assignee_id": None})).json()
    assert back["taken_at"] is None
    assert back["queued_at"] > put["queued_at"]
    moved_on = {"queue_id": other["id"], "assignee_id": str(company.rep.id)}
    there = (await rep.patch(one, json=moved_on)).json()
    assert there["team_id"] == str(company.teams["b"])
    assert there["taken_at"] == there["queued_at"]
    out = (await rep.patch(one, json={"team_id": str(company.teams["a"])})).json()
    assert (out["queue_id"], out["queued_at"], out["taken_at"]) == (None, None, None)
    told = await told_of(rep, ticket["id"])
    assert told == ["tickets.ticket.created"] + ["tickets.ticket.assigned"] * 5


async def test_a_queue_with_another_team_or_one_that_is_not_there_is_refused(
    client: Clients, company: Organisation
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    bills = await queue(admin, company)
    ticket = await made(rep)
    both = {"queue_id": bills["id"], "team_id": str(company.teams["b"])}
    for answer in (
        await rep.patch(f"{PATH}/{ticket['id']}", json=both),
        await rep.post(PATH, json={"subject": "x", **both}),
    ):
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["team_id"])
    assert (await admin.delete(f"{QUEUES}/{bills['id']}")).status_code == 200
    answer = await rep.patch(f"{PATH}/{ticket['id']}", json={"queue_id": bills["id"]})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["queue_id"])


async def test_a_queue_in_which_something_is_to_be_done_stays(
    client: Clients, company: Organisation
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    bills = await queue(admin, company)
    ticket = await made(rep, queue_id=bills["id"])
    refused = await admin.delete(f"{QUEUES}/{bills['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "queue_in_use")
    await moved(rep, ticket, "solved")
    assert (await admin.delete(f"{QUEUES}/{bills['id']}")).status_code == 200


async def test_a_queues_tickets_are_seen_by_its_team_alone(
    client: Clients, company: Organisation
) -> None:
    bills = await queue(client(company.admin), company, filter_groups=[])
    ticket = await made(client(company.other_rep))
    one = f"{PATH}/{ticket['id']}"
    assert (await client(company.rep).get(one)).status_code == 200
    assert (await client(company.other_rep).get(one)).status_code == 404
    assert await waiting(client(company.other_rep), bills) == []
