"""Reports over tickets: figures, the documents that find their rows, and the past."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from guanxi_shared.db import Database
from guanxi_tickets.sla_alerts.giving import give_alerts
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.tickets.company import PATH, made, moved
from tests.tickets.past import SetBack, setting_back
from tests.tickets.promising import policy

BACKLOG, SOLVED = f"{PATH}/reports/backlog", f"{PATH}/reports/solved"
PROMISED = f"{PATH}/reports/service-levels"


@pytest.fixture
def set_back(database: Clone, organisation: Organisation) -> SetBack:
    return setting_back(database, organisation)


async def report(user: httpx.AsyncClient, path: str, **asked: Any) -> dict[str, Any]:
    answer = await user.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def figures(found: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every n with the document beside it."""
    if isinstance(found, dict):
        if found.get("document"):
            yield found["n"], found["document"]
        for value in found.values():
            yield from figures(value)
    elif isinstance(found, list):
        for value in found:
            yield from figures(value)


async def finds_its_rows(user: httpx.AsyncClient, found: dict[str, Any]) -> int:
    told = list(figures(found))
    for n, document in told:
        answer = await user.post(f"{PATH}/search", json={**document, "total": "exact", "limit": 1})
        assert answer.status_code == 200, answer.text
        assert answer.json()["page"]["total"] == n, document
    return len(told)


async def worked(user: httpx.AsyncClient, ticket: dict[str, Any], *statuses: str) -> None:
    for status in statuses:
        await moved(user, ticket, status)


async def test_the_backlog_by_age_and_whose_it_is(
    client: Clients,
    company: Organisation,
    always: str,
    set_back: SetBack,
    service_database: Database,
) -> None:
    admin = client(company.admin)
    await policy(admin, always)
    rep = str(company.rep.id)
    mine = [await made(admin, f"Mine {n}", assignee_id=rep) for n in range(3)]
    await made(admin, "Nobody's", team_id=str(company.rep.teams[0]))
    over = await made(admin, "Over", assignee_id=rep)
    await moved(admin, over, "solved")
    await set_back(mine[0], days=2)
    await set_back(mine[1], days=40)
    found = await report(admin, BACKLOG, group_by="assignee_id")
    assert [(row["key"], row["n"]) for row in found["groups"]] == [(rep, 3), (None, 1)]
    total = found["total"]
    assert total["n"] == 4
    assert total["unassigned"]["n"] == 1
    assert total["overdue"]["n"] == 2
    await give_alerts.duty(service_database)  # what was told of is late nevertheless
    assert (await report(admin, BACKLOG))["total"]["overdue"]["n"] == 2
    assert {each["from_days"]: each["n"] for each in total["ages"]} == {
        0: 2,
        1: 1,
        3: 0,
        7: 0,
        30: 1,
    }
    assert total["age"]["oldest"] == pytest.approx(40 * 86_400, abs=60)
    assert await finds_its_rows(admin, found) == 3 * 8


async def test_what_was_solved_with_what_was_promised(
    client: Clients, company: Organisation, always: str, set_back: SetBack
) -> None:
    admin = client(company.admin)
    await policy(admin, always)
    late, back, quick, _ = [await made(admin, f"T {n}", kind="incident") for n in range(4)]
    await set_back(late, hours=5)
    await admin.post(f"{PATH}/{quick['id']}/comments", json={"body": "We are at it."})
    await worked(admin, back, "solved", "open", "solved")
    await worked(admin, late, "solved")
    await worked(admin, quick, "closed")
    found = await report(admin, SOLVED, group_by="kind")
    total = found["total"]
    assert total["n"] == 3
    assert total["resolution"]["n"] == 3
    assert total["resolution"]["p90"] > 3600
    assert total["first_response"]["n"] == 1
    assert (total["reopened"]["n"], total["reopened"]["share"]) == (1, 0.3333)
    kept = {each["clock"]: (each["n"], each["breached"]["n"]) for each in total["sla"]}
    assert kept["resolution"] == (3, 1)
    resolution = next(each for each in total["sla"] if each["clock"] == "resolution")
    assert resolution["attained"]["share"] == 0.6667
    assert resolution["attained"]["low"] == pytest.approx(0.2077, abs=0.001)  # Wilson, 2 of 3
    assert [row["key"] for row in found["groups"]] == ["incident"]
    await finds_its_rows(admin, found)
    none = await report(admin, SOLVED, **{"from": "+1d"})
    assert none["total"]["n"] == 0
    assert none["total"]["reopened"]["share"] is None


async def test_promises_to_what_is_open_count_as_well(
    client: Clients, company: Organisation, always: str, set_back: SetBack
) -> None:
    """A late first response that was given at last is a breach, though nothing is solved yet."""
    admin = client(company.admin)
    await policy(admin, always)
    late, waiting, answered, done = [await made(admin, f"P {n}", kind="incident") for n in range(4)]
    await set_back(late, hours=5)
    for each in (late, answered, done):
        await admin.post(f"{PATH}/{each['id']}/comments", json={"body": "We are at it."})
    await worked(admin, done, "solved")
    found = await report(admin, PROMISED, group_by="kind")
    total = found["total"]
    assert (total["n"], total["unanswered"]["n"], total["breached"]["n"]) == (4, 1, 1)
    assert total["first_response"]["n"] == 3
    kept = {
        each["clock"]: (each["n"], each["running"]["n"], each["breached"]["n"])
        for each in total["sla"]
    }
    assert kept["first_response"] == (4, 1, 1)
    assert kept["resolution"][0] == 4
    first = next(each for each in total["sla"] if each["clock"] == "first_response")
    assert first["attained"]["share"] == 0.6667  # of the three that are decided
    assert await finds_its_rows(admin, found) == 2 * (4 + 3 * len(kept))
    moment = datetime.now(UTC).isoformat()
    await admin.post(f"{PATH}/{waiting['id']}/comments", json={"body": "At last."})
    then = (await report(admin, PROMISED, as_of=moment))["total"]
    assert (then["unanswered"]["n"], then["first_response"]["n"]) == (1, 3)
    assert then["unanswered"]["document"]["filter_groups"][0]["filters"][0]["value"] == [
        waiting["id"]
    ]
    assert (await report(admin, PROMISED))["total"]["unanswered"]["n"] == 0
    assert (await report(admin, PROMISED, **{"from": "+1d"}))["total"]["n"] == 0


async def test_ages_of_a_past_moment_name_their_rows(
    client: Clients, company: Organisation, set_back: SetBack
) -> None:
    admin = client(company.admin)
    old, _ = [await made(admin, name) for name in ("Old", "New")]
    await set_back(old, days=10)
    found = await report(admin, BACKLOG, as_of=datetime.now(UTC).isoformat())
    ages = {each["from_days"]: each["document"] for each in found["total"]["ages"]}
    assert ages[7]["filter_groups"][0]["filters"][0]["value"] == [old["id"]]
    assert (ages[0] is None, ages[1]) == (False, None)


async def test_as_of_is_how_it_stood(
    client: Clients, company: Organisation, set_back: SetBack
) -> None:
    admin = client(company.admin)
    ticket = await made(admin, "Long ago", urgency="low", custom={})
    await set_back(ticket, days=10)
    then = datetime.now(UTC).isoformat()
    await worked(admin, ticket, "solved")
    young = await made(admin, "Young")
    now, before = await report(admin, BACKLOG), await report(admin, BACKLOG, as_of=then)
    assert (now["total"]["n"], before["total"]["n"]) == (1, 1)
    assert before["total"]["document"]["filter_groups"][0]["filters"] == [
        {"field": "id", "operator": "in", "value": [ticket["id"]]}
    ]
    assert [each["n"] for each in before["total"]["ages"]] == [0, 0, 0, 1, 0]
    narrowed = await report(admin, BACKLOG, as_of=then, urgency="high")
    assert narrowed["total"]["n"] == 0
    assert (await report(admin, SOLVED, as_of=then))["total"]["n"] == 0
    assert (await report(admin, SOLVED))["total"]["n"] == 1
    await admin.delete(f"{PATH}/{young['id']}")
    assert (await report(admin, BACKLOG))["total"]["n"] == 0


async def test_figures_are_of_what_the_caller_sees_now_and_then(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    admin = client(company.admin)
    theirs = await made(admin, "Theirs", assignee_id=str(company.other_rep.id))
    moment = datetime.now(UTC).isoformat()
    await admin.patch(f"{PATH}/{theirs['id']}", json={"assignee_id": str(company.rep.id)})
    for user, n in ((company.rep, 1), (company.other_rep, 0), (other_organisation.admin, 0)):
        for asked in ({}, {"as_of": moment}):
            assert (await report(client(user), BACKLOG, **asked))["total"]["n"] == n


@pytest.mark.parametrize(
    ("path", "asked", "field"),
    [(BACKLOG, {"group_by": "subject"}, "group_by"), (BACKLOG, {"from": "-1d"}, "from"),
     (BACKLOG, {"as_of": "soon"}, "as_of"), (SOLVED, {"until": "x"}, "until"),
     (PROMISED, {"from": "x"}, "from"), (SOLVED, {"limit": "1"}, "limit"), (SOLVED, {"colour": "red"}, "colour")],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    client: Clients, company: Organisation, path: str, asked: dict[str, str], field: str
) -> None:
    answer = await client(company.admin).get(path, params=asked)
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["errors"]
