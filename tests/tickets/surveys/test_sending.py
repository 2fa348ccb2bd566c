"""Whom surveys are sent to: filter, delay, sample, fatigue, reopened tickets; each once, whatever dies."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from guanxi_shared import records
from guanxi_shared.db import Database
from guanxi_tickets.survey_sending import duties
from guanxi_tickets.survey_sending.duties import run_survey_schedules, work_surveys
from guanxi_tickets.survey_sending.planning import plan_for
from guanxi_tickets.survey_sending.rules import is_sampled
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved, told_of
from tests.tickets.conftest import Known
from tests.tickets.past import owning
from tests.tickets.surveys.asking import INVITATIONS, SURVEYS, invited, listed, path_of, survey
from tests.tickets.test_sla_alerts import Killed

Solve = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def solve(client: Clients, company: Organisation, person: Known) -> Solve:
    """`await solve("Ann")`: a solved ticket of somebody new."""

    async def make(name: str = "Ann", **more: Any) -> dict[str, Any]:
        sent = {"requester_id": await person(name), **more}
        ticket = await made(client(company.rep), **sent)
        return await moved(client(company.rep), ticket, "solved")

    return make


async def earlier(database: Any, table: str, column: str, **by: float) -> None:
    async with owning(database.admin_url) as owner:
        await owner.execute(
            f"UPDATE {table} SET {column} = {column} - $1::interval", timedelta(**by)
        )


async def statuses(user: httpx.AsyncClient) -> list[tuple[str, str | None]]:
    found = await listed(user, INVITATIONS, sort="id")
    return [(each["status"], each["reason"]) for each in found]


async def test_a_solved_ticket_that_fits_is_asked_about_after_the_delay_and_once(
    client: Clients, company: Organisation, solve: Solve, service_database: Database, database: Any
) -> None:
    admin = client(company.admin)
    only = [{"filters": [{"field": "kind", "operator": "eq", "value": "incident"}]}]
    asked = await survey(admin, send_on="solved", delay_minutes=60, filter_groups=only)
    await survey(admin, name="On close", send_on="closed")
    await survey(admin, name="Off", send_on="solved", is_active=False)
    ticket, other = await solve(kind="incident"), await solve("Ben")
    await work_surveys.duty(service_database)
    [planned] = await listed(admin, INVITATIONS)
    assert (planned["status"], planned["ticket_id"], planned["survey_id"]) == (
        "planned", ticket["id"], asked["id"],
    )  # fmt: skip
    assert (await admin.get(f"{INVITATIONS}/{planned['id']}/link")).status_code == 409
    await earlier(database, "survey_invitations", "send_at", hours=2)
    for _ in range(3):
        await work_surveys.duty(service_database)
    [sent] = await listed(admin, INVITATIONS)
    assert sent["status"] == "sent"
    assert (await client().get(await path_of(admin, sent))).status_code == 200
    assert await told_of(admin, sent["id"]) == [
        "tickets.survey_invitation.planned", "tickets.survey_invitation.sent",
    ]  # fmt: skip
    await moved(client(company.rep), other, "closed")
    await work_surveys.duty(service_database)
    assert len(await listed(admin, INVITATIONS)) == 2


async def test_what_is_reopened_before_is_not_asked_about_and_anew_when_it_is_solved_again(
    client: Clients, company: Organisation, solve: Solve, service_database: Database, database: Any
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    await survey(admin, send_on="solved", delay_minutes=60)
    ticket = await solve()
    await work_surveys.duty(service_database)
    await moved(rep, ticket, "open")
    await earlier(database, "survey_invitations", "send_at", hours=2)
    await work_surveys.duty(service_database)
    assert await statuses(admin) == [("dropped", "reopened")]
    await moved(rep, ticket, "solved")
    await work_surveys.duty(service_database)
    await earlier(database, "survey_invitations", "send_at", hours=2)
    await work_surveys.duty(service_database)
    assert await statuses(admin) == [("dropped", "reopened"), ("sent", None)]


async def test_nobody_is_asked_twice_within_the_quiet_days_by_whatever_survey(
    client: Clients, company: Organisation, person: Known, service_database: Database, database: Any
) -> None:
    """Several surveys, several tickets of one person, several workers at once."""
    admin, rep = client(company.admin), client(company.rep)
    ann = await person("Ann")
    for name in ("One", "Two", "Three"):
        await survey(admin, name=name, send_on="solved", quiet_days=7)
    for _ in range(3):
        await moved(rep, await made(rep, requester_id=ann), "solved")
    await asyncio.gather(*(work_surveys.duty(service_database) for _ in range(5)))
    found = await statuses(admin)
    assert sorted(found, key=str) == [("dropped", "asked_lately")] * 8 + [("sent", None)]
    by_hand = await survey(admin, name="Hand", quiet_days=7)
    refused = await admin.post(f"{SURVEYS}/{by_hand['id']}/invitations", json={"contact_id": ann})
    assert (refused.status_code, refused.json()["code"]) == (409, "asked_lately")
    await earlier(database, "survey_invitations", "sent_at", days=8)
    assert (await invited(admin, by_hand, contact_id=ann))["status"] == "sent"


async def test_those_invited_by_hand_at_once_are_asked_once(
    client: Clients, company: Organisation, person: Known
) -> None:
    admin, ann = client(company.admin), await person("Ann")
    asked = await survey(admin, quiet_days=1)
    path = f"{SURVEYS}/{asked['id']}/invitations"
    answers = await asyncio.gather(*(admin.post(path, json={"contact_id": ann}) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


async def test_the_sample_is_the_one_that_the_rule_draws(
    client: Clients, company: Organisation, solve: Solve, service_database: Database
) -> None:
    admin = client(company.admin)
    asked = await survey(admin, send_on="solved", sample_percent=50)
    tickets = [await solve(f"P{n}") for n in range(12)]
    await work_surveys.duty(service_database)
    drawn = {t["id"] for t in tickets if is_sampled(UUID(asked["id"]), UUID(t["id"]), 50)}
    assert {each["ticket_id"] for each in await listed(admin, INVITATIONS)} == drawn


async def test_a_schedule_asks_those_whose_tickets_were_solved_since_about_the_last_one(
    client: Clients, company: Organisation, person: Known, service_database: Database, database: Any
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    asked = await survey(admin, kind="nps", send_on="schedule", every_days=30)
    ann = await person("Ann")
    tickets = [await moved(rep, await made(rep, requester_id=ann), "solved") for _ in range(2)]
    await run_survey_schedules.duty(service_database)
    assert await listed(admin, INVITATIONS) == []  # its time has not come
    await earlier(database, "surveys", "next_run_at", days=31)
    await asyncio.gather(*(run_survey_schedules.duty(service_database) for _ in range(3)))
    await work_surveys.duty(service_database)
    [found] = await listed(admin, INVITATIONS)
    assert (found["status"], found["ticket_id"]) == ("sent", tickets[1]["id"])
    assert (await admin.get(f"{SURVEYS}/{asked['id']}")).json()["next_run_at"] > found["sent_at"]
    await earlier(database, "surveys", "next_run_at", days=31)
    await run_survey_schedules.duty(service_database)
    assert len(await listed(admin, INVITATIONS)) == 1
    # Solved before that run looked, by a transaction that ended after it did.
    await moved(rep, await made(rep, requester_id=await person("Bob")), "solved")
    await earlier(database, "tickets", "solved_at", minutes=2)
    await earlier(database, "surveys", "next_run_at", days=31)
    await run_survey_schedules.duty(service_database)
    assert len(await listed(admin, INVITATIONS)) == 2


@pytest.mark.parametrize("step", range(4))
async def test_a_worker_that_dies_at_any_step_leaves_all_or_nothing(
    client: Clients, company: Organisation, solve: Solve, service_database: Database,
    monkeypatch: pytest.MonkeyPatch, step: int,
) -> None:  # fmt: skip
    admin = client(company.admin)
    for name in ("One", "Two"):
        await survey(admin, name=name, send_on="solved")
    await solve()
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
        for name in ("insert_record", "update_record"):
            patch.setattr(records, name, dying(getattr(records, name)))
        with pytest.raises(Killed):
            await work_surveys.duty(service_database)
    assert len(await listed(admin, INVITATIONS)) == (0 if step < 2 else 2)
    await work_surveys.duty(service_database)
    found = await listed(admin, INVITATIONS)
    assert [each["status"] for each in found] == ["sent", "sent"]
    events = (await admin.get("/v1/events?types=tickets.survey_invitation.sent&limit=100")).json()
    assert len(events) == 2


async def test_what_fails_is_put_off_and_holds_up_no_other(
    client: Clients, company: Organisation, solve: Solve, service_database: Database, database: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    admin = client(company.admin)
    await survey(admin, send_on="solved")
    broken, whole = await solve("Ann"), await solve("Ben")
    plan = plan_for

    async def failing(db: Any, organisation: Any, ticket_id: Any) -> bool:
        if str(ticket_id) == broken["id"]:
            raise ValueError("nobody plans this")
        return await plan(db, organisation, ticket_id)

    with monkeypatch.context() as patch:
        patch.setitem(duties.WORKS, "ticket", failing)  # type: ignore[arg-type]
        await work_surveys.duty(service_database)
    assert [each["ticket_id"] for each in await listed(admin, INVITATIONS)] == [whole["id"]]
    await earlier(database, "tickets", "survey_due_at", minutes=6)
    await work_surveys.duty(service_database)
    assert len(await listed(admin, INVITATIONS)) == 2


async def test_a_filter_that_means_nothing_any_more_and_a_ticket_without_a_requester_ask_nobody(
    client: Clients, company: Organisation, solve: Solve, service_database: Database
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    field = {"resource": "tickets", "key": "site", "kind": "text"}
    answer = await admin.post("/v1/fields", json=field)
    assert answer.status_code == 201, answer.text
    own = [{"filters": [{"field": "custom.site", "operator": "eq", "value": "x"}]}]
    await survey(admin, name="Own field", send_on="solved", filter_groups=own)
    gone = await admin.delete(f"/v1/fields/{answer.json()['id']}")
    assert gone.status_code == 200, gone.text
    await solve()
    await moved(rep, await made(rep), "solved")
    await work_surveys.duty(service_database)
    assert await listed(admin, INVITATIONS) == []


INSIDE = """
EXPLAIN (FORMAT JSON) SELECT t.organisation_id, t.id FROM tickets t
WHERE t.survey_due_at IS NOT NULL AND t.survey_due_at <= now() ORDER BY t.survey_due_at LIMIT 200
"""


async def test_a_tick_reads_an_index(database: Any) -> None:
    async with owning(database.admin_url) as owner:
        await owner.execute("SET enable_seqscan = off")
        assert "ix_tickets_survey_due_at" in await owner.fetchval(INSIDE)


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({}, 422, ""), ({"ticket_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, 404, None),
        ({"contact_id": "x"}, 422, "contact_id"), ({"ticket_id": None, "contact_id": None}, 422, ""),
        ({"ticket_id": "TICKET"}, 422, "ticket_id"), ({"ticket_id": "TICKET", "language": "!"}, 422, "language"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_an_invitation_is_named(
    client: Clients, company: Organisation, sent: dict[str, Any], status: int, field: str | None
) -> None:
    admin = client(company.admin)
    ticket = await made(client(company.rep))
    if sent.get("ticket_id") == "TICKET":
        sent = sent | {"ticket_id": ticket["id"]}
    asked = await survey(admin)
    answer = await admin.post(f"{SURVEYS}/{asked['id']}/invitations", json=sent)
    assert answer.status_code == status, answer.text
    if field:
        assert list(answer.json()["errors"]) == [field]


async def test_who_does_not_see_the_ticket_invites_nobody_about_it_and_agents_get_no_link(
    client: Clients, company: Organisation, person: Known, other_organisation: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    ticket = await made(rep, requester_id=await person())
    asked = await survey(admin)
    path = f"{SURVEYS}/{asked['id']}/invitations"
    assert (await rep.post(path, json={"ticket_id": ticket["id"]})).status_code == 403
    found = await invited(client(company.manager), asked, ticket_id=ticket["id"])
    assert (await rep.get(f"{INVITATIONS}/{found['id']}")).status_code == 200
    assert (await rep.get(f"{INVITATIONS}/{found['id']}/link")).status_code == 403
    assert (await client(company.other_rep).get(f"{INVITATIONS}/{found['id']}")).status_code == 404
    stranger = client(other_organisation.admin)
    assert (await stranger.get(f"{INVITATIONS}/{found['id']}/link")).status_code == 404
    token = found["path"].rsplit("/", 1)[1]
    for where in (INVITATIONS, "/v1/events?limit=1000", f"{PATH}/{ticket['id']}/history"):
        assert token not in (await admin.get(where)).text
