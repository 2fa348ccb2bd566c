"""What a customer does by the link: read, save, hand in once."""

import asyncio
from typing import Any

import pytest

from guanxi_shared.db import Database
from guanxi_tickets.survey_sending.duties import work_surveys
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, told_of
from tests.tickets.conftest import Known
from tests.tickets.surveys.asking import ANSWERS, INVITATIONS, invited, listed, submitted, survey


@pytest.fixture
async def link(client: Clients, company: Organisation, person: Known) -> dict[str, Any]:
    """Somebody is asked about a ticket of `rep`, with a low score at two or less."""
    ticket = await made(client(company.rep), "Printer", requester_id=await person("Ann"))
    asked = await survey(client(company.admin), follow_up={"threshold": 2})
    found = await invited(client(company.admin), asked, ticket_id=ticket["id"])
    return found | {"ticket": ticket, "survey": asked}


async def test_whoever_has_the_link_is_asked_in_their_language_and_shown_nothing_else(
    client: Clients, company: Organisation, link: dict[str, Any]
) -> None:
    for header, lang, language in (
        ("zh-CN,zh;q=0.9,en;q=0.8", None, "zh"), ("fr;q=1, de", None, "en"), ("zh", "en", "en"),
        (";;;q=x,\x7f", None, "en"), ("en;q=0, zh;q=0.1", None, "zh"),
    ):  # fmt: skip
        params = {"lang": lang} if lang else {}
        answer = await client().get(
            link["path"], params=params, headers={"accept-language": header}
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["language"] == language
    shown = answer.json()
    assert [question["text"] for question in shown["questions"]][1] == "为什么？"
    for hidden in ("Printer", "Ann", str(company.id), link["ticket"]["id"], link["id"]):
        assert hidden not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_score_in_the_address_is_suggested_and_written_nowhere(
    client: Clients, company: Organisation, link: dict[str, Any]
) -> None:
    for score, suggested in (("4", {"score": 4}), ("9", {}), ("x", {}), ("", {}), ("٣", {})):
        answer = await client().get(link["path"], params={"score": score})
        assert (answer.status_code, answer.json()["suggested"]) == (200, suggested), score
    found = (await client(company.admin).get(f"{INVITATIONS}/{link['id']}")).json()
    assert (found["status"], found["version"]) == ("sent", link["version"])
    assert await listed(client(company.admin), ANSWERS) == []


async def test_partial_answers_are_kept_replaced_and_handed_in(
    client: Clients, company: Organisation, link: dict[str, Any]
) -> None:
    customer = client()
    for answers in ({"why": "Slow", "score": 3}, {"score": 4, "why": ""}):
        answer = await customer.put(link["path"], json={"answers": answers, "language": "zh"})
        assert answer.status_code == 200, answer.text
    assert answer.json()["answers"] == {"score": 4}
    assert (await customer.get(link["path"])).json()["answers"] == {"score": 4}
    assert await listed(client(company.admin), ANSWERS) == []
    for path in (f"{INVITATIONS}/{link['id']}", "/v1/events"):
        assert "Slow" not in (await client(company.admin).get(path)).text
    done = await customer.post(f"{link['path']}/submit", json={})
    assert (done.status_code, done.json()) == (200, {"thanks": "谢谢！", "language": "zh"})
    [found] = await listed(client(company.rep), ANSWERS)
    assert (found["score"], found["answers"], found["is_low"], found["ticket_id"]) == (
        4, {"score": 4}, False, link["ticket"]["id"],
    )  # fmt: skip
    assert await told_of(client(company.rep), found["id"]) == ["tickets.survey.answered"]


async def test_it_is_answered_once_however_many_send_at_once(
    client: Clients, company: Organisation, link: dict[str, Any]
) -> None:
    answers = await asyncio.gather(*(submitted(client(), link["path"], score=1) for _ in range(8)))
    assert sorted(each.status_code for each in answers) == [200] + [410] * 7
    [refused] = {each.json()["code"] for each in answers if each.status_code == 410}
    assert refused == "survey_answered"
    for method, path in (("get", ""), ("put", ""), ("post", "/submit")):
        again = await client().request(method, link["path"] + path, json={"answers": {"score": 5}})
        assert again.status_code == 410
    assert len(await listed(client(company.admin), ANSWERS)) == 1


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "answers"), ({"score": 6}, "answers.score"), ({"score": 0}, "answers.score"),
        ({"score": 3.5}, "answers.score"), ({"score": "3"}, "answers.score"),
        ({"score": True}, "answers.score"), ({"why": "x"}, "answers.score"),
        ({"score": 3, "why": 5}, "answers.why"), ({"score": 3, "why": "x" * 5001}, "answers.why"),
        ({"score": 3, "why": "\x00"}, "answers.why"), ({"score": 3, "other": 1}, "answers.other"),
        ({"score": 10**30}, "answers.score"), ({"score": None}, "answers"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_an_answer_is_named(
    client: Clients,
    company: Organisation,
    link: dict[str, Any],
    answers: dict[str, Any],
    field: str,
) -> None:
    answer = await submitted(client(), link["path"], **answers)
    assert answer.status_code == 422, answer.text
    assert list(answer.json()["errors"]) == [field]
    assert await listed(client(company.admin), ANSWERS) == []


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 200), (b"{", 400), (b"[]", 422), (b'{"answers": []}', 422), (b"\xff\xfe", 400),
        (b'{"answers": {"why": "\\ud800"}}', 400), (b'{"answers": {"a": {"b": [1]}}}', 422),
    ],
)  # fmt: skip
async def test_odd_bodies_are_refused(
    client: Clients, link: dict[str, Any], sent: bytes, status: int
) -> None:
    answer = await client().put(link["path"], content=sent)
    assert answer.status_code < 500, answer.text
    assert answer.status_code == (422 if status == 200 else status) or status >= 400
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):
        refused = await client().put(
            link["path"], content=b"x=1", headers={"content-type": content_type}
        )
        assert refused.status_code == 415


async def test_a_link_that_was_touched_names_nothing(client: Clients, link: dict[str, Any]) -> None:
    path = link["path"]
    head, token = path.rsplit("/", 1)
    for wrong in (
        "x",
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token[:40],
        "A" * 96,
        "é" * 96,
    ):
        for method, end in (("get", ""), ("put", ""), ("post", "/submit")):
            answer = await client().request(method, f"{head}/{wrong}{end}", json={"answers": {}})
            assert answer.status_code == 404, (wrong, answer.text)


@pytest.mark.usefixtures("working")
async def test_a_low_score_opens_a_related_ticket_with_what_was_said_once(
    client: Clients, company: Organisation, link: dict[str, Any], service_database: Database
) -> None:
    assert (await submitted(client(), link["path"], score=2, why="Never again")).status_code == 200
    await asyncio.gather(*(work_surveys.duty(service_database) for _ in range(4)))
    manager = client(company.manager)
    [found] = await listed(manager, ANSWERS)
    opened = (await manager.get(f"{PATH}/{found['follow_up_ticket_id']}")).json()
    assert (opened["kind"], opened["related_ids"], opened["assignee_id"]) == (
        "complaint", [link["ticket"]["id"]], str(company.manager.id),
    )  # fmt: skip
    assert "Never again" in opened["description"]
    assert "2 / 5" in opened["description"]
    assert opened["requester_id"] == link["ticket"]["requester_id"]
    assert len(await listed(client(company.admin), PATH)) == 2
    assert await told_of(manager, found["id"]) == [
        "tickets.survey.answered", "tickets.survey.followed_up",
    ]  # fmt: skip


@pytest.mark.usefixtures("working")
async def test_a_required_field_does_not_put_the_follow_up_off_and_is_left_open(
    client: Clients, company: Organisation, link: dict[str, Any], service_database: Database
) -> None:
    """What the ticket asked about has is taken as far as it still holds; the rest is for whoever works it."""
    admin = client(company.admin)
    site = {"resource": "tickets", "key": "site", "kind": "text"}
    assert (await admin.post("/v1/fields", json=site)).status_code == 201
    sent = {"custom": {"site": "Beijing"}}
    ticket = link["ticket"]["id"]
    assert (await admin.patch(f"{PATH}/{ticket}", json=sent)).status_code == 200
    needed = {"resource": "tickets", "key": "batch", "kind": "text", "is_required": True}
    answer = await admin.post("/v1/fields", json=needed)
    assert answer.status_code == 201, answer.text
    assert (await admin.post(PATH, json={"subject": "x"})).status_code == 422
    assert (await submitted(client(), link["path"], score=1)).status_code == 200
    await work_surveys.duty(service_database)
    [found] = await listed(admin, ANSWERS)
    opened = (await admin.get(f"{PATH}/{found['follow_up_ticket_id']}")).json()
    assert opened["custom"] == {"site": "Beijing"}
