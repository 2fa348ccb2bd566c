"""What a report showed at a moment, it shows of that moment ever after: stories of chance, and what was shown
after every step of them."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from guanxi_tickets.complaints.round_rules import STEPS
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made
from tests.tickets.complaints.test_causes_and_actions import ACTIONS, CAUSES, cause
from tests.tickets.complaints.test_loop import stepped
from tests.tickets.conftest import Known
from tests.tickets.reports.test_reports import BACKLOG, PROMISED, SOLVED
from tests.tickets.surveys.asking import SURVEYS, WHY, invited, submitted, survey

LOOPS = "/v1/complaints/loop-report"
CHANGING = ("document", "answers", "invitations", "as_of", "age")


def figures(found: Any) -> Any:
    """Without what says how the rows are found, and how old they are by now."""
    if isinstance(found, dict):
        return {name: figures(each) for name, each in found.items() if name not in CHANGING}
    return [figures(each) for each in found] if isinstance(found, list) else found


class Told:
    """What reports showed at moments. Each is looked at twice: at once, and when all is over."""

    def __init__(self, user: httpx.AsyncClient, *paths: str) -> None:
        self.user, self.paths = user, paths
        self.shown: list[tuple[datetime, str, Any]] = []

    async def read(self, path: str, **asked: str) -> Any:
        answer = await self.user.get(httpx.URL(path).copy_merge_params(asked))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def look(self) -> None:
        moment = datetime.now(UTC)
        for path in self.paths:
            self.shown.append((moment, path, figures(await self.read(path))))

    async def look_back(self) -> None:
        assert len({str(shown) for _, _, shown in self.shown}) > len(self.paths) * 5
        for moment, path, shown in self.shown:
            found = await self.read(path, as_of=moment.isoformat())
            assert datetime.fromisoformat(found["as_of"]) == moment
            assert figures(found) == shown, (path, moment)


Step = Callable[[], Awaitable[Any]]


async def tell(told: Told, chance: random.Random, steps: list[Step], count: int) -> None:
    await told.look()
    for _ in range(count):
        await chance.choice(steps)()
        await told.look()
    await told.look_back()


@pytest.mark.parametrize("seed", range(2))
async def test_reports_over_tickets_and_complaints_are_of_a_moment_what_they_were_then(
    client: Clients, company: Organisation, seed: int
) -> None:
    rep, admin, chance = client(company.rep), client(company.admin), random.Random(seed)
    tickets = [await made(rep, kind="complaint") for _ in range(3)]
    causes = [await cause(admin, name) for name in ("Old", "New", "Newest")]

    def path() -> str:
        return f"{PATH}/{chance.choice(tickets)['id']}"

    async def make() -> None:
        tickets.append(await made(rep, kind="complaint", tags=[chance.choice("ab")]))

    async def move() -> None:
        to = chance.choice(("open", "pending", "solved", "closed"))
        await rep.post(f"{path()}/move", json={"status": to})

    async def work() -> None:
        verb = chance.choice(("complete", "skip", "reopen"))
        await stepped(rep, chance.choice(tickets), chance.choice(STEPS), verb)

    async def learn() -> None:
        sent = {"root_cause_id": chance.choice(causes)["id"], "lesson": chance.choice(("x", None))}
        await rep.patch(f"{path()}/loop", json=sent)

    async def act() -> None:
        due_on = chance.choice(("2020-01-01", "2099-01-01", None))
        made_now = await rep.post(f"{path()}/loop/actions", json={"body": "x", "due_on": due_on})
        if chance.random() < 0.5 and made_now.status_code == 201:
            gone = f"{ACTIONS}/{made_now.json()['id']}"
            await rep.delete(gone) if chance.random() < 0.5 else await rep.post(f"{gone}/finish")

    async def tidy() -> None:
        one, other = chance.sample(causes, 2)
        if chance.random() < 0.5:
            await admin.post(f"{CAUSES}/{one['id']}/merge", json={"into_id": other["id"]})
        await admin.patch(f"{CAUSES}/{one['id']}", json={"name": f"Name {chance.random()}"})

    async def remove() -> None:
        one = chance.choice(tickets)
        await admin.delete(f"{PATH}/{one['id']}")
        if chance.random() < 0.5:
            await admin.post(f"{PATH}/{one['id']}/restore")
        else:
            tickets.remove(one)
            await make()

    async def merge() -> None:
        one, other = chance.sample(tickets, 2)
        merged = await admin.post(
            f"{PATH}/merges", json={"survivor_id": one["id"], "source_ids": [other["id"]]}
        )
        if merged.status_code == 201 and chance.random() < 0.5:
            await admin.post(f"{PATH}/merges/{merged.json()['id']}/undo")
        elif merged.status_code == 201:
            tickets.remove(other)
            await make()

    async def become() -> None:
        await rep.patch(path(), json={"kind": chance.choice(("complaint", "incident"))})

    told = Told(
        rep, LOOPS, f"{LOOPS}?tags=a", f"{LOOPS}?overdue_actions[gte]=1", BACKLOG, SOLVED, PROMISED
    )
    steps = [
        make,
        move,
        move,
        work,
        work,
        work,
        learn,
        learn,
        act,
        act,
        tidy,
        remove,
        merge,
        become,
    ]
    await tell(told, chance, steps, 40)
    counted = [shown for _, of, shown in told.shown if of == LOOPS]
    assert max(each["rounds"]["total"] for each in counted) > 3
    assert max(each["actions"]["overdue"]["n"] for each in counted) > 0


@pytest.mark.parametrize(("kind", "seed"), [("csat", 0), ("satisfaction", 1)])
async def test_results_of_surveys_are_of_a_moment_what_they_were_then(
    client: Clients, company: Organisation, person: Known, kind: str, seed: int
) -> None:
    rep, admin, chance = client(company.rep), client(company.admin), random.Random(seed)
    items = [{"key": "app", "texts": {"en": "App"}}] if kind == "satisfaction" else []
    asked = await survey(admin, kind=kind, items=items, least_n=2)
    ann = await person()
    tickets = [await made(rep, requester_id=ann) for _ in range(3)]
    links: list[str] = []

    async def ask() -> None:
        ticket = chance.choice(tickets)
        answer = await admin.post(
            f"{SURVEYS}/{asked['id']}/invitations", json={"ticket_id": ticket["id"]}
        )
        if answer.status_code == 201:
            found = await admin.get(f"/v1/survey-invitations/{answer.json()['id']}/link")
            links.append(found.json()["path"])

    async def answer() -> None:
        if not links:
            return
        names = ["score"] if kind == "csat" else ["app.expected", "app.perceived"]
        scores = {name: chance.randint(1, 5) for name in names}
        if chance.random() < 0.3:
            await client().put(chance.choice(links), json={"answers": scores})
        else:
            await submitted(client(), links.pop(), **scores)

    async def hand() -> None:
        to = chance.choice((company.rep, company.rep2))
        ticket = chance.choice(tickets)
        await admin.patch(f"{PATH}/{ticket['id']}", json={"assignee_id": str(to.id)})

    async def ask_otherwise() -> None:
        other = chance.choice(([WHY], [WHY | {"key": "what"}], []))
        changes = {"questions": other, "least_n": chance.randint(2, 4)}
        await admin.patch(f"{SURVEYS}/{asked['id']}", json=changes)

    async def merge() -> None:
        one, other = chance.sample(tickets, 2)
        sent = {"survivor_id": one["id"], "source_ids": [other["id"]]}
        await admin.post(f"{PATH}/merges", json=sent)
        tickets.append(await made(rep, requester_id=ann))

    path = f"{SURVEYS}/{asked['id']}/results"
    told = Told(
        admin, path, f"{path}?by=day", f"{path}?assignee_id={company.rep.id}", f"{path}?edition=1"
    )
    await tell(
        told, chance, [ask, ask, ask, answer, answer, answer, hand, ask_otherwise, merge], 60
    )
    counted = [shown["periods"][-1] for _, of, shown in told.shown if of == path]
    assert max(each["answered"] for each in counted) > 3
    assert max(each["partial"] for each in counted) > 0


async def test_the_documents_of_a_past_moment_find_what_was_counted(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    one, two = [await made(rep, kind="complaint", requester_id=await person()) for _ in range(2)]
    asked = await survey(admin)
    links = [await invited(admin, asked, ticket_id=each["id"]) for each in (one, two)]
    await submitted(client(), links[0]["path"], score=5)
    await stepped(rep, one, "listen")
    moment = datetime.now(UTC).isoformat()
    await stepped(rep, two, "listen")
    await submitted(client(), links[1]["path"], score=1)
    then = (await rep.get(LOOPS, params={"as_of": moment})).json()
    done = then["steps"]["listen"]["done"]
    assert done["n"] == 1
    found = await rep.post("/v1/complaints/search", json=done["document"])
    assert [each["id"] for each in found.json()["data"]] == [one["id"]]
    assert then["lessons"]["document"] is None  # of nothing
    results = await rep.get(f"{SURVEYS}/{asked['id']}/results", params={"as_of": moment})
    [period] = results.json()["periods"]
    for name, of, n in (("answers", "survey-answers", 1), ("invitations", "survey-invitations", 2)):
        rows = await rep.post(f"/v1/{of}/search", json=period[name])
        assert len(rows.json()["data"]) == n
    for wrong in ("soon", "", "0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z"):
        for path in (LOOPS, BACKLOG, f"{SURVEYS}/{asked['id']}/results"):
            answer = await rep.get(path, params={"as_of": wrong})
            assert (answer.status_code, list(answer.json()["errors"])) == (400, ["as_of"])


async def test_nobody_sees_of_the_past_what_they_do_not_see_now(
    client: Clients, company: Organisation, other_organisation: Organisation, person: Known
) -> None:
    admin = client(company.admin)
    ticket = await made(client(company.rep), kind="complaint", requester_id=await person())
    asked = await survey(admin)
    link = await invited(admin, asked, ticket_id=ticket["id"])
    await submitted(client(), link["path"], score=5)
    moment = {"as_of": datetime.now(UTC).isoformat()}
    sent = {"assignee_id": str(company.other_rep.id), "team_id": str(company.teams["b"])}
    assert (await admin.patch(f"{PATH}/{ticket['id']}", json=sent)).status_code == 200
    results = f"{SURVEYS}/{asked['id']}/results"
    for user, n in ((company.other_rep, 1), (company.rep, 0)):
        found = (await client(user).get(LOOPS, params=moment)).json()
        assert (found["complaints"]["n"], found["rounds"]["total"]) == (n, n)
        [period] = (await client(user).get(results, params=moment)).json()["periods"]
        assert (period["invited"], period["score"]["n"]) == (n, n)
    outside = client(other_organisation.admin)
    assert (await outside.get(LOOPS, params=moment)).json()["complaints"]["n"] == 0
