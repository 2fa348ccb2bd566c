"""Surveys themselves: editions, what is wrong, and where answers go with their tickets and people."""

from typing import Any

import pytest

from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.telling import contact_told
from tests.tickets.company import PATH, made
from tests.tickets.conftest import Heard, Known
from tests.tickets.merging import MERGES, merge
from tests.tickets.surveys.asking import (
    ANSWERS,
    INVITATIONS,
    SURVEYS,
    WHY,
    invited,
    listed,
    submitted,
    survey,
)
from tests.tickets.test_references import merged_told


async def test_what_was_sent_is_not_rewritten_by_a_change(
    client: Clients, company: Organisation, person: Known
) -> None:
    admin = client(company.admin)
    ticket = await made(client(company.rep), requester_id=await person())
    asked = await survey(admin, texts={"en": {"thanks": "Old thanks"}})
    before = await invited(admin, asked, ticket_id=ticket["id"])
    changes = {"texts": {"en": {"score": "And now?", "thanks": "New thanks"}}, "questions": []}
    changed = await admin.patch(f"{SURVEYS}/{asked['id']}", json=changes)
    assert (changed.status_code, changed.json()["edition"]) == (200, 2), changed.text
    untouched = await admin.patch(f"{SURVEYS}/{asked['id']}", json={"quiet_days": 1})
    assert untouched.json()["edition"] == 2
    await admin.patch(f"{SURVEYS}/{asked['id']}", json={"quiet_days": 0})
    after = await invited(admin, asked, ticket_id=ticket["id"])
    texts = [
        [question["text"] for question in (await client().get(each["path"])).json()["questions"]]
        for each in (before, after)
    ]
    assert texts == [["How satisfied are you with our service?", "Why?"], ["And now?"]]
    thanks = await submitted(client(), before["path"], score=5, why="x")
    assert thanks.json()["thanks"] == "Old thanks"
    assert (await submitted(client(), after["path"], score=5, why="x")).status_code == 422
    [answer] = await listed(admin, ANSWERS)
    editions = (await admin.get(f"{SURVEYS}/{asked['id']}/editions")).json()["data"]
    assert (answer["edition"], [each["number"] for each in editions]) == (1, [2, 1])
    old = await admin.get(f"{SURVEYS}/{asked['id']}", params={"as_of": asked["created_at"]})
    assert old.json()["edition"] == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "kano"}, "items"), ({"kind": "custom", "questions": []}, "questions"),
        ({"questions": [WHY, WHY]}, "questions"), ({"scale_min": 9}, "scale_max"),
        ({"follow_up": {"threshold": 9}}, "follow_up.threshold"),
        ({"follow_up": {"threshold": 1, "assign_to": "given"}}, "follow_up"),
        ({"follow_up": {"threshold": 1, "assign_to": "given", "assignee_id": str(new_id())}}, "follow_up.assignee_id"),
        ({"filter_groups": [{"filters": [{"field": "nope", "operator": "eq", "value": 1}]}]}, "filter_groups"),
        ({"sample_percent": 0}, "sample_percent"), ({"kind": "star"}, "kind"),
        ({"questions": [WHY | {"key": "Not a key"}]}, "questions.0.key"),
        ({"questions": [WHY | {"type": "choice"}]}, "questions.0"), ({"questions": [WHY | {"texts": {}}]}, "questions.0.texts"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_survey_is_named(
    client: Clients, company: Organisation, more: dict[str, Any], field: str
) -> None:
    body = {"name": "x", "kind": "csat", **more}
    answer = await client(company.admin).post(SURVEYS, json=body)
    assert answer.status_code == 422, answer.text
    assert list(answer.json()["errors"]) == [field], answer.text


async def test_a_survey_is_put_away_and_taken_out_again_and_what_was_sent_is_still_answered(
    client: Clients, company: Organisation, person: Known
) -> None:
    admin = client(company.admin)
    ticket = await made(client(company.rep), requester_id=await person())
    asked = await survey(admin, send_on="schedule")
    sent = await invited(admin, asked, ticket_id=ticket["id"])
    gone = await admin.delete(f"{SURVEYS}/{asked['id']}")
    assert (gone.status_code, gone.json()["next_run_at"]) == (200, None)
    assert (await admin.get(f"{SURVEYS}/{asked['id']}")).status_code == 404
    path = f"{SURVEYS}/{asked['id']}/invitations"
    assert (await admin.post(path, json={"ticket_id": ticket["id"]})).status_code == 404
    assert (await submitted(client(), sent["path"], score=5)).status_code == 200
    back = await admin.post(f"{SURVEYS}/{asked['id']}/restore")
    assert back.json()["next_run_at"] is not None
    same = await admin.post(SURVEYS, json={"name": "csat", "kind": "nps"})
    assert same.status_code == 409


async def test_answers_follow_their_ticket_to_another_assignee_and_through_a_merge_and_back(
    client: Clients, company: Organisation, person: Known
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    ann = {"requester_id": await person()}
    source, survivor = await made(rep, **ann), await made(rep, **ann)
    asked = await survey(admin)
    before, later = [await invited(admin, asked, ticket_id=source["id"]) for _ in range(2)]
    await submitted(client(), before["path"], score=5)
    done = await merge(admin, survivor, source)
    assert done.status_code == 201, done.text
    [answer] = await listed(rep, ANSWERS)
    assert answer["ticket_id"] == survivor["id"]
    await admin.patch(f"{PATH}/{survivor['id']}", json={"assignee_id": str(company.other_rep.id)})
    assert await listed(rep, ANSWERS) == []
    await submitted(
        client(), later["path"], score=1
    )  # asked about what went into another one since
    found = await listed(client(company.other_rep), ANSWERS, sort="answered_at")
    assert [(each["ticket_id"], each["score"]) for each in found] == [
        (survivor["id"], 5),
        (survivor["id"], 1),
    ]
    undone = await admin.post(f"{MERGES}/{done.json()['id']}/undo", json={})
    assert undone.status_code == 200, undone.text
    assert [each["ticket_id"] for each in await listed(rep, ANSWERS)] == [source["id"]]
    assert len(await listed(client(company.other_rep), ANSWERS)) == 1


async def test_merges_of_people_are_followed_and_the_erased_ones_words_go(
    client: Clients, company: Organisation, person: Known, heard: Heard
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    ann, anna = await person("Ann"), await person("Anna")
    ticket = await made(rep, requester_id=ann)
    asked = await survey(admin)
    done, open_one = [await invited(admin, asked, ticket_id=ticket["id"]) for _ in range(2)]
    await submitted(client(), done["path"], score=4, why="Call me, Ann")
    await client().put(open_one["path"], json={"answers": {"why": "Ann again"}})
    merge_id = str(new_id())
    for event in merged_told(company, "contact", merge_id, [ann], anna, version=2):
        await heard(event)
    [answer] = await listed(admin, ANSWERS)
    assert answer["contact_id"] == anna
    assert {each["contact_id"] for each in await listed(admin, INVITATIONS)} == {anna}
    await heard(contact_told(company.id, anna, "", owner_id=None, version=9, verb="erased"))
    [answer] = await listed(admin, ANSWERS)
    assert (answer["score"], answer["answers"]) == (4, {"score": 4})
    assert (await client().get(open_one["path"])).status_code == 410
    found = {each["id"]: each for each in await listed(admin, INVITATIONS)}
    assert (found[open_one["id"]]["status"], found[open_one["id"]]["reason"]) == (
        "dropped",
        "erased",
    )
    events = (await admin.get("/v1/events?types=tickets.survey.erased")).json()
    assert "Call me" not in str(events)
    assert len(events) == 1
