"""Warnings and breaches: told once, with what the policy says is to be done, whatever dies."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from guanxi_tickets import timers
from guanxi_tickets.sla_alerts import giving
from guanxi_tickets.sla_clocks.keeping import clocks_from
from tests.deadlines import until
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.statements import statements_of
from tests.tickets.company import PATH, made, moved, told_of
from tests.tickets.conftest import Heard, Known
from tests.tickets.past import owning, set_tickets_back, setting_back
from tests.tickets.promising import POLICIES, TARGETS, policy
from tests.tickets.test_references import merged_told

ALERTS = "/v1/sla-alerts"
HALF: dict[str, Any] = {"normal": {"resolution": {"seconds": 7200, "warnings": [50, 75]}}}
Promise = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def promise(client: Clients, company: Organisation, always: str) -> Promise:
    async def promised(*actions: dict[str, Any], **more: Any) -> dict[str, Any]:
        escalations = [{"on": "breach", "actions": list(actions)}] if actions else []
        body = {"targets": HALF, "escalations": escalations, **more}
        return await policy(client(company.admin), always, **body)

    return promised


async def alerts_of(user: httpx.AsyncClient, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await user.get(ALERTS, params={"ticket_id": ticket["id"], "sort": "id"})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def late(
    user: httpx.AsyncClient, database: Any, company: Organisation, **more: Any
) -> dict[str, Any]:
    """A ticket whose resolution was due an hour ago."""
    ticket = await made(user, **more)
    await setting_back(database, company)(ticket, hours=3)
    return ticket


async def test_warnings_and_the_breach_are_each_told_once(
    client: Clients, company: Organisation, database: Any, service_database: Database, promise: Promise
) -> None:  # fmt: skip
    rep = client(company.rep)
    gold = await promise()
    ticket = await late(rep, database, company)
    for _ in range(3):
        await giving.give_alerts.duty(service_database)
    alerts = await alerts_of(rep, ticket)
    assert [(a["what"], a["clock"], a["number"], a["percent"]) for a in alerts] == [
        ("warning", "resolution", 1, 50), ("warning", "resolution", 1, 75),
        ("breach", "resolution", 1, None),
    ]  # fmt: skip
    assert {a["policy_id"] for a in alerts} == {gold["id"]}
    assert all(str(company.rep.id) in a["notified_ids"] for a in alerts)
    assert (
        str(company.manager.id) in alerts[-1]["notified_ids"]
    )  # of a breach the manager hears, too
    assert alerts[0]["happened_at"] < alerts[1]["happened_at"] < alerts[2]["happened_at"]
    assert alerts[2]["happened_at"] > alerts[2]["due_at"]
    found = (await rep.get(f"{PATH}/{ticket['id']}")).json()
    assert (found["sla"]["breached"], found["sla"]["state"]) == (["resolution"], "running")
    types = [e["type"] for e in (await rep.get("/v1/events?types=tickets.sla.*")).json()]
    assert types == ["tickets.sla.warned", "tickets.sla.warned", "tickets.sla.breached"]
    assert await told_of(rep, ticket["id"]) == ["tickets.ticket.created", "tickets.ticket.updated"]
    listed = (await rep.get(PATH, params={"sla_breached": "resolution"})).json()["data"]
    assert [row["id"] for row in listed] == [ticket["id"]]


async def test_a_warning_that_is_due_now_makes_no_new_version_of_the_ticket(
    client: Clients, company: Organisation, database: Any, service_database: Database, promise: Promise
) -> None:  # fmt: skip
    rep = client(company.rep)
    await promise()
    ticket = await made(rep)
    await setting_back(database, company)(ticket, minutes=70)
    await giving.give_alerts.duty(service_database)
    assert [a["percent"] for a in await alerts_of(rep, ticket)] == [50]
    answer = await rep.patch(
        f"{PATH}/{ticket['id']}", json={"tags": ["x"]}, headers={"if-match": '"1"'}
    )
    assert answer.status_code == 200  # nobody's edit is in the way of a warning
    await setting_back(database, company)(ticket, minutes=30)
    await giving.give_alerts.duty(service_database)
    assert [a["percent"] for a in await alerts_of(rep, ticket)] == [50, 75]


async def test_what_is_paused_solved_or_deleted_is_not_late(
    client: Clients, company: Organisation, database: Any, service_database: Database, promise: Promise
) -> None:  # fmt: skip
    rep = client(company.rep)
    await promise(pauses={"pending": ["resolution"]})
    paused, solved, gone = [await made(rep) for _ in range(3)]
    await moved(rep, paused, "pending")
    await moved(rep, solved, "solved")
    assert (await client(company.admin).delete(f"{PATH}/{gone['id']}")).status_code == 200
    for ticket in (paused, solved, gone):
        await setting_back(database, company)(ticket, hours=9)
    await giving.give_alerts.duty(service_database)
    assert (await rep.get(ALERTS)).json()["data"] == []
    await client(company.admin).post(f"{PATH}/{gone['id']}/restore")
    await moved(rep, paused, "open")
    for ticket in (paused, gone):
        await setting_back(database, company)(ticket, hours=3)
    await giving.give_alerts.duty(service_database)
    for ticket in (paused, gone):
        assert [a["what"] for a in await alerts_of(rep, ticket)][-1] == "breach"


async def test_a_breach_does_what_the_policy_says_and_tells_what_it_did(
    client: Clients, company: Organisation, database: Any, service_database: Database, promise: Promise
) -> None:  # fmt: skip
    rep = client(company.rep)
    team, junior = str(company.teams["a1"]), str(company.junior.id)
    await promise(
        {"action": "raise"}, {"action": "reassign", "assignee_id": junior, "team_id": team},
        {"action": "notify", "to": ["assignee", "manager", "followers"], "user_ids": [str(company.admin.id)]},
    )  # fmt: skip
    ticket = await late(rep, database, company, follower_ids=[str(company.rep2.id)])
    reply = await rep.post(f"{PATH}/{ticket['id']}/comments", json={"body": "x"})
    assert reply.status_code == 201
    await giving.give_alerts.duty(service_database)
    found = (await client(company.admin).get(f"{PATH}/{ticket['id']}")).json()
    assert (found["priority"], found["priority_source"]) == ("high", "given")
    assert (found["assignee_id"], found["team_id"]) == (junior, team)
    alerts = await alerts_of(client(company.junior), ticket)  # whoever sees the ticket sees them
    assert [(a["action"], a["done"]) for a in alerts[-1]["actions"]] == [
        ("raise", True), ("reassign", True), ("notify", True)
    ]  # fmt: skip
    wanted = {company.admin.id, company.junior.id, company.manager.id, company.rep2.id}
    assert set(alerts[-1]["notified_ids"]) == {str(each) for each in wanted}
    assert (await rep.get(f"{ALERTS}/{alerts[-1]['id']}")).status_code == 404
    mine = {"notified_id": str(company.rep2.id)}
    listed = (await client(company.admin).get(ALERTS, params=mine)).json()["data"]
    assert [a["id"] for a in listed] == [alerts[-1]["id"]]
    comments = await client(company.junior).get(f"{PATH}/{ticket['id']}/comments")
    assert len(comments.json()["data"]) == 1
    types = await told_of(client(company.admin), ticket["id"])
    assert types[-1] == "tickets.ticket.assigned"
    history = (await client(company.admin).get(f"{PATH}/{ticket['id']}/history")).json()["data"]
    assert (history[0]["actor_kind"], history[0]["channel"]) == ("service", "sla")


async def test_what_cannot_be_done_is_said_and_the_rest_is_done(
    client: Clients, company: Organisation, database: Any, service_database: Database, promise: Promise
) -> None:  # fmt: skip
    rep = client(company.rep)
    await promise(
        {"action": "raise"}, {"action": "reassign", "assignee_id": str(company.rep.id)},
        {"action": "notify", "to": ["followers", "team"]},
    )  # fmt: skip
    ticket = await late(rep, database, company)
    await moved(rep, ticket, "solved")
    await giving.give_alerts.duty(service_database)
    alert = (await alerts_of(rep, ticket))[-1]
    assert [(a["action"], a["done"]) for a in alert["actions"]] == [
        ("raise", False), ("reassign", False), ("notify", False)
    ]  # fmt: skip
    assert "solved already" in alert["actions"][0]["sentence"]
    assert "no followers and no team" in alert["actions"][2]["sentence"]
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["priority"] == "normal"


async def test_raised_to_a_shorter_target_it_is_late_of_that_at_once_and_no_further_than_urgent(
    client: Clients, company: Organisation, database: Any, service_database: Database, promise: Promise
) -> None:  # fmt: skip
    rep = client(company.rep)
    shorter = {
        name: {"resolution": {"seconds": seconds}}
        for name, seconds in (("normal", 7200), ("high", 3600), ("urgent", 60))
    }
    await promise({"action": "raise"}, targets=shorter)
    ticket = await late(rep, database, company)
    for _ in range(3):
        await giving.give_alerts.duty(service_database)
    assert len(await alerts_of(rep, ticket)) == 1  # a run is late once
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["priority"] == "high"


class Killed(BaseException):
    """The worker, at this very moment."""


@pytest.mark.parametrize("step", range(6))
async def test_a_worker_that_dies_at_any_step_leaves_all_or_nothing(
    client: Clients, company: Organisation, database: Any, service_database: Database, promise: Promise,
    monkeypatch: pytest.MonkeyPatch, step: int,
) -> None:  # fmt: skip
    rep = client(company.rep)
    await promise({"action": "raise"}, {"action": "notify", "to": ["assignee"]})
    ticket = await late(rep, database, company)
    calls = 0

    def dying(called: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **named: Any) -> Any:
            nonlocal calls
            if calls == step:
                raise Killed
            calls += 1
            return await called(*args, **named)

        return call

    with monkeypatch.context() as patch:
        for name in ("told_of", "people_for_all", "insert_many", "write_all_kept"):
            patch.setattr(giving, name, dying(getattr(giving, name)))
        with pytest.raises(Killed):
            await giving.give_alerts.duty(service_database)
    assert await alerts_of(rep, ticket) == []
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["priority"] == "normal"
    await giving.give_alerts.duty(service_database)
    assert len(await alerts_of(rep, ticket)) == 3
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["priority"] == "high"


async def test_many_workers_at_once_tell_each_once(
    client: Clients, company: Organisation, database: Any, service_database: Database, promise: Promise
) -> None:  # fmt: skip
    rep = client(company.rep)
    await promise({"action": "raise"})
    tickets = [await made(rep) for _ in range(12)]
    for ticket in tickets:
        await setting_back(database, company)(ticket, hours=3)
    replies = [
        rep.post(f"{PATH}/{ticket['id']}/comments", json={"body": "x"}) for ticket in tickets
    ]
    workers = [giving.give_alerts.duty(service_database) for _ in range(5)]
    answers = await asyncio.gather(*workers, *replies)
    assert {answer.status_code for answer in answers[5:]} == {201}
    for ticket in tickets:
        assert len(await alerts_of(rep, ticket)) == 3
        assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["priority"] == "high"
    found = (await rep.get("/v1/events?types=tickets.sla.breached&limit=100")).json()
    assert len(found) == 12


@pytest.mark.parametrize("at_once", [1, 200])
async def test_a_ticket_that_cannot_be_looked_at_holds_up_no_other(
    client: Clients, company: Organisation, database: Any, service_database: Database, promise: Promise,
    monkeypatch: pytest.MonkeyPatch, at_once: int,
) -> None:  # fmt: skip
    rep = client(company.rep)
    await promise()
    broken, whole = [await late(rep, database, company) for _ in range(2)]
    read = clocks_from

    async def failing(connection: Any, row: Any, *args: Any, **named: Any) -> Any:
        if str(row["id"]) == broken["id"]:
            raise ValueError("nobody reads this")
        return await read(connection, row, *args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(giving, "clocks_from", failing)
        patch.setattr(timers, "AT_ONCE", at_once)  # the broken one is the first in the index
        await giving.give_alerts.duty(service_database)
    assert len(await alerts_of(rep, whole)) == 3
    assert await alerts_of(rep, broken) == []
    async with owning(database.admin_url) as owner:  # its turn comes again
        await owner.execute(
            "UPDATE tickets SET sla_next_at = sla_next_at - interval '5 minutes' WHERE id = $1",
            broken["id"],
        )
    await giving.give_alerts.duty(service_database)
    assert len(await alerts_of(rep, broken)) == 3


@pytest.mark.usefixtures("remembered")
async def test_a_tick_costs_as_much_for_many_as_for_a_few(
    client: Clients, company: Organisation, database: Any, service_database: Database, promise: Promise
) -> None:  # fmt: skip
    rep, costs = client(company.rep), []
    to = {"action": "reassign", "assignee_id": str(company.rep2.id)}
    await promise({"action": "raise"}, {"action": "notify", "to": ["assignee", "manager"]}, to)
    for many in (2, 12):
        tickets = [await late(rep, database, company) for _ in range(many)]
        with statements_of(service_database) as seen:
            await giving.give_alerts.duty(service_database)
        costs.append(len(seen))
        for ticket in tickets:
            assert len(await alerts_of(rep, ticket)) == 3
            found = (await client(company.admin).get(f"{PATH}/{ticket['id']}")).json()
            assert (found["priority"], found["assignee_id"]) == ("high", str(company.rep2.id))
    assert costs[0] == costs[1], costs


INSIDE = """
EXPLAIN (ANALYZE, FORMAT JSON) SELECT t.organisation_id, t.id FROM tickets t
WHERE t.sla_next_at IS NOT NULL AND t.sla_next_at <= now() ORDER BY t.sla_next_at LIMIT 200
"""
# At the same time, by the same sight.
DUE = "SELECT count(*) FROM tickets WHERE sla_next_at <= now()"


async def test_a_tick_looks_at_what_is_due_and_at_nothing_else(
    client: Clients, company: Organisation, database: Any, promise: Promise
) -> None:
    """However many are open: their timers lie in an index, and the tick reads from its beginning."""
    rep = client(company.rep)
    await promise()
    ticket = await late(rep, database, company)
    async with owning(database.admin_url) as owner:
        columns = await owner.fetchval(
            "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = 'tickets'::regclass"
            " AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('id', 'number', 'sla_next_at')"
        )
        await owner.execute(
            f"INSERT INTO tickets (id, number, sla_next_at, {columns}) SELECT gen_random_uuid(), 'X-' || n,"
            f" now() + interval '1 hour', {columns} FROM tickets, generate_series(1, 3000) AS n WHERE id = $1",
            ticket["id"],
        )
        try:
            await owner.execute("ANALYZE tickets")
            async with owner.transaction(isolation="repeatable_read"):
                due = await owner.fetchval(DUE)  # more than one where another test left some
                plan = (await owner.fetchval(INSIDE))[1:-1]
            assert '"Index Name": "ix_tickets_sla_next_at"' in plan
            assert f'"Actual Rows": {due},' in plan.replace(".00", "")
            assert 0 < due < 200
            assert "Rows Removed by Filter" not in plan
        finally:
            await owner.execute("DELETE FROM tickets WHERE number LIKE 'X-%'")


@pytest.mark.parametrize(
    ("escalation", "field"),
    [
        ({"on": "breach", "actions": []}, "escalations.0.actions"),
        ({"on": "later", "actions": [{"action": "raise"}]}, "escalations.0.on"),
        ({"on": "breach", "actions": [{"action": "fire"}]}, "escalations.0.actions.0"),
        ({"on": "breach", "actions": [{"action": "notify"}]}, "escalations.0.actions.0.notify"),
        ({"on": "breach", "actions": [{"action": "reassign"}]}, "escalations.0.actions.0.reassign"),
        ({"on": "breach", "actions": [{"action": "reassign", "assignee_id": str(new_id())}]},
         "escalations.0.actions"),
        ({"on": "warning", "percent": 0, "actions": [{"action": "raise"}]}, "escalations.0.percent"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_an_escalation_is_named(
    client: Clients, company: Organisation, always: str, escalation: dict[str, Any], field: str
) -> None:
    body = {"name": "x", "calendar_id": always, "targets": TARGETS, "escalations": [escalation]}
    answer = await client(company.admin).post(POLICIES, json=body)
    assert answer.status_code == 422, answer.text
    assert list(answer.json()["errors"]) == [field], answer.text


WORKER = """
import asyncio, os
from guanxi_shared.db import Database
from guanxi_tickets import timers
from guanxi_tickets.sla_alerts import giving

timers.AT_ONCE = 2  # so that there are several looks to be killed between

async def main():
    database = Database(os.environ["TICKETS_DATABASE_URL"], pool_size=4)
    await database.open()
    await giving.give_alerts.duty(database)

asyncio.run(main())
"""


async def test_workers_that_are_killed_again_and_again_escalate_each_breach_once(
    client: Clients, company: Organisation, database: Clone, promise: Promise
) -> None:
    rep = client(company.rep)
    await promise({"action": "raise"})
    tickets = [await made(rep) for _ in range(12)]
    ids = [ticket["id"] for ticket in tickets]
    await set_tickets_back(database.admin_url, company.id, ids, timedelta(hours=3))
    environment = os.environ | database.environment("tickets")
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)

    async def told() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await rep.get(f"{ALERTS}?limit=200")).json()["data"]
        return found

    kills = 0
    while (before := len(await told())) < 3 * len(tickets):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, env=environment
        )

        async def has_told_some(before: int = before) -> bool:
            return len(await told()) > before

        await until(has_told_some, seconds=30)
        with suppress(ProcessLookupError):
            process.kill()
        kills += await process.wait() == -signal.SIGKILL
    assert kills > 0
    counted = Counter(
        (alert["ticket_id"], alert["what"], alert["percent"]) for alert in await told()
    )
    assert set(counted.values()) == {1}
    assert len(counted) == 3 * len(tickets)
    for path in [f"{PATH}/{ticket['id']}" for ticket in tickets]:
        assert (await rep.get(path)).json()["priority"] == "high"
    events = (await rep.get("/v1/events?types=tickets.sla.breached&limit=200")).json()
    assert len({event["id"] for event in events}) == len(tickets) == len(events)


async def test_a_breach_says_whose_ticket_it_was_and_follows_merges(
    client: Clients, company: Organisation, promise: Promise, account: Known, person: Known,
    heard: Heard, service_database: Database, database: Clone,
) -> None:  # fmt: skip
    admin = client(company.admin)
    await promise()
    acme, ann, survivor = await account("Acme"), await person("Ann"), await account("New")
    ticket = await late(admin, database, company, account_id=acme, requester_id=ann)
    await giving.give_alerts.duty(service_database)

    async def named() -> set[tuple[str, str]]:
        rows = await alerts_of(admin, ticket)
        return {(row["account_id"], row["requester_id"]) for row in rows}

    assert await named() == {(acme, ann)}
    for event in merged_told(company, "account", str(new_id()), [acme], survivor, version=2):
        await heard(event)
    assert await named() == {(survivor, ann)}
