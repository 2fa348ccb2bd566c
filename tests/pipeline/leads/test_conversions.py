"""Conversions: exactly one account, one person and one deal, or none, whatever dies when."""

import asyncio
from typing import Any

import httpx
import pytest

from guanxi_pipeline.conversions import kept
from guanxi_pipeline.references.settling import settle_organisation
from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known, Stages
from tests.pipeline.leads.conftest import Made, Worked
from tests.pipeline.leads.converting import WHOLE, deals_of, demand_nothing, demand_whole
from tests.pipeline.leads.fake_contacts import FakeContacts
from tests.pipeline.telling import account_told

STEPS = [f"{when} POST {part}" for part in ("accounts", "contacts") for when in ("before", "after")]


async def test_a_lead_becomes_an_account_a_person_and_a_deal_at_once(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    heard: Heard, service_database: Database,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    answer = await rep.post(f"{lead_path}/convert", json=WHOLE)
    assert (answer.status_code, answer.json()["status"]) == (200, "done"), answer.text
    deal = await demand_whole(client, organisation, contacts_fake, lead_path)
    (account,) = contacts_fake.records["accounts"].values()
    (contact,) = contacts_fake.records["contacts"].values()
    assert (account["name"], account["industry"], account["kind"]) == (
        "北京未来科技有限公司", "software", "company",
    )  # fmt: skip
    assert (contact["name"], contact["title"]) == ("张三", "CEO")
    assert contact["emails"][0]["address"] == "zhang@weilai.example"
    assert "e164" not in contact["phones"][0]
    assert {
        token
        for step, token in contacts_fake.calls
        if step.startswith("POST") and "check" not in step
    } == {rep.headers["authorization"].removeprefix("Bearer ")}
    # The feed tells of the account; then it is no longer taken on trust.
    assert deal["is_account_verified"] is False
    await heard(
        account_told(organisation.id, account["id"], account["name"], owner_id=organisation.rep.id)
    )
    await settle_organisation(service_database, organisation.id)
    (deal,) = await deals_of(client, organisation)
    assert deal["is_account_verified"] is True
    kinds = [e["type"] for e in (await rep.get(f"{lead_path}/history")).json()["data"]]
    assert kinds == ["pipeline.lead.converted", "pipeline.lead.created"]


async def test_the_same_request_again_is_the_same_conversion(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str
) -> None:
    rep = client(organisation.rep)
    first = await rep.post(f"{lead_path}/convert", json=WHOLE)
    again = await rep.post(f"{lead_path}/convert", json=WHOLE)
    assert (again.status_code, again.json()) == (200, first.json())
    await demand_whole(client, organisation, contacts_fake, lead_path)
    other = await rep.post(f"{lead_path}/convert", json={})
    assert (other.status_code, other.json()["code"]) == (409, "already_converted")
    closed = await rep.post(f"{lead_path}/recycle", json={})
    assert (closed.status_code, closed.json()["code"]) == (409, "lead_closed")


async def test_many_at_once_make_one_of_each(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str
) -> None:
    contacts_fake.slow_seconds = 0.05
    rep = client(organisation.rep)
    answers = await asyncio.gather(
        *(rep.post(f"{lead_path}/convert", json=WHOLE) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert 200 in {answer.status_code for answer in answers}
    await demand_whole(client, organisation, contacts_fake, lead_path)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("by", ["the worker", "the caller"])
async def test_contacts_dies_at_a_step_and_it_is_finished_all_the_same(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    worked: Worked, step: str, by: str,
) -> None:  # fmt: skip
    contacts_fake.dies = {step: 1}
    rep = client(organisation.rep)
    answer = await rep.post(f"{lead_path}/convert", json=WHOLE)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending"), answer.text
    assert answer.headers["location"] == f"{lead_path}/conversion"
    assert await deals_of(client, organisation) == []
    # Meanwhile nothing else happens to the lead.
    for busy in (
        await rep.delete(lead_path), await rep.post(f"{lead_path}/convert", json={}),
        await rep.post(f"{lead_path}/disqualify", json={"reason": "spam"}),
    ):  # fmt: skip
        assert (busy.status_code, busy.json()["code"]) == (409, "conversion_under_way")
    if by == "the worker":
        await worked()
        await worked()
    else:
        assert (await rep.post(f"{lead_path}/convert", json=WHOLE)).status_code == 200
    await demand_whole(client, organisation, contacts_fake, lead_path)


async def test_workers_and_callers_at_once_make_one_of_each(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    worked: Worked,
) -> None:  # fmt: skip
    contacts_fake.dies = {"after POST contacts": 1}
    rep = client(organisation.rep)
    assert (await rep.post(f"{lead_path}/convert", json=WHOLE)).status_code == 202
    contacts_fake.slow_seconds = 0.05
    asked = (rep.post(f"{lead_path}/convert", json=WHOLE) for _ in range(3))
    await asyncio.gather(worked(), worked(), *asked)
    await demand_whole(client, organisation, contacts_fake, lead_path)
    # One of them did it, the others let it.
    assert [step for step, _ in contacts_fake.calls].count("POST accounts") == 2


async def test_the_worker_asks_as_the_service_and_finishes_in_the_name_of_the_caller(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    worked: Worked,
) -> None:  # fmt: skip
    contacts_fake.dies = {"before POST accounts": 3}
    rep = client(organisation.rep)
    await rep.post(f"{lead_path}/convert", json=WHOLE)
    for _ in range(3):
        await worked()
    deal = await demand_whole(client, organisation, contacts_fake, lead_path)
    own = rep.headers["authorization"].removeprefix("Bearer ")
    posts = [
        token for step, token in contacts_fake.calls if step in ("POST accounts", "POST contacts")
    ]
    assert [token == own for token in posts] == [True, False, False, False, False]
    history = await rep.get(f"/v1/opportunities/{deal['id']}/history")
    (told,) = history.json()["data"]
    assert (told["actor_id"], told["channel"]) == (str(organisation.rep.id), "conversion")


async def test_it_is_killed_between_two_steps_and_taken_up_when_its_time_is_over(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    worked: Worked, service_database: Database, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from guanxi_pipeline.conversions import running

    class Killed(BaseException):
        pass

    async def killed(*_: Any) -> None:
        raise Killed

    rep = client(organisation.rep)
    with monkeypatch.context() as patch:
        patch.setattr(running, "complete", killed)
        patch.setattr(kept, "leave", killed)
        with pytest.raises(Killed):
            await rep.post(f"{lead_path}/convert", json=WHOLE)
    assert [len(found) for found in contacts_fake.records.values()] == [1, 1]
    # Whoever was killed may still be at work, for all that anybody knows.
    await worked()
    assert (await rep.post(f"{lead_path}/convert", json=WHOLE)).status_code == 202
    assert await deals_of(client, organisation) == []
    over = "UPDATE lead_conversions SET next_try_at = now() - interval '1 second'"
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(over)
    await worked()
    await demand_whole(client, organisation, contacts_fake, lead_path)


REFUSALS = [
    ("POST accounts", 422, {"emails.0.address": "No."}, "account.emails.0.address"),
    ("POST accounts", 403, {}, None),
    ("POST contacts", 422, {"name": "Too long."}, "contact.name"),
    ("POST contacts", 403, {"owner_id": "Not yours."}, "contact.owner_id"),
]


@pytest.mark.parametrize(("step", "status", "errors", "field"), REFUSALS)
async def test_what_contacts_refuses_ends_it_and_nothing_is_left(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    step: str, status: int, errors: dict[str, str], field: str | None,
) -> None:  # fmt: skip
    problem = {"code": "refused_here", "detail": "Because.", "errors": errors}
    contacts_fake.refuses = {step: (status, problem)}
    rep = client(organisation.rep)
    answer = await rep.post(f"{lead_path}/convert", json=WHOLE)
    assert (answer.status_code, answer.json()["code"]) == (422, "conversion_refused")
    assert list(answer.json()["errors"]) == ([field] if field else [])
    assert answer.json()["refused"]["status"] == status
    assert answer.json()["detail"].endswith(": Because.")
    await demand_nothing(client, organisation, contacts_fake, lead_path)
    kept = (await rep.get(f"{lead_path}/conversion")).json()
    assert (kept["status"], kept["problem"]["code"]) == ("refused", "refused_here")
    # Nothing stands in the way of another try.
    contacts_fake.refuses = {}
    assert (await rep.post(f"{lead_path}/convert", json=WHOLE)).status_code == 200
    await demand_whole(client, organisation, contacts_fake, lead_path)


@pytest.mark.parametrize(
    "step", ["before DELETE accounts", "after DELETE accounts", "before DELETE contacts"]
)
async def test_contacts_dies_while_it_is_taken_back_and_it_is_taken_back_later(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    worked: Worked, step: str,
) -> None:  # fmt: skip
    contacts_fake.refuses = {"POST contacts": (422, {"code": "invalid", "detail": "Because."})}
    contacts_fake.dies = {step: 1}
    rep = client(organisation.rep)
    assert (await rep.post(f"{lead_path}/convert", json=WHOLE)).status_code == 422
    assert (await rep.get(f"{lead_path}/conversion")).json()["status"] == "undoing"
    busy = await rep.post(f"{lead_path}/convert", json=WHOLE)
    assert (busy.status_code, busy.json()["code"]) == (409, "conversion_under_way")
    await worked()
    await demand_nothing(client, organisation, contacts_fake, lead_path)
    assert (await rep.get(f"{lead_path}/conversion")).json()["status"] == "refused"


async def test_a_deal_that_the_pipeline_refuses_is_refused_before_anything_is_made(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    stages: Stages,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    for sent, field in (
        ({"stage_id": stages["Negotiation"]}, "opportunity.close_on"),
        ({"amount": {"amount": "1.00", "currency": "??"}}, "opportunity.amount.currency"),
        ({"account_id": stages.pipeline_id}, "opportunity.account_id"),
    ):
        answer = await rep.post(f"{lead_path}/convert", json={"opportunity": sent})
        assert answer.status_code == 422, answer.text
        assert field in answer.json()["errors"], answer.text
    assert [step for step, _ in contacts_fake.calls if "check" not in step] == []
    assert (await rep.get(f"{lead_path}/conversion")).status_code == 404


async def test_it_is_refused_at_the_end_and_everything_is_taken_back(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    worked: Worked, stages: Stages,
) -> None:  # fmt: skip
    contacts_fake.dies = {"before POST contacts": 1}
    rep, admin = client(organisation.rep), client(organisation.admin)
    assert (await rep.post(f"{lead_path}/convert", json=WHOLE)).status_code == 202
    pipeline = f"/v1/pipelines/{stages.pipeline_id}"
    shown = (await admin.get(pipeline)).json()
    shown["stages"][0]["required_fields"] = ["close_on"]
    assert (await admin.patch(pipeline, json={"stages": shown["stages"]})).status_code == 200
    await worked()
    await demand_nothing(client, organisation, contacts_fake, lead_path)
    kept = (await rep.get(f"{lead_path}/conversion")).json()
    assert (kept["status"], kept["problem"]["part"]) == ("refused", "lead")


async def test_an_account_and_a_person_that_are_there_are_taken_and_nobody_elses(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    account: Known, person: Known,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    hidden = await account("Hidden", owner=organisation.other_rep)
    refused = await rep.post(f"{lead_path}/convert", json={"account": {"id": hidden}})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["account.id"])
    account_id, contact_id = await account("Acme"), await person("Ann")
    asked = WHOLE | {"account": {"id": account_id}, "contact": {"id": contact_id}}
    assert (await rep.post(f"{lead_path}/convert", json=asked)).status_code == 200
    assert [step for step, _ in contacts_fake.calls if "check" not in step] == []
    (deal,) = await deals_of(client, organisation)
    assert (deal["account_id"], deal["is_account_verified"]) == (account_id, True)
    read = (await rep.get(lead_path)).json()
    assert (read["account_id"], read["contact_id"]) == (account_id, contact_id)


async def test_null_means_none_and_fields_say_more(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str
) -> None:
    asked = {"account": None, "contact": {"fields": {"department": "采购部", "name": "张三丰"}}}
    answer = await client(organisation.rep).post(f"{lead_path}/convert", json=asked)
    assert answer.status_code == 200, answer.text
    assert contacts_fake.records["accounts"] == {}
    (contact,) = contacts_fake.records["contacts"].values()
    assert (contact["name"], contact["department"]) == ("张三丰", "采购部")
    assert "accounts" not in contact
    assert await deals_of(client, organisation) == []


async def test_rights_are_asked_for_before_anything_is_made(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str
) -> None:
    may = ("leads:*", "accounts:create", "contacts:create", "opportunities:create")
    for missing in may[1:]:
        weak = organisation.rep.but(permissions=tuple(each for each in may if each != missing))
        answer = await client(weak).post(f"{lead_path}/convert", json=WHOLE)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")
    assert [step for step, _ in contacts_fake.calls if "check" not in step] == []
    may_all = organisation.rep.but(permissions=may)
    assert (await client(may_all).post(f"{lead_path}/convert", json=WHOLE)).status_code == 200


async def test_no_number_is_too_long_to_be_passed_on(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str
) -> None:
    asked = {"account": {"fields": {"staff_count": 10**30}}, "contact": None}
    answer = await client(organisation.rep).post(f"{lead_path}/convert", json=asked)
    assert answer.status_code == 200, answer.text
    (account,) = contacts_fake.records["accounts"].values()
    assert account["staff_count"] == 1e30


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"account": {"fields": {"owner_id": "x"}}}, "account.fields.owner_id"),
     ({"account": {"fields": {"parent_id": "x"}}}, "account.fields.parent_id"),
     ({"contact": {"fields": {"accounts": []}}}, "contact.fields.accounts"),
     ({"opportunity": {"contacts": []}}, "opportunity.contacts"),
     ({"account": {"id": "x"}}, "account.id"), ({"deal": {}}, "deal")],
)  # fmt: skip
async def test_what_points_elsewhere_is_not_sent_along(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    asked: dict[str, Any], field: str,
) -> None:  # fmt: skip
    refused = await client(organisation.rep).post(f"{lead_path}/convert", json=asked)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field]), refused.text
    assert [step for step, _ in contacts_fake.calls if "check" not in step] == []


async def test_without_contacts_nothing_is_begun(
    client: Clients, organisation: Organisation, lead_path: str
) -> None:
    answer = await client(organisation.rep).post(f"{lead_path}/convert", json=WHOLE)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (await client(organisation.rep).delete(lead_path)).status_code == 200


async def test_a_merge_is_followed_by_the_lead(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    account: Known, heard: Heard,
) -> None:  # fmt: skip
    source, survivor = await account("Acme"), await account("Acme Ltd")
    rep = client(organisation.rep)
    await rep.post(f"{lead_path}/convert", json={"account": {"id": source}, "contact": None})
    merge = {"id": lead_path.rpartition("/")[2], "source_ids": [source]}
    for verb, meant in (("merged", survivor), ("unmerged", source)):
        await heard(
            account_told(organisation.id, survivor, "Acme Ltd", verb=verb, before={"merge": merge},
                         version=2 if verb == "merged" else 3, owner_id=organisation.rep.id)
        )  # fmt: skip
        assert (await rep.get(lead_path)).json()["account_id"] == meant


async def test_no_answer_of_contacts_is_waited_for_longer_than_a_hint_is_worth(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, made: Made
) -> None:
    contacts_fake.candidates = {"accounts": [{"score": 0.9}]}
    assert (await made())["duplicates"] == {
        "leads": [], "accounts": [{"score": 0.9}], "contacts": []
    }  # fmt: skip
    contacts_fake.refuses = {"POST accounts check-duplicate": (422, {"code": "invalid"})}
    assert (await made(name="Li"))["duplicates"]["accounts"] is None
    contacts_fake.slow_seconds = 5
    late = await made(name="Wang", company=None)
    assert late["duplicates"] == {"leads": [], "accounts": [], "contacts": None}
    rep, seen = client(organisation.rep), len(contacts_fake.calls)
    unasked = await rep.post("/v1/leads?check_duplicates=false", json={"name": "Wang"})
    assert (unasked.status_code, unasked.json()["duplicates"]) == (201, None)
    assert len(contacts_fake.calls) == seen
    refused = await rep.post("/v1/leads?check_duplicates=maybe", json={"name": "Wang"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["check_duplicates"])


async def test_other_leads_are_found_by_what_they_share_hidden_ones_without_their_names(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    emails = [{"address": "zhang@weilai.example"}]
    hidden = await made(organisation.other_rep, name="Zhang San", company=None, emails=emails)
    own = await made(phones=[{"number": "138 0013 8000"}])
    await made(name="Somebody", company="北京未来科技有限公司")  # a colleague
    answer = await client(organisation.rep).post(
        "/v1/leads",
        json={"name": "张三", "company": "北京未来科技有限公司", "emails": emails,
              "phones": [{"number": "+86 13800138000"}]},
    )  # fmt: skip
    found = answer.json()["duplicates"]["leads"]
    assert [(each["id"], each["is_visible"], each["level"]) for each in found] == [
        (own["id"], True, "certain"), (None, False, "certain"),
    ]  # fmt: skip
    assert found[1]["owner_name"] == "other_rep"
    assert found[1]["reasons"][0]["kind"] == "email"
    assert [reason["kind"] for reason in found[0]["reasons"]] == ["phone", "company_name", "name"]
    check = f"/v1/leads/{answer.json()['id']}/check-duplicate"
    checked = await client(organisation.rep).post(check)
    assert checked.json().get("leads") == found, checked.text
    theirs = f"/v1/leads/{hidden['id']}/check-duplicate"
    assert (await client(organisation.rep).post(theirs)).status_code == 404


def test_the_fake_breaks_where_it_is_told() -> None:
    fake = FakeContacts(dies={"before POST accounts": 1})
    request = httpx.Request(
        "POST",
        "http://contacts/v1/accounts",
        json={"id": "a"},
        headers={"authorization": "Bearer x"},
    )
    with pytest.raises(httpx.ConnectError):
        asyncio.run(fake.handle_async_request(request))
    assert asyncio.run(fake.handle_async_request(request)).status_code == 201
    assert list(fake.records["accounts"]) == ["a"]
