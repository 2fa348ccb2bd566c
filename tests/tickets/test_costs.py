"""How many statements the hot requests of serving cost."""

from typing import Any

import pytest

from guanxi_shared import remembered
from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.statements import statements_of
from tests.tickets.company import PATH, made
from tests.tickets.conftest import Known
from tests.tickets.queueing import claim, queue

pytestmark = pytest.mark.usefixtures("remembered")

Fixture = tuple[Any, dict[str, Any]]


@pytest.fixture
async def warmed(client: Clients, company: Organisation, account: Known, person: Known) -> Fixture:
    """What is remembered for a second (scope, states, definitions) is known."""
    rep = client(company.rep)
    ticket = await made(rep, account_id=await account(), requester_id=await person())
    for path in (PATH, f"{PATH}/{ticket['id']}", f"{PATH}/{ticket['id']}/comments"):
        assert (await rep.get(path)).status_code == 200
    return rep, ticket


@pytest.mark.parametrize(
    ("path", "count"),
    [
        (f"{PATH}/{{id}}", 1), (PATH, 1), (f"{PATH}?include=account,requester&status_kind=new", 1),
        (f"{PATH}?q=help", 1), (f"{PATH}/{{id}}/comments", 2), (f"{PATH}/{{id}}/links", 2),
    ],
)  # fmt: skip
async def test_a_read_costs(
    warmed: Fixture, service_database: Database, path: str, count: int
) -> None:
    rep, ticket = warmed
    with statements_of(service_database) as seen:
        answer = await rep.get(path.replace("{id}", ticket["id"]))
    assert answer.status_code == 200
    assert len(seen) == count, seen


async def test_a_create_takes_a_number_and_writes(
    warmed: Fixture, service_database: Database
) -> None:
    rep, ticket = warmed
    for sent, count in (({}, 2), ({"account_id": ticket["account_id"]}, 3)):
        with statements_of(service_database) as seen:
            answer = await rep.post(PATH, json={"subject": "x", **sent})
        assert answer.status_code == 201
        assert len(seen) == count, seen


async def test_an_update_costs_a_look_and_a_write(
    warmed: Fixture, service_database: Database
) -> None:
    rep, ticket = warmed
    with statements_of(service_database) as seen:
        answer = await rep.patch(f"{PATH}/{ticket['id']}", json={"tags": ["a"]})
    assert answer.status_code == 200
    assert len(seen) == 2, seen


async def test_a_move_costs_a_look_and_a_write(warmed: Fixture, service_database: Database) -> None:
    rep, ticket = warmed
    with statements_of(service_database) as seen:
        answer = await rep.post(f"{PATH}/{ticket['id']}/move", json={"status": "open"})
    assert answer.status_code == 200
    assert len(seen) == 2, seen


async def test_a_reply_costs_a_look_a_write_and_once_a_response(
    warmed: Fixture, service_database: Database
) -> None:
    rep, ticket = warmed
    for count in (3, 2):
        with statements_of(service_database) as seen:
            answer = await rep.post(f"{PATH}/{ticket['id']}/comments", json={"body": "x"})
        assert answer.status_code == 201
        assert len(seen) == count, seen


async def test_an_assignment_takes_along_what_hangs_on_the_ticket_in_one_statement(
    warmed: Fixture, company: Organisation, service_database: Database
) -> None:
    rep, ticket = warmed
    path = f"{PATH}/{ticket['id']}"
    for user in (company.rep2, company.rep):  # first the connection is warmed
        with statements_of(service_database) as seen:
            answer = await rep.patch(path, json={"assignee_id": str(user.id)})
        assert answer.status_code == 200
    assert sum("ticket_comments h SET owner_id" in sql for sql in seen) == 1
    assert len(seen) == 3, seen  # a look, the ticket, what hangs on it


async def test_a_claim_looks_chooses_and_writes(
    warmed: Fixture, client: Clients, company: Organisation, service_database: Database
) -> None:
    """Its agent's lock, what it needs, the ticket, then the ticket's row and event, what hangs on it, and why."""
    rep, _ = warmed
    bills = await queue(client(company.admin), company)
    for _ in range(2):
        await made(rep, queue_id=bills["id"])
    await claim(rep, bills)  # the connection is warmed
    with statements_of(service_database) as seen:
        answer = await claim(rep, bills)
    assert answer.status_code == 200
    assert len(seen) == 6, seen


async def test_a_create_asks_all_queues_at_once_and_holds_the_one_that_takes_it(
    warmed: Fixture, client: Clients, company: Organisation, service_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(remembered, "CHANGING_SECONDS", 0.0)
    rep, _ = warmed
    tagged = [{"filters": [{"field": "tags", "operator": "has", "value": "x"}]}]
    for name, groups in (("A", tagged), ("B", tagged), ("Rest", [])):
        await queue(client(company.admin), company, name=name, filter_groups=groups)
    await made(rep)
    with statements_of(service_database) as seen:
        await made(rep)
    assert len(seen) == 4, seen  # the filters, the queue, the number, the ticket
