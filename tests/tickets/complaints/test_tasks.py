"""Tasks of other departments: theirs to see and answer, with a clock that speaks once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from guanxi_shared import records
from guanxi_shared.db import Database
from guanxi_tickets.coordination_tasks import giving, service
from tests.every_route import NOBODY
from tests.factories import Clients, Organisation, User
from tests.tickets.company import PATH, made, told_of
from tests.tickets.complaints.test_loop import loop_of, stepped
from tests.tickets.merging import merged
from tests.tickets.past import owning

TASKS = "/v1/coordination-tasks"
BACK = """
UPDATE coordination_tasks SET due_at = due_at - $2::interval, warn_at = warn_at - $2::interval,
  next_at = next_at - $2::interval WHERE id = $1
"""


def soon(**by: float) -> str:
    return (datetime.now(UTC) + timedelta(**(by or {"hours": 1}))).isoformat()


async def asked(user: httpx.AsyncClient, ticket: dict[str, Any], **sent: Any) -> dict[str, Any]:
    body = {"title": "Trace the batch", "due_at": soon(), **sent}
    answer = await user.post(f"{PATH}/{ticket['id']}/loop/tasks", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def other(company: Organisation) -> User:
    """Of another department, which does not see the tickets of the first."""
    return company.other_rep


async def test_the_department_sees_the_task_and_not_the_complaint(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    rep, sales = client(company.rep), client(other(company))
    ticket = await made(rep, "Secret subject", kind="complaint")
    task = await asked(rep, ticket, team_id=str(company.teams["b"]), body="Batch 7")
    assert task["ticket_number"] == ticket["number"]
    assert (await sales.get(f"{TASKS}/{task['id']}")).json() == task
    assert [t["id"] for t in (await sales.get(TASKS)).json()["data"]] == [task["id"]]
    for path in ("", "/loop", "/history", "/comments"):
        assert (await sales.get(f"{PATH}/{ticket['id']}{path}")).status_code == 404
    for path in (PATH, "/v1/complaints", TASKS, "/v1/events", f"{TASKS}/{task['id']}/history"):
        assert "Secret" not in (await sales.get(path)).text
    change = {"json": {"title": "Other"}}
    mine = f"{PATH}/{ticket['id']}/loop/tasks/{task['id']}"
    assert (await sales.patch(mine, **change)).status_code == 404
    for user in (company.rep, company.junior, other_organisation.admin):
        assert (await client(user).get(f"{TASKS}/{task['id']}")).status_code == 404
    for verb in ("accept", "finish", "decline"):
        body = {"finish": {"result": "x"}, "decline": {"reason": "x"}}.get(verb)
        answer = await rep.post(f"{TASKS}/{task['id']}/{verb}", json=body)
        assert answer.status_code == 404, verb  # it is not theirs to answer


async def test_it_is_accepted_and_done_and_both_sides_are_told(
    client: Clients, company: Organisation
) -> None:
    rep, sales = client(company.rep), client(other(company))
    ticket = await made(rep, kind="complaint")
    task = await asked(rep, ticket, team_id=str(company.teams["b"]))
    accepted = (await sales.post(f"{TASKS}/{task['id']}/accept")).json()
    assert (accepted["status"], accepted["assignee_id"]) == ("accepted", str(other(company).id))
    assert (await sales.post(f"{TASKS}/{task['id']}/accept")).json()["code"] == "task_over"
    waiting = await stepped(rep, ticket, "coordinate")
    assert (waiting.status_code, waiting.json()["code"]) == (409, "tasks_under_way")
    assert "Trace the batch" in waiting.json()["detail"]
    done = await sales.post(f"{TASKS}/{task['id']}/finish", json={"result": "Three customers."})
    assert (done.json()["status"], done.json()["result"]) == ("done", "Three customers.")
    late = await sales.post(f"{TASKS}/{task['id']}/decline", json={"reason": "x"})
    assert late.json()["code"] == "task_over"
    [round_] = await loop_of(rep, ticket)
    assert [each["status"] for each in round_["tasks"]] == ["done"]
    noun = "tickets.coordination_task"
    told = [f"{noun}.asked", f"{noun}.accepted", f"{noun}.done"]
    assert await told_of(sales, task["id"]) == told
    assert await told_of(rep, task["id"]) == []
    loop = [f"tickets.loop.{verb}" for verb in ("round_started", "task_asked", "task_accepted", "task_done")]  # fmt: skip
    assert await told_of(rep, round_["id"]) == loop
    assert await told_of(sales, round_["id"]) == []
    assert (await stepped(rep, ticket, "coordinate")).status_code == 200


async def test_it_is_declined_with_a_reason_or_withdrawn(
    client: Clients, company: Organisation
) -> None:
    rep, sales = client(company.rep), client(other(company))
    ticket = await made(rep, kind="complaint")
    one, two = [await asked(rep, ticket, assignee_id=str(other(company).id)) for _ in range(2)]
    assert (await sales.post(f"{TASKS}/{one['id']}/decline", json={})).status_code == 422
    declined = await sales.post(f"{TASKS}/{one['id']}/decline", json={"reason": "Not ours"})
    assert (declined.json()["status"], declined.json()["reason"]) == ("declined", "Not ours")
    path = f"{PATH}/{ticket['id']}/loop/tasks/{two['id']}"
    changed = await rep.patch(path, json={"title": "Other", "due_at": soon(hours=5)})
    assert (changed.status_code, changed.json()["title"]) == (200, "Other")
    withdrawn = await rep.post(f"{path}/withdraw", json={"reason": "Found it"})
    assert withdrawn.json()["status"] == "withdrawn"
    assert (await rep.patch(path, json={"title": "x"})).json()["code"] == "task_over"


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"due_at": None}, "due_at"), ({"due_in": {"minutes": 5}}, "due_at"),
        ({"due_at": "2020-01-01T00:00:00Z"}, "due_at"), ({"due_at": soon(days=400)}, "due_at"),
        ({"due_at": None, "due_in": {"minutes": 0}}, "due_in.minutes"),
        ({"due_at": None, "due_in": {"minutes": 5, "calendar_id": NOBODY}}, "due_in.calendar_id"),
        ({"team_id": None}, "team_id"), ({"team_id": NOBODY}, "team_id"),
        ({"assignee_id": NOBODY}, "assignee_id"),
        ({"warn_percent": 100}, "warn_percent"), ({"title": " "}, "title"),
    ],
)  # fmt: skip
async def test_what_makes_no_task_is_refused_by_name(
    client: Clients, company: Organisation, sent: dict[str, Any], named: str
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    whole = {"title": "x", "team_id": str(company.teams["b"]), "due_at": soon(), **sent}
    answer = await rep.post(f"{PATH}/{ticket['id']}/loop/tasks", json=whole)
    assert answer.status_code == 422, answer.text
    assert named in answer.json()["errors"]


async def test_minutes_of_work_are_counted_by_the_calendar(
    client: Clients, company: Organisation, always: str
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    task = await asked(
        rep, ticket, team_id=str(company.teams["b"]), due_at=None, warn_percent=50,
        due_in={"minutes": 120, "calendar_id": always},
    )  # fmt: skip
    now = datetime.now(UTC)
    due, warn = (datetime.fromisoformat(task[name]) for name in ("due_at", "warn_at"))
    assert timedelta(minutes=119) < due - now <= timedelta(minutes=121)
    assert timedelta(minutes=59) < due - warn < timedelta(minutes=61)


async def set_back(database: Any, task: dict[str, Any], **by: float) -> None:
    async with owning(database.admin_url) as owner:
        await owner.execute(BACK, task["id"], timedelta(**by))


async def test_it_warns_and_is_late_once_though_many_workers_look(
    client: Clients, company: Organisation, database: Any, service_database: Database
) -> None:
    rep, sales = client(company.rep), client(other(company))
    ticket = await made(rep, kind="complaint")
    task = await asked(rep, ticket, team_id=str(company.teams["b"]))
    await asyncio.gather(*(giving.give_task_alerts.duty(service_database) for _ in range(3)))
    assert await told_of(sales, task["id"]) == ["tickets.coordination_task.asked"]
    await set_back(database, task, minutes=50)
    for _ in range(2):
        await asyncio.gather(*(giving.give_task_alerts.duty(service_database) for _ in range(3)))
    noun = "tickets.coordination_task"
    assert await told_of(sales, task["id"]) == [f"{noun}.asked", f"{noun}.warned"]
    await set_back(database, task, minutes=20)
    for _ in range(2):
        await asyncio.gather(*(giving.give_task_alerts.duty(service_database) for _ in range(3)))
    assert (await told_of(sales, task["id"]))[1:] == [f"{noun}.warned", f"{noun}.breached"]
    [round_] = await loop_of(rep, ticket)
    told = await told_of(rep, round_["id"])
    assert told[-2:] == ["tickets.loop.task_warned", "tickets.loop.task_breached"]
    assert (await sales.get(f"{TASKS}/{task['id']}")).json()["breached_at"]


class Killed(BaseException):
    """The worker, at this very moment."""


@pytest.mark.parametrize("step", range(4))
async def test_a_worker_that_dies_tells_all_or_nothing(
    client: Clients, company: Organisation, database: Any, service_database: Database,
    monkeypatch: pytest.MonkeyPatch, step: int,
) -> None:  # fmt: skip
    rep, sales = client(company.rep), client(other(company))
    ticket = await made(rep, kind="complaint")
    task = await asked(rep, ticket, team_id=str(company.teams["b"]))
    await set_back(database, task, hours=2)
    calls = 0

    def dying(called: Any) -> Any:
        async def call(*args: Any, **named: Any) -> Any:
            nonlocal calls
            if calls == step:
                raise Killed
            calls += 1
            return await called(*args, **named)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(giving, "tell_round", dying(service.tell_round))
        patch.setattr(records, "update_record", dying(records.update_record))
        with pytest.raises(Killed):
            await giving.give_task_alerts.duty(service_database)
    noun = "tickets.coordination_task"
    assert await told_of(sales, task["id"]) == [f"{noun}.asked"]
    await giving.give_task_alerts.duty(service_database)
    told = [f"{noun}.{verb}" for verb in ("asked", "warned", "breached")]
    assert await told_of(sales, task["id"]) == told


@pytest.mark.parametrize("is_merged", [False, True])
async def test_of_a_deleted_complaint_nothing_is_told_until_it_is_there_again(
    client: Clients, company: Organisation, database: Any, service_database: Database,
    is_merged: bool,
) -> None:  # fmt: skip
    rep, sales = client(company.rep), client(other(company))
    ticket = await made(rep, kind="complaint")
    task = await asked(rep, ticket, team_id=str(company.teams["b"]))
    if is_merged:
        survivor = await made(rep, kind="complaint")
        await merged(rep, survivor, ticket)
        ticket = survivor
    await rep.delete(f"{PATH}/{ticket['id']}")
    await set_back(database, task, hours=2)
    await giving.give_task_alerts.duty(service_database)
    assert len(await told_of(sales, task["id"])) == 1
    await rep.post(f"{PATH}/{ticket['id']}/restore")
    await giving.give_task_alerts.duty(service_database)
    assert len(await told_of(sales, task["id"])) == 3


async def test_what_is_due_is_found_by_an_index(database: Any) -> None:
    sql = "SELECT id FROM coordination_tasks WHERE next_at IS NOT NULL AND next_at <= now() ORDER BY next_at LIMIT 200"
    async with owning(database.admin_url) as owner:
        await owner.execute("SET enable_seqscan = off")
        plan = "\n".join(row[0] for row in await owner.fetch(f"EXPLAIN {sql}"))
    assert "ix_coordination_tasks_next_at" in plan


async def test_another_time_begins_the_clock_anew(
    client: Clients, company: Organisation, database: Any, service_database: Database
) -> None:
    rep, sales = client(company.rep), client(other(company))
    ticket = await made(rep, kind="complaint")
    task = await asked(rep, ticket, team_id=str(company.teams["b"]))
    await set_back(database, task, hours=2)
    await giving.give_task_alerts.duty(service_database)
    path = f"{PATH}/{ticket['id']}/loop/tasks/{task['id']}"
    changed = (await rep.patch(path, json={"due_at": soon(hours=3)})).json()
    assert changed["breached_at"] is changed["warned_at"] is None
    await set_back(database, task, hours=4)
    await giving.give_task_alerts.duty(service_database)
    told = await told_of(sales, task["id"])
    assert told.count("tickets.coordination_task.breached") == 2
