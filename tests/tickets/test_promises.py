"""Promises by hand: a clock of their own, kept by a reply, by being solved or by hand."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from guanxi_shared.db import Database
from guanxi_tickets.sla_alerts.giving import give_alerts
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved
from tests.tickets.past import owning, setting_back
from tests.tickets.promising import clocks, policy
from tests.tickets.test_sla_alerts import alerts_of


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


async def promised(
    user: httpx.AsyncClient, ticket: dict[str, Any], *, hours: float = 2
) -> dict[str, Any]:
    body = {"body": "We call back", "due_at": in_hours(hours)}
    answer = await user.post(f"{PATH}/{ticket['id']}/promises", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def states(user: httpx.AsyncClient, ticket: dict[str, Any]) -> list[str]:
    answer = await user.get(f"{PATH}/{ticket['id']}/promises")
    assert answer.status_code == 200, answer.text
    return [each["state"] for each in answer.json()["data"]]


async def test_a_promise_is_shown_on_the_ticket_and_needs_no_policy(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    assert ticket["sla"] is None
    promise = await promised(rep, ticket)
    assert (promise["author_id"], promise["outcome"]) == (str(company.rep.id), None)
    found = (await rep.get(f"{PATH}/{ticket['id']}")).json()
    assert found["sla"]["clock"] == "promise"
    due = datetime.fromisoformat(found["sla"]["due_at"])
    assert abs(due - datetime.fromisoformat(promise["due_at"])) <= timedelta(seconds=1)
    [clock] = (await clocks(rep, ticket))["clocks"]
    assert (clock["kind"], clock["state"], clock["due_at"]) == (
        "promise",
        "running",
        found["sla"]["due_at"],
    )
    assert await states(rep, ticket) == ["running"]


@pytest.mark.parametrize(
    ("how", "state"),
    [("reply", "met"), ("solve", "met"), ("keep", "met"), ("withdraw", "cancelled"), ("again", "cancelled")],
)  # fmt: skip
async def test_a_promise_ends_by_what_is_done(
    client: Clients, company: Organisation, how: str, state: str, database: Any
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    promise = await promised(rep, ticket)
    await setting_back(database, company)(ticket, minutes=5)
    path = f"{PATH}/{ticket['id']}/promises/{promise['id']}"
    if how == "reply":
        await rep.post(f"{PATH}/{ticket['id']}/comments", json={"body": "Here it is"})
    elif how == "solve":
        await moved(rep, ticket, "solved")
    elif how == "again":
        await promised(rep, ticket, hours=5)
    else:
        sent = {"reason": "It is not made any more"} if how == "withdraw" else {}
        answer = await rep.post(f"{path}/{how}", json=sent)
        assert (answer.status_code, answer.json()["version"]) == (200, 2), answer.text
    assert (await states(rep, ticket))[0] == state
    sla = (await rep.get(f"{PATH}/{ticket['id']}")).json()["sla"]
    assert sla["state"] == ("running" if how == "again" else "over")
    for verb in ("keep", "withdraw"):
        answer = await rep.post(f"{path}/{verb}", json={"reason": "x"})
        assert (answer.status_code, answer.json()["code"]) == (409, "promise_over")


async def test_what_was_promised_and_not_done_is_warned_of_and_breached_once(
    client: Clients, company: Organisation, database: Any, service_database: Database, always: str
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    escalations = [{"on": "breach", "clock": "promise", "actions": [{"action": "raise"}]}]
    await policy(admin, always, targets={}, escalations=escalations, promise_warnings=[50])
    ticket, untouched = await made(rep), await made(rep)
    for each in (ticket, untouched):
        await promised(rep, each, hours=2)
    await setting_back(database, company)(ticket, hours=3)
    for _ in range(2):
        await give_alerts.duty(service_database)
    told = [(a["what"], a["clock"], a["percent"]) for a in await alerts_of(rep, ticket)]
    assert told == [("warning", "promise", 50), ("breach", "promise", None)]
    assert await alerts_of(rep, untouched) == []
    found = (await rep.get(f"{PATH}/{ticket['id']}")).json()
    assert (found["priority"], found["sla"]["breached"]) == ("high", ["promise"])
    assert await states(rep, ticket) == ["breached"]
    await rep.post(f"{PATH}/{ticket['id']}/comments", json={"body": "Late, but here it is"})
    [promise] = (await rep.get(f"{PATH}/{ticket['id']}/promises")).json()["data"]
    assert (promise["state"], promise["met_at"] is not None) == ("breached", True)


async def test_without_a_policy_the_assignee_and_their_manager_hear_of_a_broken_promise(
    client: Clients, company: Organisation, database: Any, service_database: Database
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    await promised(rep, ticket)
    await setting_back(database, company)(ticket, hours=3)
    await give_alerts.duty(service_database)
    [alert] = await alerts_of(rep, ticket)
    assert (alert["what"], alert["policy_id"]) == ("breach", None)
    assert set(alert["notified_ids"]) == {str(company.rep.id), str(company.manager.id)}


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"due_at": "2027-01-01T00:00:00Z"}, "body"), ({"body": "x"}, "due_at"),
        ({"body": "x", "due_at": "2020-01-01T00:00:00Z"}, "due_at"),
        ({"body": "x", "due_at": "2099-01-01T00:00:00Z"}, "due_at"),
        ({"body": "x", "due_at": "tomorrow"}, "due_at"),
        ({"body": " ", "due_at": "2027-01-01T00:00:00Z"}, "body"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_promise_is_named(
    client: Clients, company: Organisation, sent: dict[str, Any], field: str
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    answer = await rep.post(f"{PATH}/{ticket['id']}/promises", json=sent)
    assert answer.status_code == 422, answer.text
    assert list(answer.json()["errors"]) == [field]


async def test_nothing_is_promised_of_what_is_solved_or_not_seen(
    client: Clients, company: Organisation
) -> None:
    rep, other = client(company.rep), client(company.other_rep)
    ticket = await made(rep)
    promise = await promised(rep, ticket)
    path = f"{PATH}/{ticket['id']}/promises"
    body = {"body": "x", "due_at": in_hours(1)}
    for answer in (
        await other.get(path), await other.post(path, json=body),
        await other.post(f"{path}/{promise['id']}/keep"),
        await rep.post(f"{PATH}/{(await made(rep))['id']}/promises/{promise['id']}/keep"),
    ):  # fmt: skip
        assert answer.status_code == 404, answer.text
    await moved(rep, ticket, "solved")
    answer = await rep.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "ticket_over")
    types = [e["type"] for e in (await rep.get("/v1/events?types=tickets.promise.*")).json()]
    assert types == ["tickets.promise.made"]
    assert (await other.get("/v1/events?types=tickets.promise.*")).json() == []


async def test_of_two_who_end_a_promise_at_once_one_is_told_that_it_is_over(
    client: Clients, company: Organisation
) -> None:
    rep, colleague = client(company.rep), client(company.admin)
    for _ in range(5):
        ticket = await made(rep)
        promise = await promised(rep, ticket)
        path = f"{PATH}/{ticket['id']}/promises/{promise['id']}"
        answers = await asyncio.gather(
            rep.post(f"{path}/keep"), colleague.post(f"{path}/withdraw", json={"reason": "x"})
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_promise_that_a_clock_ahead_wrote_is_ended_no_earlier_than_it_was_made(
    client: Clients, company: Organisation, database: Any
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    promise = await promised(rep, ticket)
    ahead = "UPDATE ticket_promises SET created_at = now() + interval '1 minute' WHERE id = $1::text::uuid"
    async with owning(database.admin_url) as owner:
        await owner.execute(ahead, promise["id"])
    answer = await rep.post(f"{PATH}/{ticket['id']}/promises/{promise['id']}/keep")
    assert answer.status_code == 200, answer.text
    await setting_back(database, company)(ticket, minutes=5)
    assert await states(rep, ticket) == ["met"]
