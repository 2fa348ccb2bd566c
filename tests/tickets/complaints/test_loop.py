"""The closed loop of a complaint through requests: rounds, steps, what it takes to solve one."""

import asyncio
from typing import Any

import httpx
import pytest

from guanxi_tickets.complaints.round_rules import STEPS
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, in_role, made, moved, told_of

SETTINGS = f"{PATH}/settings"


async def loop_of(user: httpx.AsyncClient, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await user.get(f"{PATH}/{ticket['id']}/loop")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def stepped(
    user: httpx.AsyncClient, ticket: dict[str, Any], step: str, verb: str = "complete", **sent: Any
) -> httpx.Response:
    said = {"complete": {"text": f"{step}: so"}, "skip": {"reason": "not needed"}}.get(verb, {})
    path = f"{PATH}/{ticket['id']}/loop/steps/{step}/{verb}"
    return await user.post(path, json={**said, **sent})


async def closed_loop(user: httpx.AsyncClient, ticket: dict[str, Any]) -> None:
    for step in STEPS:
        answer = await stepped(user, ticket, step)
        assert answer.status_code == 200, answer.text


async def test_a_complaint_begins_with_a_round_of_six_open_steps_and_others_have_none(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    complaint, question = await made(rep, kind="complaint"), await made(rep)
    [first] = await loop_of(rep, complaint)
    assert (first["number"], first["ended_at"], first["is_current"]) == (1, None, True)
    assert list(first["steps"]) == list(STEPS) == first["open_steps"]
    assert {step["state"] for step in first["steps"].values()} == {"open"}
    assert await loop_of(rep, question) == []
    assert (await stepped(rep, question, "listen")).json()["code"] == "no_loop"


async def test_steps_go_in_any_order_with_sum_up_at_the_end(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    early = await stepped(rep, ticket, "sum_up")
    assert (early.status_code, early.json()["code"]) == (409, "step_not_now")
    figures = [{"name": "days", "value": "1.5", "before": 9, "unit": "d"}]
    done = await stepped(rep, ticket, "measure", figures=figures)
    assert done.status_code == 200, done.text
    step = done.json()["steps"]["measure"]
    assert step["figures"] == [{"name": "days", "value": "1.5", "before": "9", "unit": "d"}]
    assert (step["by"], step["text"]) == (str(company.rep.id), "measure: so")
    assert (await stepped(rep, ticket, "measure")).status_code == 409
    for name in ("act", "resources", "coordinate"):
        assert (await stepped(rep, ticket, name, "skip")).status_code == 200
    assert (await stepped(rep, ticket, "listen")).status_code == 200
    whole = await stepped(rep, ticket, "sum_up")
    assert whole.json()["open_steps"] == []
    assert whole.json()["skipped_steps"] == ["act", "resources", "coordinate"]
    assert (await stepped(rep, ticket, "act", "reopen")).status_code == 409
    assert (await stepped(rep, ticket, "sum_up", "reopen")).status_code == 200
    again = await stepped(rep, ticket, "act", "reopen")
    assert again.json()["open_steps"] == ["act", "sum_up"]


@pytest.mark.parametrize(
    ("step", "verb", "sent", "status", "named"),
    [
        ("act", "complete", {"text": "  "}, 422, "text"),
        ("act", "skip", {"reason": ""}, 422, "reason"),
        ("act", "complete", {"figures": [{"name": "x", "value": 1}]}, 422, "figures"),
        ("measure", "complete", {"figures": [{"name": "x", "value": "NaN"}]}, 422, "figures.0.value"),
        ("dance", "complete", {}, 404, None),
        ("act", "complete", {"colour": 1}, 422, "colour"),
    ],
)  # fmt: skip
async def test_what_makes_no_step_is_refused_by_name(
    client: Clients, company: Organisation, step: str, verb: str, sent: dict[str, Any], status: int,
    named: str | None,
) -> None:  # fmt: skip
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    answer = await stepped(rep, ticket, step, verb, **sent)
    assert answer.status_code == status, answer.text
    assert named is None or named in answer.json()["errors"]
    assert (await loop_of(rep, ticket))[0]["version"] == 1


async def test_where_the_loop_is_needed_a_complaint_is_not_solved_without(
    client: Clients, company: Organisation
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    ticket = await made(rep, kind="complaint")
    assert (await admin.patch(SETTINGS, json={"complaints_need_loop": "yes"})).status_code == 200
    for step in ("listen", "act", "resources"):
        await stepped(rep, ticket, step)
    path = f"{PATH}/{ticket['id']}"
    for refused in (
        await rep.post(f"{path}/move", json={"status": "solved"}),
        await rep.patch(path, json={"status": "closed", "subject": "Other"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "loop_incomplete")
        assert refused.json()["missing_steps"] == ["measure", "coordinate", "sum_up"]
        assert "measure" in refused.json()["errors"]["status"]
    assert (await rep.get(path)).json() == ticket
    for step in ("measure", "coordinate", "sum_up"):
        await stepped(rep, ticket, step, "skip")
    assert (await moved(rep, ticket, "solved"))["status"] == "solved"
    [round_] = await loop_of(rep, ticket)
    assert round_["ended_at"]
    assert round_["left_open"] == []
    assert (await stepped(rep, ticket, "sum_up", "reopen")).json()["code"] == "ticket_over"


async def test_no_way_around_what_the_organisation_needs(
    client: Clients, company: Organisation
) -> None:
    """Made as solved; solved as something else and made a complaint then."""
    rep, admin = client(company.rep), client(company.admin)
    await admin.patch(SETTINGS, json={"complaints_need_loop": "yes"})
    sent = {"subject": "x", "kind": "complaint", "status": "closed"}
    assert (await rep.post(PATH, json=sent)).json()["code"] == "loop_incomplete"
    ticket = await made(rep, kind="complaint")
    path = f"{PATH}/{ticket['id']}"
    assert (await rep.patch(path, json={"kind": "question"})).status_code == 200
    assert (await moved(rep, ticket, "solved"))["status"] == "solved"
    back = await rep.patch(path, json={"kind": "complaint"})
    assert (back.status_code, back.json()["code"]) == (409, "loop_incomplete")
    assert (await rep.get(path)).json()["kind"] == "question"


async def test_where_it_is_wanted_an_open_loop_is_told(
    client: Clients, company: Organisation
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    await admin.patch(SETTINGS, json={"complaints_need_loop": "warn"})
    ticket = await made(rep, kind="complaint")
    await stepped(rep, ticket, "listen")
    await moved(rep, ticket, "solved")
    [round_] = await loop_of(rep, ticket)
    assert round_["left_open"] == list(STEPS[1:])
    assert (await told_of(rep, round_["id"]))[-1] == "tickets.loop.round_left_open"
    late = await stepped(rep, ticket, "act")  # what is still done is still written
    assert late.status_code == 200


async def test_reopened_it_begins_another_round_and_the_earlier_one_stays(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    await closed_loop(rep, ticket)
    await moved(rep, ticket, "solved")
    await moved(rep, ticket, "closed")
    [before] = await loop_of(rep, ticket)
    await moved(rep, ticket, "open")
    first, second = await loop_of(rep, ticket)
    assert first == before | {"is_current": False}
    assert (second["number"], second["open_steps"]) == (2, list(STEPS))
    assert (await stepped(rep, ticket, "listen")).json()["id"] == second["id"]
    assert (await loop_of(rep, ticket))[0] == first
    assert await told_of(rep, second["id"]) == [
        "tickets.loop.round_started", "tickets.loop.step_completed",
    ]  # fmt: skip


async def test_its_customers_words_reopen_a_solved_one(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    await moved(rep, ticket, "solved")
    said = {"body": "Not at all", "author_kind": "requester"}
    assert (await rep.post(f"{PATH}/{ticket['id']}/comments", json=said)).status_code == 201
    assert [each["number"] for each in await loop_of(rep, ticket)] == [1, 2]


async def test_a_ticket_that_becomes_a_complaint_begins_and_goes_on_where_it_was(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket, path = await made(rep), ""
    path = f"{PATH}/{ticket['id']}"
    await rep.patch(path, json={"kind": "complaint"})
    await stepped(rep, ticket, "listen")
    await rep.patch(path, json={"kind": "request"})
    [round_] = await loop_of(rep, ticket)
    assert (round_["is_current"], round_["done_steps"]) == (False, ["listen"])
    assert (await stepped(rep, ticket, "act")).json()["code"] == "no_loop"
    await rep.patch(path, json={"kind": "complaint"})
    [round_] = await loop_of(rep, ticket)
    assert (round_["is_current"], round_["done_steps"]) == (True, ["listen"])


async def test_steps_keep_to_if_match_and_to_their_key(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    path = f"{PATH}/{ticket['id']}/loop/steps/listen/complete"
    stale = await rep.post(path, json={"text": "x"}, headers={"if-match": '"7"'})
    assert stale.status_code == 412
    headers = {"if-match": '"1"', "idempotency-key": "one"}
    answers = [await rep.post(path, json={"text": "x"}, headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers["etag"] == '"2"'


async def test_of_many_who_say_the_same_step_one_is_right(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    answers = await asyncio.gather(*(stepped(rep, ticket, "listen", text=str(n)) for n in range(8)))
    assert sorted(each.status_code for each in answers) == [200] + [409] * 7
    won = next(each for each in answers if each.status_code == 200)
    [round_] = await loop_of(rep, ticket)
    assert round_["steps"]["listen"]["text"] == won.json()["steps"]["listen"]["text"]


async def test_reopened_by_many_at_once_there_is_one_more_round(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, kind="complaint")
    await moved(rep, ticket, "solved")
    move = f"{PATH}/{ticket['id']}/move"
    await asyncio.gather(*(rep.post(move, json={"status": "open"}) for _ in range(6)))
    assert [each["number"] for each in await loop_of(rep, ticket)] == [1, 2]


async def test_what_a_round_comes_to(client: Clients, company: Organisation) -> None:
    rep, admin = client(company.rep), client(company.admin)
    ticket = await made(rep, kind="complaint")
    cause = (await admin.post("/v1/root-causes", json={"name": "Template"})).json()
    loop = f"{PATH}/{ticket['id']}/loop"
    sent = {"root_cause_id": cause["id"], "lesson": "Check templates."}
    assert (await rep.patch(loop, json=sent)).status_code == 200
    [round_] = await loop_of(rep, ticket)
    assert (round_["root_cause_name"], round_["lesson"]) == ("Template", "Check templates.")
    unknown = await rep.patch(loop, json={"root_cause_id": ticket["id"]})
    assert unknown.status_code == 422
    assert "root_cause_id" in unknown.json()["errors"]
    assert (await rep.patch(loop, json={"root_cause_id": None})).json()["root_cause_id"] is None


async def test_who_may_not_read_notes_is_shown_nothing_of_the_loop(
    client: Clients, company: Organisation
) -> None:
    """A partner sees their tickets, and none of what is said about them inside."""
    rep, partner = client(company.rep), client(in_role(company.rep, "partner"))
    ticket = await made(rep, kind="complaint")
    await stepped(rep, ticket, "listen", text="Inside")
    action = (await rep.post(f"{PATH}/{ticket['id']}/loop/actions", json={"body": "Inside"})).json()
    assert (await partner.get(f"{PATH}/{ticket['id']}")).status_code == 200
    for path in (
        f"{PATH}/{ticket['id']}/loop", "/v1/complaints", "/v1/complaints/loop-report", "/v1/corrective-actions",
        f"/v1/corrective-actions/{action['id']}",
    ):  # fmt: skip
        assert (await partner.get(path)).status_code == 403, path
    told = (await partner.get("/v1/events?limit=1000")).text
    assert ticket["id"] in told
    assert "Inside" not in told
    writer = client(company.rep.but(permissions=("tickets:read", "tickets:update")))
    assert (await stepped(writer, ticket, "act")).status_code == 403


async def test_a_list_of_complaints_tells_where_their_loops_stand(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    rep = client(company.rep)
    one, two, _ = (
        await made(rep, kind="complaint"),
        await made(rep, kind="complaint"),
        await made(rep),
    )
    await stepped(rep, two, "listen")
    whole = (await rep.get("/v1/complaints?total=exact&sort=loop_round,id")).json()
    assert [each["id"] for each in whole["data"]] == [one["id"], two["id"]]
    assert whole["page"]["total"] == 2
    assert whole["data"][1]["loop_done_steps"] == ["listen"]
    assert whole["data"][1]["open_tasks"] == whole["data"][1]["open_actions"] == 0
    for filters, expected in (
        ("loop_done_steps[in]=listen", [two["id"]]), ("loop_open_steps=listen", [one["id"]]),
        ("loop_round[gte]=2", []), ("kind=question", []), ("q=Help&loop_round=1", [one["id"], two["id"]]),
    ):  # fmt: skip
        found = (await rep.get(f"/v1/complaints?{filters}&sort=id")).json()
        assert [each["id"] for each in found["data"]] == expected, filters
    for sort in ("loop_round", "-loop_started_at", "root_cause_id", "loop_lesson", "-open_tasks", "loop_ended_at"):  # fmt: skip
        page = (await rep.get(f"/v1/complaints?sort={sort}&limit=1")).json()
        rest = await rep.get(f"/v1/complaints?sort={sort}&cursor={page['page']['next_cursor']}")
        found = [*page["data"], *rest.json()["data"]]
        assert sorted(each["id"] for each in found) == sorted((one["id"], two["id"])), sort
    own = {"resource": "tickets", "key": "batch", "kind": "text"}
    assert (await client(company.admin).post("/v1/fields", json=own)).status_code == 201
    await rep.patch(f"{PATH}/{one['id']}", json={"custom": {"batch": "7"}})
    for path in ("/v1/complaints?custom.batch=7", "/v1/complaints/loop-report?custom.batch=7"):
        assert (await rep.get(path)).status_code == 200, path
    for user in (company.other_rep, other_organisation.admin):
        seen = (await client(user).get("/v1/complaints?total=exact")).json()
        assert (seen["data"], seen["page"]["total"]) == ([], 0)
