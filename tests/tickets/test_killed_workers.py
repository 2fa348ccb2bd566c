"""Whatever the worker does is done once, though workers are killed around every commit: all duties that give
something away, tell something or make something, one after the other in one table."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation, User
from tests.prepared import Clone
from tests.tickets.articles.writing import published
from tests.tickets.company import PATH, made, moved, told_of
from tests.tickets.complaints.test_tasks import asked, other
from tests.tickets.complaints.test_tasks import set_back as set_task_back
from tests.tickets.conftest import Known
from tests.tickets.dying import die_working
from tests.tickets.entitlements.test_entitlements import granted, lines, state
from tests.tickets.past import owning, set_tickets_back
from tests.tickets.promising import policy
from tests.tickets.queueing import NEVER, ROUND_THE_CLOCK, agent, log_of, more_agents, queue
from tests.tickets.queues.test_shifts import ended
from tests.tickets.surveys.asking import (
    ANSWERS,
    INVITATIONS,
    SURVEYS,
    invited,
    listed,
    submitted,
    survey,
)

MANY = 5


@dataclass(frozen=True, slots=True)
class Stage:
    client: Clients
    company: Organisation
    database: Clone
    service_database: Database
    account: Known
    person: Known

    @property
    def admin(self) -> httpx.AsyncClient:
        return self.client(self.company.admin)

    @property
    def rep(self) -> httpx.AsyncClient:
        return self.client(self.company.rep)

    async def earlier(self, table: str, column: str, **by: float) -> None:
        async with owning(self.database.admin_url) as owner:
            await owner.execute(
                f"UPDATE {table} SET {column} = {column} - $1::interval WHERE organisation_id = $2",
                timedelta(**by), self.company.id,
            )  # fmt: skip

    async def told(self, user: httpx.AsyncClient, kind: str) -> Counter[str]:
        """How often each record was told of so."""
        events = (await user.get(f"/v1/events?types={kind}&limit=1000")).json()
        return Counter(event["subject"] for event in events)

    async def agents(self, count: int) -> list[User]:
        users = await more_agents(self.service_database, self.company, count)
        for user in users:
            await agent(self.admin, user, shifts=ROUND_THE_CLOCK)
        return users


Check = Callable[[], Awaitable[None]]
Arrange = Callable[[Stage], Awaitable[Check]]


def assigning(strategy: str) -> Arrange:
    async def arrange(stage: Stage) -> Check:
        users = await stage.agents(3)
        found = [
            await queue(stage.admin, stage.company, strategy=strategy, name=f"Q {n}")
            for n in range(MANY)
        ]
        tickets = [await made(stage.rep, queue_id=each["id"]) for each in found for _ in range(3)]

        async def check() -> None:
            logs = [await log_of(stage.rep, ticket) for ticket in tickets]
            assert [len(log) for log in logs] == [1] * len(tickets)
            counts = Counter(log[0]["assignee_id"] for log in logs)
            assert counts == {str(user.id): MANY for user in users}
            told = await stage.told(stage.rep, "tickets.ticket.assigned")
            assert (len(told), set(told.values())) == (len(tickets), {1})

        return check

    return arrange


async def leaving(stage: Stage) -> Check:
    """Half of the shifts hand over, half give back."""
    staying, *gone = await stage.agents(MANY + 1)
    own = {}
    for n, user in enumerate(gone):
        setting = "hand_over" if n % 2 else "return"
        bills = await queue(stage.admin, stage.company, name=f"Q {n}", on_shift_end=setting)
        for _ in range(2):
            ticket = await made(stage.admin, queue_id=bills["id"], assignee_id=str(user.id))
            own[ticket["id"]] = (ticket, setting, user)
        [one] = await listed(stage.admin, "/v1/agents", user_id=str(user.id))
        answer = await stage.admin.patch(f"/v1/agents/{one['id']}", json={"shifts": NEVER})
        assert answer.status_code == 200, answer.text
        await ended(stage.service_database, stage.company, user)

    async def check() -> None:
        for ticket, setting, user in own.values():
            [entry] = await log_of(stage.admin, ticket)
            assert (entry["means"], entry["before_id"]) == (setting, str(user.id))
            found = (await stage.admin.get(f"{PATH}/{ticket['id']}")).json()
            wanted = str(staying.id) if setting == "hand_over" else None
            assert found["assignee_id"] == wanted
            told = await told_of(stage.admin, ticket["id"])
            assert told.count("tickets.ticket.assigned") == 1

    return check


async def reviews(stage: Stage) -> Check:
    articles = [
        await published(stage.admin, f"Article {n}", review_every_days=30) for n in range(MANY)
    ]
    await stage.earlier("articles", "review_at", days=31)

    async def check() -> None:
        told = await stage.told(stage.admin, "tickets.article.review_due")
        assert (len(told), set(told.values())) == (len(articles), {1})

    return check


async def surveys_on_solving(stage: Stage) -> Check:
    """Two surveys about each ticket."""
    for name in ("One", "Two"):
        await survey(stage.admin, name=name, send_on="solved")
    for n in range(3):
        ticket = await made(stage.rep, requester_id=await stage.person(f"P{n}"))
        await moved(stage.rep, ticket, "solved")

    async def check() -> None:
        found = await listed(stage.admin, INVITATIONS)
        assert Counter(each["status"] for each in found) == {"sent": 6}
        assert len({(each["survey_id"], each["ticket_id"]) for each in found}) == 6
        for verb in ("planned", "sent"):
            told = await stage.told(stage.admin, f"tickets.survey_invitation.{verb}")
            assert (len(told), set(told.values())) == (6, {1})

    return check


async def surveys_by_schedule(stage: Stage) -> Check:
    asked = [
        await survey(stage.admin, name=f"S {n}", send_on="schedule", every_days=30) for n in range(3)
    ]  # fmt: skip
    for n in range(3):
        ticket = await made(stage.rep, requester_id=await stage.person(f"P{n}"))
        await moved(stage.rep, ticket, "solved")
    await stage.earlier("surveys", "next_run_at", days=31)

    async def check() -> None:
        found = await listed(stage.admin, INVITATIONS)
        assert Counter(each["survey_id"] for each in found) == {each["id"]: 3 for each in asked}
        assert len({(each["survey_id"], each["ticket_id"]) for each in found}) == 9
        told = await stage.told(stage.admin, "tickets.survey_invitation.planned")
        assert (len(told), set(told.values())) == (9, {1})
        for each in asked:
            then = (await stage.admin.get(f"{SURVEYS}/{each['id']}")).json()["next_run_at"]
            assert datetime.fromisoformat(then) > datetime.now(UTC) + timedelta(days=29)

    return check


async def low_scores(stage: Stage) -> Check:
    """The tickets that are opened claim the account's entitlement: one unit each, once."""
    account_id = await stage.account("Acme")
    one = await granted(stage.admin, account_id, granted="100")
    asked = await survey(stage.admin, follow_up={"threshold": 2, "assign_to": "assignee"})
    for n in range(MANY):
        ann = await stage.person(f"P{n}")
        ticket = await made(stage.rep, account_id=account_id, requester_id=ann)
        link = await invited(stage.admin, asked, ticket_id=ticket["id"])
        answer = await submitted(stage.client(), link["path"], score=1)
        assert answer.status_code == 200, answer.text

    async def check() -> None:
        answers = await listed(stage.admin, ANSWERS)
        opened = {each["follow_up_ticket_id"] for each in answers}
        assert len(opened - {None}) == MANY
        tickets = await listed(stage.admin, PATH)
        assert len(tickets) == 2 * MANY
        assert len({ticket["number"] for ticket in tickets}) == 2 * MANY
        told = await stage.told(stage.admin, "tickets.survey.followed_up")
        assert (len(told), set(told.values())) == (MANY, {1})
        used = await lines(stage.admin, one)
        assert Counter(each["ticket_id"] for each in used) == {each["id"]: 1 for each in tickets}
        assert float((await state(stage.admin, one))["used"]) == 2 * MANY

    return check


async def entitlements_that_end(stage: Stage) -> Check:
    account_id = await stage.account("Acme")
    soon = str(datetime.now(UTC).date() + timedelta(days=20))
    ending = [
        await granted(stage.admin, account_id, name=f"E {n}", valid_until=soon) for n in range(MANY)
    ]

    async def check() -> None:
        told = await stage.told(stage.admin, "tickets.entitlement.ending")
        assert (len(told), set(told.values())) == (MANY, {1})
        for one in ending:
            assert (await state(stage.admin, one))["reminded_at"] is not None

    return check


async def tasks(stage: Stage) -> Check:
    """Warned and late at once: what was asked, and the complaint's round, each hear of both."""
    ticket = await made(stage.rep, kind="complaint")
    theirs = stage.client(other(stage.company))
    found = [
        await asked(stage.rep, ticket, team_id=str(stage.company.teams["b"])) for _ in range(MANY)
    ]
    for task in found:
        await set_task_back(stage.database, task, hours=3)

    async def check() -> None:
        noun = "tickets.coordination_task"
        for task in found:
            told = await told_of(theirs, task["id"])
            assert told == [f"{noun}.asked", f"{noun}.warned", f"{noun}.breached"]
        for verb in ("warned", "breached"):
            heard = await stage.told(stage.rep, f"tickets.loop.task_{verb}")
            assert list(heard.values()) == [MANY]  # all of one round

    return check


async def sla_alerts(stage: Stage) -> Check:
    """Two warnings and the breach of each, all looked at together; the breach raises and hands on."""
    always = {"name": "24/7", "time_zone": "UTC", "always": True}
    calendar = (await stage.admin.post("/v1/business-calendars", json=always)).json()["id"]
    to = {"action": "reassign", "assignee_id": str(stage.company.rep2.id)}
    breach = {"on": "breach", "actions": [{"action": "raise"}, to]}
    targets = {"normal": {"resolution": {"seconds": 3600, "warnings": [50, 75]}}}
    await policy(stage.admin, calendar, targets=targets, escalations=[breach])
    tickets = [await made(stage.rep) for _ in range(MANY)]
    ids = [ticket["id"] for ticket in tickets]
    await set_tickets_back(stage.database.admin_url, stage.company.id, ids, timedelta(hours=3))

    async def check() -> None:
        for verb, count in (("warned", 2), ("breached", 1)):
            told = await stage.told(stage.admin, f"tickets.sla.{verb}")
            assert (len(told), set(told.values())) == (count * MANY, {1})
        for ticket in tickets:
            found = (await stage.admin.get(f"{PATH}/{ticket['id']}")).json()
            assert (found["priority"], found["assignee_id"]) == ("high", str(stage.company.rep2.id))
            heard = await told_of(stage.admin, ticket["id"])
            assert heard.count("tickets.ticket.assigned") == 1

    return check


PACKAGE = "guanxi_tickets"
DUTIES: dict[str, tuple[str, Arrange]] = {
    "sla alerts": ("sla_alerts.giving:give_alerts", sla_alerts),
    "round robin": ("assignments.giving:assign_from_queues", assigning("round_robin")),
    "least loaded": ("assignments.giving:assign_from_queues", assigning("least_loaded")),
    "shifts": ("assignments.handing_back:end_shifts", leaving),
    "reviews": ("articles.reviewing:tell_reviews", reviews),
    "surveys on solving": ("survey_sending.duties:work_surveys", surveys_on_solving),
    "surveys by schedule": ("survey_sending.duties:run_survey_schedules", surveys_by_schedule),
    "low scores": ("survey_sending.duties:work_surveys", low_scores),
    "entitlements": ("entitlements.reminding:remind_of_entitlements", entitlements_that_end),
    "tasks": ("coordination_tasks.giving:give_task_alerts", tasks),
}


@pytest.fixture
def stage(
    client: Clients, company: Organisation, database: Clone, service_database: Database, account: Known,
    person: Known,
) -> Stage:  # fmt: skip
    return Stage(client, company, database, service_database, account, person)


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize("duty", DUTIES)
async def test_each_is_done_once_though_workers_are_killed_around_every_commit(
    stage: Stage, duty: str
) -> None:
    place, arrange = DUTIES[duty]
    check = await arrange(stage)
    killed = await die_working(f"{PACKAGE}.{place}", stage.database)
    assert killed == {"midway", "before", "after"}
    await check()
