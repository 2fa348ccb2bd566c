"""Agents: what is kept of them, who says so, and what is refused."""

from typing import Any

import pytest

from tests.factories import Clients, Organisation
from tests.tickets.company import told_of
from tests.tickets.queueing import AGENTS, agent

MONDAY = {"time_zone": "Asia/Shanghai", "hours": {"monday": [{"from": "09:00", "to": "12:00"}]}}


async def test_an_agent_is_made_changed_put_away_and_told(
    client: Clients, company: Organisation
) -> None:
    manager = client(company.manager)
    body: dict[str, Any] = {
        "skills": [{"skill": "计费", "level": 3}], "languages": ["zh-hans-cn", "EN"], "load_limit": 4,
        "shifts": {**MONDAY, "days_off": [{"on": "2026-12-25", "name": "Christmas"}]},
    }  # fmt: skip
    known = await agent(manager, company.rep, **body)
    assert known["languages"] == ["zh-Hans-CN", "en"]
    assert known["shifts"]["hours"] == MONDAY["hours"]
    one = f"{AGENTS}/{known['id']}"
    assert (await client(company.rep).get(one)).json() == known
    found = await manager.get(f"{AGENTS}?skills[has]=计费")
    assert [each["id"] for each in found.json()["data"]] == [known["id"]]
    changed = await manager.patch(one, json={"load_limit": None, "shifts": None})
    assert (changed.json()["load_limit"], changed.json()["shifts"]) == (None, None)
    again = await manager.post(AGENTS, json={"user_id": str(company.rep.id)})
    assert (again.status_code, again.json()["code"]) == (409, "agent_exists")
    assert (await manager.delete(one)).status_code == 200
    other = await agent(manager, company.rep)
    assert (await manager.post(f"{one}/restore")).json()["code"] == "agent_exists"
    await manager.delete(f"{AGENTS}/{other['id']}")
    assert (await manager.post(f"{one}/restore")).status_code == 200
    told = await told_of(manager, known["id"])
    assert told == [
        f"tickets.agent.{verb}" for verb in ("created", "updated", "deleted", "restored")
    ]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"user_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, "user_id"),
        ({"skills": [{"skill": "", "level": 1}]}, "skills.0.skill"),
        ({"languages": ["x" * 36]}, "languages.0"),
        ({"load_limit": 10_001}, "load_limit"),
        ({"shifts": {"time_zone": "Mars/Base"}}, "shifts.time_zone"),
        ({"shifts": {"time_zone": "UTC", "hours": {"monday": [{"from": "12:00", "to": "09:00"}]}}},
         "shifts.hours.monday.0.to"),
        ({"shifts": {"time_zone": "UTC", "days_off": [{"on": "2026-02-30"}]}}, "shifts.days_off.0.on"),
        ({"shifts": {"time_zone": "UTC", "days_off": [{"on": "2026-01-01"}, {"on": "2026-01-01"}]}},
         "shifts.days_off.1"),
    ],
)  # fmt: skip
async def test_what_means_nothing_is_refused(
    client: Clients, company: Organisation, sent: dict[str, Any], field: str
) -> None:
    body = {"user_id": str(company.rep.id), **sent}
    answer = await client(company.admin).post(AGENTS, json=body)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"], answer.text


async def test_one_says_oneself_whether_one_is_there_and_nobody_else_but_who_leads(
    client: Clients, company: Organisation
) -> None:
    known = await agent(client(company.manager), company.rep)
    path, body = f"{AGENTS}/{known['id']}/availability", {"is_available": False}
    assert (await client(company.rep2).post(path, json=body)).status_code == 403
    assert (await client(company.other_rep).post(path, json=body)).status_code == 404
    assert (await client(company.rep).post(path, json=body)).json()["is_available"] is False
    assert (
        await client(company.manager).post(path, json={"is_available": True})
    ).status_code == 200
    assert (
        await client(company.rep).patch(f"{AGENTS}/{known['id']}", json=body)
    ).status_code == 403


async def test_a_manager_makes_agents_of_their_own_people_alone(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    manager = client(company.manager)
    refused = await manager.post(AGENTS, json={"user_id": str(company.other_rep.id)})
    assert (refused.status_code, list(refused.json()["errors"])) == (403, ["user_id"])
    theirs = await agent(client(company.admin), company.other_rep)
    assert (await manager.get(f"{AGENTS}/{theirs['id']}")).status_code == 404
    assert (await client(other_organisation.admin).get(AGENTS)).json()["data"] == []
