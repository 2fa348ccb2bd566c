"""Moves and the settings that allow them."""

import asyncio
from typing import Any

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved, told_of

SETTINGS = f"{PATH}/settings"
STATES: list[dict[str, Any]] = [
    {"key": "new", "name": "新建", "kind": "new", "moves_to": ["open"]},
    {"key": "open", "name": "处理中", "kind": "open", "moves_to": ["supplier", "solved"]},
    {"key": "supplier", "name": "供应商", "kind": "on_hold", "moves_to": ["open"]},
    {"key": "solved", "name": "已解决", "kind": "solved", "moves_to": ["open"]},
]


async def test_a_ticket_goes_through_its_life_and_every_step_is_told(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    for status in ("open", "pending", "open", "solved", "closed", "open", "on_hold", "closed"):
        ticket = await moved(rep, ticket, status)
    assert (ticket["status_kind"], ticket["reopened_count"]) == ("closed", 1)
    assert ticket["solved_at"] == ticket["closed_at"]
    told = await told_of(rep, ticket["id"])
    assert [type.rpartition(".")[2] for type in told] == [
        "created", "moved", "moved", "moved", "solved", "closed", "reopened", "moved", "closed"]  # fmt: skip


async def test_a_move_that_is_not_allowed_says_where_it_may_go_and_changes_nothing(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await moved(rep, await made(rep), "solved")
    for method, path, sent in (
        ("POST", f"{PATH}/{ticket['id']}/move", {"status": "pending"}),
        ("PATCH", f"{PATH}/{ticket['id']}", {"status": "pending", "subject": "Other"}),
    ):
        answer = await rep.request(method, path, json=sent)
        assert answer.status_code == 409, answer.text
        assert answer.json()["errors"] == {"status": "From solved it may go to: open, closed."}
    unknown = await rep.post(f"{PATH}/{ticket['id']}/move", json={"status": "nowhere"})
    assert (unknown.status_code, list(unknown.json()["errors"])) == (422, ["status"])
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json() == ticket
    assert await moved(rep, ticket, "solved") == ticket  # where it stands is no move


async def test_of_two_who_move_from_one_version_one_is_refused(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    path = f"{PATH}/{ticket['id']}/move"
    answers = await asyncio.gather(
        *(
            rep.post(path, json={"status": status}, headers={"if-match": '"1"'})
            for status in ("open", "pending", "solved", "closed")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


async def test_the_admin_says_which_states_there_are(
    client: Clients, company: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    before = await rep.get(SETTINGS)
    assert (before.json()["version"], len(before.json()["states"])) == (0, 6)
    assert (await rep.patch(SETTINGS, json={"states": STATES})).status_code == 403
    table = {
        level: dict.fromkeys(("high", "medium", "low"), "urgent")
        for level in ("high", "medium", "low")
    }
    done = await admin.patch(
        SETTINGS, json={"states": STATES, "priorities": table}, headers={"if-match": '"0"'}
    )
    assert (done.status_code, done.json()["states"]) == (200, STATES)
    ticket = await made(rep)
    assert (ticket["status"], ticket["priority"]) == ("new", "urgent")
    refused = await rep.post(f"{PATH}/{ticket['id']}/move", json={"status": "solved"})
    assert refused.status_code == 409
    for status in ("open", "supplier"):
        ticket = await moved(rep, ticket, status)
    assert ticket["status_kind"] == "on_hold"
    assert (await admin.patch(SETTINGS, json={"priorities": None})).json()["version"] == 2
    assert (await made(rep))["priority"] == "normal"


async def test_a_state_in_which_tickets_stand_neither_goes_nor_changes_its_kind(
    client: Clients, company: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    await admin.patch(SETTINGS, json={"states": STATES})
    await moved(rep, await moved(rep, await made(rep), "open"), "supplier")
    without = [
        {**state, "moves_to": [key for key in state["moves_to"] if key != "supplier"]}
        for state in STATES
        if state["key"] != "supplier"
    ]
    other = [{**s, "kind": "pending"} if s["key"] == "supplier" else s for s in STATES]
    for states in (without, other):
        answer = await admin.patch(SETTINGS, json={"states": states})
        assert answer.status_code == 409, answer.text
        assert "supplier (1)" in answer.json()["detail"]
    renamed = [{**s, "name": "Supplier"} if s["key"] == "supplier" else s for s in STATES]
    assert (await admin.patch(SETTINGS, json={"states": renamed})).status_code == 200
