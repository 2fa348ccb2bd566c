"""The report over complaints: every figure is what its search document finds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved
from tests.tickets.complaints.test_causes_and_actions import cause
from tests.tickets.complaints.test_loop import closed_loop, stepped

REPORT, SEARCH = "/v1/complaints/loop-report", "/v1/complaints/search"


def figures(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "document" in part:
            yield part
        for value in part.values():
            yield from figures(value)
    elif isinstance(part, list):
        for value in part:
            yield from figures(value)


async def report(user: httpx.AsyncClient, asked: str = "") -> dict[str, Any]:
    answer = await user.get(f"{REPORT}{asked}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    for each in figures(found):
        rows = await user.post(SEARCH, json=each["document"] | {"total": "exact"})
        assert rows.status_code == 200, rows.text
        assert rows.json()["page"]["total"] == each["n"], each
    return found


@pytest.fixture
async def told(client: Clients, company: Organisation) -> list[dict[str, Any]]:
    """Three complaints of rep: closed with a lesson, reopened, untouched; one of another department."""
    rep, admin = client(company.rep), client(company.admin)
    old, new = await cause(admin, "Old"), await cause(admin, "New")
    one, two, three = [await made(rep, kind="complaint", tags=[tag]) for tag in ("a", "a", "b")]
    await made(rep)
    for ticket, each in ((one, old), (two, new)):
        sent = {"root_cause_id": each["id"], "lesson": "x" if ticket is one else None}
        await rep.patch(f"{PATH}/{ticket['id']}/loop", json=sent)
    await admin.post(f"/v1/root-causes/{old['id']}/merge", json={"into_id": new["id"]})
    await closed_loop(rep, one)
    await stepped(rep, two, "listen")
    await moved(rep, two, "solved")
    await moved(rep, two, "open")
    await rep.patch(f"{PATH}/{two['id']}/loop", json={"root_cause_id": new["id"]})
    await stepped(rep, two, "act", "skip")
    for due_on in ("2020-01-01", None):
        await rep.post(f"{PATH}/{one['id']}/loop/actions", json={"body": "x", "due_on": due_on})
    await made(client(company.other_rep), kind="complaint")
    return [one, two, three]


async def test_figures_are_those_of_what_the_caller_sees(
    client: Clients, company: Organisation, told: list[dict[str, Any]],
    other_organisation: Organisation,
) -> None:  # fmt: skip
    found = await report(client(company.rep))
    assert found["complaints"]["n"] == 3
    assert (found["rounds"]["total"], found["rounds"]["per_complaint"]) == (4, 1.3333)
    assert (found["reopened"]["n"], found["reopened"]["share"]) == (1, 0.3333)
    assert found["lessons"]["n"] == 1
    assert [(each["name"], each["n"]) for each in found["root_causes"]] == [("New", 2), (None, 1)]
    assert (found["actions"]["open"]["total"], found["actions"]["open"]["n"]) == (2, 1)
    assert (found["actions"]["overdue"]["total"], found["actions"]["overdue"]["n"]) == (1, 1)
    act = found["steps"]["act"]
    assert [act[state]["n"] for state in ("done", "skipped", "open")] == [1, 1, 1]
    assert act["skipped"]["reasons"] == [{"reason": "not needed", "n": 1}]
    assert 0 <= act["done"]["seconds"]["median"] < 60
    assert found["steps"]["listen"]["done"]["n"] == 1  # of the last round
    assert (await report(client(company.admin)))["complaints"]["n"] == 4
    assert (await report(client(company.other_rep)))["complaints"]["n"] == 1
    nothing = await report(client(other_organisation.admin))
    assert (nothing["complaints"]["n"], nothing["reopened"]["share"]) == (0, None)


async def test_it_takes_a_period_and_the_filters_of_the_list(
    client: Clients, company: Organisation, told: list[dict[str, Any]]
) -> None:
    rep = client(company.rep)
    assert (await report(rep, "?tags=a"))["complaints"]["n"] == 2
    assert (await report(rep, "?tags=a&loop_round=2"))["complaints"]["n"] == 1
    later = (datetime.now(UTC) + timedelta(days=2)).date()  # in the organisation's time zone
    assert (await report(rep, f"?until={later}&from=-30d"))["complaints"]["n"] == 3
    assert (await report(rep, f"?from={later}"))["complaints"]["n"] == 0
    for asked, named in (
        ("from=x", "from"), ("limit=5", "limit"), ("colour=red", "colour"), ("loop_round=x", "loop_round"),
    ):  # fmt: skip
        answer = await rep.get(f"{REPORT}?{asked}")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [named])
