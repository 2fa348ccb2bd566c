"""What a ticket keeps of its clocks is what they show, whatever was done to it."""

import asyncio
from random import Random
from typing import Any

import httpx
import pytest

from guanxi_shared import remembered
from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.statements import statements_of
from tests.tickets.company import PATH, made, moved
from tests.tickets.conftest import Known
from tests.tickets.merging import merged, undo
from tests.tickets.past import owning, setting_back
from tests.tickets.promising import POLICIES, clocks, policy

TARGETS: dict[str, Any] = {
    priority: {
        "first_response": {"seconds": 3600 * n, "warnings": [50]}, "next_response": {"seconds": 7200 * n},
        "update": {"seconds": 86_400 * n}, "resolution": {"seconds": 90_000 * n, "warnings": [50, 75]},
    }
    for n, priority in enumerate(("urgent", "high", "normal"), start=1)
}  # fmt: skip
STEPS = (
    "reply",
    "ask",
    "note",
    "open",
    "pending",
    "on_hold",
    "solved",
    "urgency",
    "past",
    "delete",
)


async def step(user: httpx.AsyncClient, ticket: dict[str, Any], what: str, dice: Random) -> None:
    path = f"{PATH}/{ticket['id']}"
    if what in ("reply", "ask", "note"):
        body = {"body": "x", "visibility": "internal" if what == "note" else "public"}
        if what == "ask":
            body["author_kind"] = "requester"
        assert (await user.post(f"{path}/comments", json=body)).status_code == 201
    elif what == "urgency":
        levels = {"urgency": dice.choice(["low", "high"]), "impact": dice.choice(["low", "high"])}
        assert (await user.patch(path, json=levels)).status_code == 200
    elif what == "delete":
        assert (await user.delete(path)).status_code == 200
        assert (await user.post(f"{path}/restore")).status_code == 200
    else:
        assert (await user.post(f"{path}/move", json={"status": what})).status_code in (200, 409)


def demand_alike(ticket: dict[str, Any], explained: dict[str, Any]) -> None:
    """The latest run of each kind, as it is explained."""
    kept = ticket["sla"]
    latest = {clock["kind"]: clock for clock in explained["clocks"] if clock["number"]}
    assert sorted(latest) == sorted(clock["kind"] for clock in kept["clocks"])
    for clock in kept["clocks"]:
        wanted = latest[clock["kind"]]
        if (clock["state"], wanted["state"]) == ("running", "breached"):
            continue  # late since, and about to be told
        assert clock == {name: wanted[name] for name in clock}, (clock, wanted)
    under_way = {kind for kind, clock in latest.items() if clock["ended_at"] is None}
    dues = [c["due_at"] for c in kept["clocks"] if c["kind"] in under_way and c["due_at"]]
    assert kept["due_at"] == min(dues, default=None)


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_steps_what_is_kept_is_what_is_explained(
    client: Clients, company: Organisation, always: str, database: Any, person: Known, seed: int
) -> None:
    admin, rep, dice = client(company.admin), client(company.rep), Random(seed)
    anew = {"on_reopen": dice.choice(["anew", "continue"])}
    await policy(
        admin, always, targets=TARGETS, pauses={"pending": ["resolution", "update"]}, **anew
    )
    ticket = await made(rep, requester_id=await person())
    set_back = setting_back(database, company)
    for what in ["reply", *dice.choices(STEPS, k=14)]:
        if what == "past":
            await set_back(ticket, minutes=dice.choice([20, 90]))
            what = dice.choice(["reply", "open", "on_hold"])
        await step(admin, ticket, what, dice)
        found = (await rep.get(f"{PATH}/{ticket['id']}")).json()
        if what in ("note", "open", "pending", "on_hold", "solved"):
            continue  # a move to where it stands changes nothing, not even what is out of date
        demand_alike(found, await clocks(rep, ticket))


@pytest.mark.parametrize("seed", range(3))
async def test_many_at_once_leave_what_is_explained(
    client: Clients, company: Organisation, always: str, person: Known, seed: int
) -> None:
    admin, rep, dice = client(company.admin), client(company.rep), Random(seed)
    await policy(admin, always, targets=TARGETS, pauses={"pending": ["resolution", "update"]})
    ticket = await made(rep, requester_id=await person())
    whats = [what for what in STEPS if what not in ("past", "delete")]
    for _ in range(4):
        several = dice.choices(whats, k=6)
        await asyncio.gather(*(step(dice.choice([admin, rep]), ticket, w, dice) for w in several))
        found = (await rep.get(f"{PATH}/{ticket['id']}")).json()
        demand_alike(found, await clocks(rep, ticket))


async def test_merges_and_splits_and_what_undoes_them_leave_what_is_explained(
    client: Clients, company: Organisation, always: str, database: Any, person: Known
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    await policy(admin, always, targets=TARGETS)
    kept, gone = [await made(rep, requester_id=await person()) for _ in range(2)]
    await setting_back(database, company)(gone, minutes=30)
    await step(rep, gone, "reply", Random(1))
    asked = {"body": "x", "author_kind": "requester"}
    comment = (await rep.post(f"{PATH}/{gone['id']}/comments", json=asked)).json()

    async def demand(*tickets: dict[str, Any]) -> None:
        for each in tickets:
            found = (await rep.get(f"{PATH}/{each['id']}")).json()
            demand_alike(found, await clocks(rep, each))

    merge = await merged(rep, kept, gone)
    await demand(kept)
    assert (await rep.get(PATH, params={"sla_due_at[gt]": "2020-01-01T00:00:00Z"})).json()[
        "data"
    ] != []
    async with owning(database.admin_url) as owner:
        timer = "SELECT sla_next_at FROM tickets WHERE id = $1"
        assert await owner.fetchval(timer, gone["id"]) is None
    assert (await undo(rep, merge)).status_code == 200
    await demand(kept, gone)
    sent = {"subject": "Another", "comment_ids": [comment["id"]]}
    answer = await rep.post(f"{PATH}/{gone['id']}/split", json=sent)
    assert answer.status_code == 201, answer.text
    assert answer.json() == (await rep.get(f"{PATH}/{answer.json()['id']}")).json()
    await demand(gone, answer.json())


async def test_tickets_are_found_and_sorted_by_what_is_due_first(
    client: Clients, company: Organisation, always: str
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    await policy(admin, always, targets=TARGETS)
    tickets = [await made(rep, priority=priority) for priority in ("normal", "urgent", "high")]
    none = await made(rep, priority="low")  # for which nothing is promised
    listed = (await rep.get(f"{PATH}?sort=sla_due_at")).json()["data"]
    assert [row["id"] for row in listed] == [tickets[i]["id"] for i in (1, 2, 0)] + [none["id"]]
    assert (none["sla"]["state"], none["sla"]["due_at"], none["sla"]["clocks"]) == (
        "over",
        None,
        [],
    )
    until = tickets[2]["sla"]["due_at"]
    listed = (await rep.get(PATH, params={"sla_due_at[lte]": until})).json()["data"]
    assert {row["id"] for row in listed} == {tickets[1]["id"], tickets[2]["id"]}
    found = (await rep.get(f"{PATH}?fields=number,sla&limit=1&sort=sla_due_at")).json()["data"]
    assert found[0].keys() >= {"number", "sla"}
    assert found[0]["sla"]["clock"] == "first_response"


async def test_what_was_promised_stands_on_the_ticket_though_the_policy_is_changed(
    client: Clients, company: Organisation, always: str
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    gold = await policy(admin, always, targets=TARGETS)
    old = await made(rep)
    shorter = {"targets": {"normal": {"resolution": {"seconds": 60}}}}
    assert (await admin.patch(f"{POLICIES}/{gold['id']}", json=shorter)).status_code == 200
    after = await moved(rep, old, "open")
    assert after["sla"]["clocks"] == old["sla"]["clocks"]
    new = await made(rep)
    assert [clock["target_seconds"] for clock in new["sla"]["clocks"]] == [60]


@pytest.mark.usefixtures("remembered")
async def test_a_promise_costs_a_look_at_the_log_and_a_new_ticket_nothing(
    client: Clients, company: Organisation, always: str, service_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(remembered, "CHANGING_SECONDS", 0)
    admin, rep = client(company.admin), client(company.rep)
    await policy(admin, always, targets=TARGETS)
    for is_warm in (False, True):
        ticket = await made(rep)
        comments, move = f"{PATH}/{ticket['id']}/comments", f"{PATH}/{ticket['id']}/move"
        for path, body, count in (
            (PATH, {"subject": "x"}, 2),  # the number, the ticket
            (comments, {"body": "x"}, 4),  # a look, the reply, the log, the ticket
            (move, {"status": "open"}, 3),  # a look, the log, the ticket
        ):
            with statements_of(service_database) as seen:
                assert (await rep.post(path, json=body)).status_code in (200, 201)
            assert len(seen) == count or not is_warm, seen
