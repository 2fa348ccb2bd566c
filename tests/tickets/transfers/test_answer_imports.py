"""Answers of the past out of files: counted with those of today, and followed by nothing."""

from typing import Any

import pytest

from guanxi_shared.db import Database
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.telling import contact_told, knowing
from tests.pipeline.transfers.test_product_imports import counts, refused
from tests.tickets.company import PATH, made
from tests.tickets.conftest import Heard, Known
from tests.tickets.surveys.asking import (
    ANSWERS,
    INVITATIONS,
    SURVEYS,
    invited,
    listed,
    submitted,
    survey,
)
from tests.tickets.transfers.elsewhere import as_there, exported_for, people_of

FOLLOWED = {"threshold": 2, "assign_to": "given", "assignee_id": None}
TABLE = """survey,ticket,email,score,answers,language,sent at,responded at
CSAT,{number},ann@x.example,2,why: 太慢了,zh-CN,2024-05-01 08:00,2024-05-02 09:30
CSAT,,,5,,en,,2024-06-03 10:00
"""
COUNTED = "SELECT count(*) FROM {} WHERE organisation_id = $2"


@pytest.fixture
def answers(send: Sender) -> Sender:
    return send.of("survey-answers")


async def count(database: Database, organisation: Organisation, table: str) -> int:
    rows = await database.fetch(organisation.id, COUNTED.format(table), organisation.id)
    return int(rows[0]["count"])


async def test_answers_of_the_past_count_and_nothing_follows_them(
    answers: Sender, person: Known, organisation: Organisation, service_database: Database
) -> None:
    admin, ann = answers.client, await person("Ann", emails=["ann@x.example"])
    asking = await survey(admin, follow_up={"threshold": 2})
    ticket = await made(admin, assignee_id=str(organisation.rep.id))
    table = TABLE.format(number=ticket["number"])
    assert counts(await answers(table, time_zone="UTC", dry_run=True)) == {"created": 2}
    assert await answers.records() == []
    done = await answers(table, time_zone="UTC")
    assert counts(done) == {"created": 2}, await refused(answers, done)
    low, high = await answers.records()
    assert (low["score"], low["is_low"], low["answers"]) == (2, True, {"score": 2, "why": "太慢了"})
    assert (low["ticket_id"], low["contact_id"]) == (ticket["id"], ann)
    assert (low["assignee_id"], low["language"]) == (str(organisation.rep.id), "zh-CN")
    assert (low["invited_at"], low["answered_at"]) == (
        "2024-05-01T08:00:00Z",
        "2024-05-02T09:30:00Z",
    )
    assert (high["is_low"], high["ticket_id"], high["invited_at"]) == (
        False,
        None,
        high["answered_at"],
    )
    sought = "SELECT count(*) FROM survey_answers WHERE organisation_id = $2 AND follow_up_at IS NOT NULL"
    rows = await service_database.fetch(organisation.id, sought, organisation.id)
    assert rows[0]["count"] == 0
    assert await count(service_database, organisation, "tickets") == 1
    assert await count(service_database, organisation, "ticket_letters") == 0
    results = await admin.get(f"{SURVEYS}/{asking['id']}/results?from=2024-05-01&to=2024-06-30")
    assert results.status_code == 200, results.text
    (period,) = results.json()["periods"]
    assert (period["invited"], period["answered"]) == (2, 2)
    assert period["score"]["n"] == 2
    told = (await admin.get("/v1/events?limit=1000&types=tickets.survey.answered")).json()
    assert sorted(each["time"][:10] for each in told) == ["2024-05-02", "2024-06-03"]


async def test_answers_come_back_elsewhere_as_they_were(
    answers: Sender, client: Clients, organisation: Organisation, other_organisation: Organisation,
    person: Known, heard: Heard,
) -> None:  # fmt: skip
    admin, there = answers.client, answers.by(client(other_organisation.admin))
    ann = await person("Ann")
    twin = await knowing(heard, other_organisation, contact_told, "Ann")("Ann")
    choice = {"key": "which", "type": "multi_choice", "texts": {"en": "Which?"}, "options": [
        {"key": key, "texts": {"en": key}} for key in ("a", "b")]}  # fmt: skip
    why = {"key": "why", "type": "text", "texts": {"en": "Why?"}}
    kept, twins = {}, {}
    for user, known in ((admin, kept), (there.client, twins)):
        known["survey"] = (await survey(user, questions=[why, choice]))["id"]
    ticket = await made(admin, requester_id=ann, external_id="T-1")
    again = await there.client.post(
        PATH, json={"id": ticket["id"], "subject": "Help", "requester_id": twin}
    )
    assert again.status_code == 201, again.text
    for said in (
        {"score": 4, "why": "a; b: c\nd", "which": ["a", "b"]},
        {"score": 1, "why": "=no"},
    ):
        link = await invited(admin, {"id": kept["survey"]}, ticket_id=ticket["id"])
        assert (await submitted(client(None), link["path"], **said)).status_code < 300
    table = await exported_for(admin, ANSWERS, of=organisation, to=other_organisation)
    columns = table.decode("utf-8-sig").splitlines()[0].split(",")
    left_out = {"contact_id", "invitation_id", "kind", "follow_up_ticket_id", "owner", "owner_id",
                "team", "team_id", "version", "updated_at"}  # fmt: skip
    mapping = {each: each for each in columns if each not in left_out}
    done = await there(table, key="id", mapping=mapping)
    assert counts(done) == {"created": 2}, await refused(there, done)
    renamed = people_of(organisation, other_organisation) | {
        ann: twin,
        kept["survey"]: twins["survey"],
    }
    own = await listed(admin, ANSWERS, sort="id")
    aside = ("invitation_id",)
    assert as_there(await there.records(), {}, without=aside) == as_there(
        own, renamed, without=aside
    )
    assert counts(await there(table, key="id", mapping=mapping)) == {"skipped": 2}
    assert len(await listed(there.client, INVITATIONS, status="answered")) == 2


async def test_answers_that_cannot_be_are_refused_by_line_and_field(
    answers: Sender, client: Clients, organisation: Organisation
) -> None:
    await survey(answers.client)
    hidden = await made(answers.client, assignee_id=str(organisation.other_rep.id))
    bad = """survey,edition,ticket,contact,score,answers,language,invited_at,answered_at
CSAT,,,,,,,,2024-06-03
CSAT,,,,6,,,,2024-06-03
CSAT,,,,x,,,,2024-06-03
CSAT,,,,4,other: 1,,,2024-06-03
CSAT,,,,4,no key,,,2024-06-03
CSAT,,,,4,{oops,,,2024-06-03
CSAT,,,,4,,,,
CSAT,,,,4,,,,2099-01-01
CSAT,,,,4,,,2024-06-04,2024-06-03
CSAT,9,,,4,,,,2024-06-03
NPS,,,,4,,,,2024-06-03
,,,,4,,,,2024-06-03
CSAT,,TK-999999,,4,,,,2024-06-03
CSAT,,,Nobody,4,,,,2024-06-03
CSAT,,,,4,,no language,,2024-06-03
"""
    done = await answers(bad)
    said = await refused(answers, done)
    assert counts(done) == {"refused": 15}, said
    expected = [
        "2: answers: ", "3: score: ", "4: score: ", "5: answers: ", "6: answers: write each answer",
        "7: answers: is no JSON", "8: answered_at: ", "9: answered_at: is still to come",
        "10: invited_at: ", "11: edition: ", "12: survey: 'NPS': there is no such survey",
        "13: survey: ", "14: ticket: There is no such ticket.", "15: contact: ", "16: language: ",
    ]  # fmt: skip
    assert [s for s, b in zip(said, expected, strict=True) if not s.startswith(b)] == []
    theirs = answers.by(client(organisation.manager.but(
        permissions=(*organisation.manager.grant.permissions, "surveys:create"))))  # fmt: skip
    row = f"survey,ticket,score,answered_at\nCSAT,{hidden['number']},4,2024-06-03\n"
    assert "There is no such ticket." in (await refused(theirs, await theirs(row)))[0]


async def test_answers_are_imported_by_those_who_make_surveys(
    answers: Sender, client: Clients, organisation: Organisation
) -> None:
    assert "surveys:create" not in organisation.rep.grant.permissions
    refusal = await answers.by(client(organisation.rep)).upload("survey,score\nCSAT,5\n")
    assert refusal.status_code == 403
    policies: dict[str, Any] = {"key": "id", "duplicates": "update"}
    begun = (await answers.upload("id,survey,answered_at\n")).json()
    wrong = await answers.start(begun["id"], **policies)
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["duplicates"])
