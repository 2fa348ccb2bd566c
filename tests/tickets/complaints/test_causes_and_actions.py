"""Root causes of the organisation's own, corrective actions, and what merges of tickets do with rounds."""

import asyncio
from typing import Any

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, told_of
from tests.tickets.complaints.test_loop import loop_of, stepped
from tests.tickets.complaints.test_tasks import asked

CAUSES, ACTIONS, MERGES = "/v1/root-causes", "/v1/corrective-actions", f"{PATH}/merges"


async def cause(user: Any, name: str, **sent: Any) -> dict[str, Any]:
    answer = await user.post(CAUSES, json={"name": name, **sent})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_causes_are_a_tree_that_everybody_reads_and_some_write(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    top = await cause(admin, "Process")
    low = await cause(admin, "Template", parent_id=top["id"])
    assert (await rep.get(f"{CAUSES}/{low['id']}")).json() == low
    assert (await rep.post(CAUSES, json={"name": "x"})).status_code == 403
    assert (await client(other_organisation.admin).get(f"{CAUSES}/{low['id']}")).status_code == 404
    twice = await admin.post(CAUSES, json={"name": "template"})
    assert twice.status_code == 409
    circle = await admin.patch(f"{CAUSES}/{top['id']}", json={"parent_id": low["id"]})
    assert circle.status_code == 422
    assert "parent_id" in circle.json()["errors"]
    for path in (f"{top['id']}", f"{low['id']}"):
        assert (await rep.delete(f"{CAUSES}/{path}")).status_code == 403
    assert (await admin.delete(f"{CAUSES}/{top['id']}")).json()["code"] == "cause_in_use"
    assert (await admin.delete(f"{CAUSES}/{low['id']}")).status_code == 200
    assert (await admin.post(f"{CAUSES}/{low['id']}/restore")).json()["parent_id"] == top["id"]
    past = await admin.get(f"{CAUSES}/{top['id']}?as_of={top['created_at']}")
    assert past.json()["name"] == "Process"


async def test_two_causes_put_below_each_other_at_once_make_no_circle(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    one, two = await cause(admin, "One"), await cause(admin, "Two")
    answers = await asyncio.gather(
        admin.patch(f"{CAUSES}/{one['id']}", json={"parent_id": two["id"]}),
        admin.patch(f"{CAUSES}/{two['id']}", json={"parent_id": one["id"]}),
    )
    assert sorted(each.status_code for each in answers) == [200, 422]


async def test_merged_and_renamed_causes_keep_what_was_said(
    client: Clients, company: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    old, new = await cause(admin, "Old"), await cause(admin, "New")
    ticket = await made(rep, kind="complaint")
    loop = f"{PATH}/{ticket['id']}/loop"
    await rep.patch(loop, json={"root_cause_id": old["id"]})
    merge = f"{CAUSES}/{old['id']}/merge"
    itself = await admin.post(merge, json={"into_id": old["id"]})
    assert itself.status_code == 422
    assert "into_id" in itself.json()["errors"]
    merged = await admin.post(merge, json={"into_id": new["id"]})
    assert (merged.json()["merged_into_id"], merged.json()["is_active"]) == (new["id"], False)
    [round_] = await loop_of(rep, ticket)
    assert (round_["root_cause_id"], round_["root_cause_name"]) == (old["id"], "Old")
    # What names it from now on means the other one.
    assert (await rep.patch(loop, json={"root_cause_id": old["id"]})).json()["root_cause_id"] == new["id"]  # fmt: skip
    await admin.patch(f"{CAUSES}/{new['id']}", json={"name": "Newer"})
    assert (await loop_of(rep, ticket))[0]["root_cause_name"] == "Newer"
    back = await admin.post(f"{CAUSES}/{new['id']}/merge", json={"into_id": old["id"]})
    assert back.status_code == 422  # it would go into itself
    assert (await admin.delete(f"{CAUSES}/{new['id']}")).json()["code"] == "cause_in_use"
    await admin.patch(f"{CAUSES}/{new['id']}", json={"is_active": False})
    away = await rep.patch(loop, json={"root_cause_id": new["id"]})
    assert away.json()["code"] == "cause_put_away"


async def test_an_action_is_planned_done_and_checked(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    path = f"{PATH}/{ticket['id']}/loop/actions"
    sent = {
        "body": "Check templates",
        "responsible_id": str(company.rep2.id),
        "due_on": "2026-12-31",
    }
    answer = await rep.post(path, json=sent)
    assert answer.status_code == 201, answer.text
    action = answer.json()
    one = f"{path}/{action['id']}"
    early = await rep.post(f"{one}/check", json={"effect": "effective"})
    assert (early.status_code, early.json()["code"]) == (409, "action_not_now")
    assert (await rep.patch(one, json={"due_on": "2027-01-31"})).json()["due_on"] == "2027-01-31"
    done = await rep.post(f"{one}/finish")
    assert (done.json()["status"], done.json()["done_by"]) == ("done", str(company.rep.id))
    assert (await rep.post(f"{one}/finish")).json()["code"] == "action_not_now"
    checked = await rep.post(f"{one}/check", json={"effect": "ineffective", "note": "Again"})
    assert (checked.json()["effect"], checked.json()["effect_note"]) == ("ineffective", "Again")
    noun = "tickets.corrective_action"
    verbs = [f"{noun}.{verb}" for verb in ("planned", "updated", "done", "checked")]
    assert await told_of(rep, action["id"]) == verbs
    assert (await rep.get(f"{ACTIONS}?status=done&effect=ineffective")).json()["data"] == [
        checked.json()
    ]
    other = client(company.other_rep)
    assert (await other.get(ACTIONS)).json()["data"] == []
    assert (await other.get(f"{ACTIONS}/{action['id']}/history")).status_code == 404
    unknown = await rep.post(path, json={"body": "x", "responsible_id": ticket["id"]})
    assert unknown.status_code == 422
    assert "responsible_id" in unknown.json()["errors"]


async def test_what_hangs_on_a_complaint_follows_it_to_other_hands(
    client: Clients, company: Organisation
) -> None:
    rep, other, admin = client(company.rep), client(company.other_rep), client(company.admin)
    ticket = await made(rep, kind="complaint")
    path = f"{PATH}/{ticket['id']}"
    action = (await rep.post(f"{path}/loop/actions", json={"body": "x"})).json()
    handed = {"assignee_id": str(company.other_rep.id), "team_id": None}
    assert (await admin.patch(path, json=handed)).status_code == 200
    assert (await rep.get(f"{ACTIONS}/{action['id']}")).status_code == 404
    assert (await other.get(f"{ACTIONS}/{action['id']}")).status_code == 200
    assert len(await loop_of(other, ticket)) == 1


async def test_a_merged_complaints_rounds_stand_with_the_survivor_and_go_back(
    client: Clients, company: Organisation
) -> None:
    rep, other, admin = client(company.rep), client(company.other_rep), client(company.admin)
    survivor, source = await made(rep, kind="complaint"), await made(rep, kind="complaint")
    await stepped(rep, source, "listen")
    action = (await rep.post(f"{PATH}/{source['id']}/loop/actions", json={"body": "x"})).json()
    task = await asked(rep, source, assignee_id=str(company.other_rep.id))
    before = await loop_of(rep, source)
    merge = {"survivor_id": survivor["id"], "source_ids": [source["id"]]}
    merged = (await rep.post(MERGES, json=merge)).json()
    shown = await loop_of(rep, survivor)
    assert {each["ticket_id"]: each["is_current"] for each in shown} == {
        survivor["id"]: True, source["id"]: False,
    }  # fmt: skip
    [kept] = [each for each in shown if each["ticket_id"] == source["id"]]
    assert kept["done_steps"] == ["listen"]
    # What is still to be done about it is done there; the department answers as before.
    one = f"{PATH}/{survivor['id']}/loop/actions/{action['id']}"
    assert (await rep.patch(one, json={"body": "y"})).status_code == 200
    assert (await other.post(f"/v1/coordination-tasks/{task['id']}/accept")).status_code == 200
    handed = {"assignee_id": str(company.other_rep.id), "team_id": None}
    await admin.patch(f"{PATH}/{survivor['id']}", json=handed)
    assert (await rep.get(f"{ACTIONS}/{action['id']}")).status_code == 404
    undone = await admin.post(f"{MERGES}/{merged['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert (await rep.get(f"{ACTIONS}/{action['id']}")).status_code == 200
    [back] = await loop_of(rep, source)
    assert (back["is_current"], back["steps"]) == (True, before[0]["steps"])
    assert [each["ticket_id"] for each in await loop_of(other, survivor)] == [survivor["id"]]


async def test_a_split_complaint_begins_anew(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    await stepped(rep, ticket, "listen")
    said = (await rep.post(f"{PATH}/{ticket['id']}/comments", json={"body": "x"})).json()
    sent = {"subject": "Other matter", "comment_ids": [said["id"]]}
    new = (await rep.post(f"{PATH}/{ticket['id']}/split", json=sent)).json()
    [round_] = await loop_of(rep, new)
    assert (round_["number"], round_["done_steps"]) == (1, [])
    assert (await loop_of(rep, ticket))[0]["done_steps"] == ["listen"]
