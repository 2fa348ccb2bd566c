"""Every route of the service, present and future: other people's tickets do not exist."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_tickets.sla_alerts.giving import give_alerts
from tests.every_route import NOBODY, Ids, operations
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made
from tests.tickets.conftest import Known
from tests.tickets.past import setting_back
from tests.tickets.queueing import agent, queue
from tests.tickets.surveys.asking import ANSWERS, invited, listed, submitted, survey

SECRET = "绝密客户Canary"
OPERATIONS = [{"op": "upsert", "match": {"field": "external_id", "value": "canary"}, "data": {}}]
BODIES: dict[str, Any] = {
    f"{PATH}/search": {"query": "Canary"},
    f"{PATH}/batch": {"mode": "independent", "operations": OPERATIONS},
    PATH + "/{ticket_id}/move": {"status": "open"},
    PATH + "/{ticket_id}/comments": {"body": "x"},
    PATH + "/{ticket_id}/promises": {"body": "x", "due_at": "2026-12-24T00:00:00Z"},
    PATH + "/{ticket_id}/promises/{promise_id}/withdraw": {"reason": "x"},
    PATH + "/{ticket_id}/split": {"subject": "x", "comment_ids": [NOBODY]},
    PATH + "/{ticket_id}/draft": {"body": "x"},
    PATH + "/{ticket_id}/loop": {"lesson": "x"},
    PATH + "/{ticket_id}/loop/steps/{step}/complete": {"text": "x"},
    PATH + "/{ticket_id}/loop/steps/{step}/skip": {"reason": "x"},
    PATH + "/{ticket_id}/loop/lesson": {"title": "x", "language": "en"},
    PATH + "/{ticket_id}/loop/tasks": {"title": "x", "team_id": NOBODY},
    PATH + "/{ticket_id}/loop/tasks/{coordination_task_id}/withdraw": {"reason": "x"},
    PATH + "/{ticket_id}/loop/actions": {"body": "x"},
    PATH + "/{ticket_id}/loop/actions/{corrective_action_id}/check": {"effect": "effective"},
    "/v1/coordination-tasks/{coordination_task_id}/finish": {"result": "x"},
    "/v1/coordination-tasks/{coordination_task_id}/decline": {"reason": "x"},
    "/v1/entitlements/{entitlement_id}/usage": {"amount": "1"},
    "/v1/entitlements/{entitlement_id}/usage/{booking_id}/reverse": {"note": "x"},
    "/v1/entitlements/{entitlement_id}/renew": {"valid_until": "2027-12-31"},
    "/v1/root-causes/{root_cause_id}/merge": {"into_id": NOBODY},
    "/v1/agents/{agent_id}/availability": {"is_available": False},
    PATH + "/{ticket_id}/portal-link": {"reach": "ticket"},
    "/v1/surveys/{survey_form_id}/invitations": {"ticket_id": NOBODY},
    PATH + "/{ticket_id}/articles": {"article_id": NOBODY},
    f"{PATH}/merges": {"survivor_id": NOBODY, "source_ids": [str(UUID(int=1))]},
}


@pytest.fixture
async def canary(
    client: Clients,
    company: Organisation,
    account: Known,
    person: Known,
    database: Any,
    service_database: Database,
) -> dict[str, str]:
    """A ticket of `rep`, with everything that may tell of it."""
    rep = client(company.rep)
    ticket = await made(
        rep, SECRET, description=SECRET, external_id="canary", account_id=await account(SECRET),
        requester_id=await person(SECRET), tags=[SECRET], kind="complaint",
    )  # fmt: skip
    path = f"{PATH}/{ticket['id']}/comments"
    ids = []
    for visibility in ("public", "internal"):
        said = await rep.post(path, json={"body": SECRET, "visibility": visibility})
        ids.append(said.json()["id"])
    promise = {"body": SECRET, "due_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    made_promise = await rep.post(f"{PATH}/{ticket['id']}/promises", json=promise)
    await setting_back(database, company)(ticket, hours=2)
    await give_alerts.duty(service_database)
    [alert] = (await rep.get("/v1/sla-alerts")).json()["data"]
    gone = await made(rep, SECRET)
    merge = await rep.post(
        f"{PATH}/merges", json={"survivor_id": ticket["id"], "source_ids": [gone["id"]]}
    )
    files = f"{PATH}/{ticket['id']}/files"
    asked = {"name": SECRET, "visibility": "internal"}
    file = await rep.post(files, params=asked, content=SECRET.encode())
    await rep.post(files, params={"name": SECRET}, content=SECRET.encode())
    await rep.put(f"{PATH}/{ticket['id']}/draft", json={"body": SECRET})
    loop = f"{PATH}/{ticket['id']}/loop"
    await rep.post(f"{loop}/steps/listen/complete", json={"text": SECRET})
    due_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    task = await rep.post(
        f"{loop}/tasks",
        json={
            "title": SECRET,
            "body": SECRET,
            "assignee_id": str(company.rep.id),
            "due_at": due_at,
        },
    )
    action = await rep.post(f"{loop}/actions", json={"body": SECRET})
    cause = await client(company.admin).post("/v1/root-causes", json={"name": "Known to all"})
    term = {"unit": "hours", "valid_from": "2020-01-01", "valid_until": "2020-12-31"}
    entitlement = await client(company.manager).post(
        "/v1/entitlements",
        json={
            "name": "Known to agents",
            "account_id": await account("Known to agents, as every account"),
            **term,
        },
    )
    macro = await rep.post("/v1/macros", json={"name": SECRET, "actions": {"note": SECRET}})
    known = await agent(client(company.admin), company.rep, skills=[{"skill": SECRET, "level": 1}])
    asked = await survey(client(company.admin), kind="nps")
    invitation = await invited(client(company.admin), asked, ticket_id=ticket["id"])
    await submitted(client(), invitation["path"], score=1, why=SECRET)
    [answer] = await listed(rep, ANSWERS)
    return {
        "agent_id": known["id"], "queue_id": (await queue(client(company.admin), company))["id"],
        "survey_form_id": asked["id"], "survey_invitation_id": invitation["id"], "survey_id": answer["id"],
        "ticket_id": ticket["id"], "comment_id": ids[1], "promise_id": made_promise.json()["id"],
        "sla_id": alert["id"], "ticket_merge_id": merge.json()["id"],
        "macro_id": macro.json()["id"], "file_id": file.json()["id"],
        "step": "act", "coordination_task_id": task.json()["id"],
        "corrective_action_id": action.json()["id"], "root_cause_id": cause.json()["id"],
        "entitlement_id": entitlement.json()["id"],
    }  # fmt: skip


async def test_no_route_shows_or_changes_what_the_caller_may_not_see(
    client: Clients, tickets: Edge, company: Organisation, other_organisation: Organisation,
    canary: dict[str, str],
) -> None:  # fmt: skip
    wrong, own = [], f"{PATH}/{canary['ticket_id']}"
    before = (await client(company.rep).get(own)).json()
    for user in (company.other_rep, company.read_only, other_organisation.admin):
        for method, path in operations(tickets, public=False):
            body = BODIES.get(path, {} if method in ("post", "patch", "put") else None)
            answer = await client(user).request(method, path.format_map(Ids(canary)), json=body)
            if "Canary" in answer.text.replace("'Canary'", ""):
                wrong.append((user.name, method, path, "shows it"))
            if "{ticket_id}" in path and answer.status_code not in (403, 404):
                wrong.append((user.name, method, path, answer.status_code))
            if answer.status_code >= 500:
                wrong.append((user.name, method, path, answer.status_code))
    assert wrong == []
    assert (await client(company.rep).get(own)).json() == before


async def test_those_who_may_see_it_are_shown_it_by_the_same_routes(
    client: Clients, tickets: Edge, company: Organisation, canary: dict[str, str]
) -> None:
    """So that the refusals above are refusals and not broken requests."""
    for user in (company.rep, company.rep2, company.users["manager"], company.admin):
        for method, path in operations(tickets, public=False):
            if path.endswith("/draft") and user is not company.rep:
                continue  # others' drafts are nobody's
            if path.endswith("/link"):
                continue  # of a survey: for those alone who may invite
            if method == "get" and any(f"{{{name}}}" in path for name in canary):
                answer = await client(user).get(path.format_map(Ids(canary)))
                assert answer.status_code == 200, (user.name, path, answer.text)
        for path in ("/v1/events", PATH, f"{PATH}/{canary['ticket_id']}/comments"):
            assert SECRET in (await client(user).get(path)).text, (user.name, path)
        assert SECRET in (await client(user).post("/v1/tickets/snapshot")).text


async def test_every_route_refuses_a_caller_without_a_token_or_permissions(
    client: Clients, tickets: Edge, company: Organisation
) -> None:
    wrong = []
    nobody = company.rep.but(permissions=())
    for method, path in operations(tickets, public=False):
        filled = path.format_map(Ids({}))
        answer = await client().request(method, filled, json={})
        if answer.status_code != 401:
            wrong.append((method, path, answer.status_code))
        answer = await client(nobody).request(method, filled, json=BODIES.get(path, {}))
        if answer.status_code < 400 and answer.json() != {"data": []}:
            wrong.append((method, path, answer.status_code, answer.text[:80]))
    assert wrong == []
