"""Erasing somebody: nothing of them is left in pipeline, what was sold stays, and so does everybody else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from guanxi_shared.db import Database
from guanxi_shared.erasing.records import Said, write_down
from guanxi_shared.identifiers import new_id
from tests.dumping import Dump
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known, Stages
from tests.pipeline.deals import problem
from tests.pipeline.leads.conftest import Worked
from tests.pipeline.leads.fake_contacts import FakeContacts
from tests.pipeline.products.selling import cny
from tests.pipeline.quotes.offering import act, line, quote, sent_quote
from tests.pipeline.telling import contact_told, told

REQUEST = {"reason": "subject_request", "request_reference": "DSR-2026-17"}
NAME = "CanaryGiven CanaryFamily"
OLD_NAME = "CanaryMaiden CanaryFamily"
CANARIES = [
    "CanaryGiven", "CanaryFamily", "CanaryMaiden", "CanaryTitle", "13900139666", "139 0013 9666",
    "canary.lead@canary.example", "old.lead@canary.example", "CanaryDescription",
    "CanaryStep", "CanaryExternal", "CanaryTag", "CanaryConsent", "CanarySite", "CanaryIndustry",
    "CanaryRegion", "CanaryAsked", "CanaryAnswerer", "CanaryComment", "203.0.113.66", "CanaryAgent",
]  # fmt: skip


def whole_lead(**more: Any) -> dict[str, Any]:
    return {
        "name": OLD_NAME, "title": "CanaryTitle", "emails": [{"address": "old.lead@canary.example"}],
        "phones": [{"number": "139 0013 9666"}], "website": "https://CanarySite.canary.example",
        "industry": "CanaryIndustry", "region": "CanaryRegion", "source": "fair",
        "description": "CanaryDescription", "external_id": "CanaryExternal", "tags": ["CanaryTag"],
        "next_step": "CanaryStep",
        "consents": [{"channel": "email", "purpose": "marketing", "text": "CanaryConsent",
                      "given_at": "2026-01-02T03:04:05Z"}],
    } | more  # fmt: skip


@dataclass(frozen=True)
class Person:
    lead_id: str
    contact_id: str
    deal_id: str
    quote_id: str
    order_id: str
    twin_id: str
    colleague_id: str


async def ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def person(
    client: Clients, organisation: Organisation, stages: Stages, contacts_fake: FakeContacts,
    heard: Heard,
) -> AsyncIterator[Person]:  # fmt: skip
    """Somebody with something in every place there is: a lead that became a contact with a deal, a
    quote that they accepted, its order."""
    rep, key = client(organisation.rep), {"idempotency-key": "canary-lead"}
    lead_id = (await ok(await rep.post("/v1/leads", json=whole_lead(), headers=key)))["id"]
    path = f"/v1/leads/{lead_id}"
    changed = {"name": NAME, "emails": [{"address": "canary.lead@canary.example"}]}
    await ok(await rep.patch(path, json=changed))
    twin = {"name": NAME.upper(), "emails": changed["emails"], "company": "CanaryTitle Ltd"}
    twin_id = (await ok(await rep.post("/v1/leads", json=twin)))["id"]
    colleague = {"name": "Some Colleague", "phones": [{"number": "139 0013 9666"}]}
    colleague_id = (await ok(await rep.post("/v1/leads", json=colleague)))["id"]
    await ok(await rep.delete(f"/v1/leads/{colleague_id}"))  # its number is the person's own
    asked = {"contact": {"fields": {"achievements": "CanaryAsked"}},
             "opportunity": {"amount": cny("1000.00")}}  # fmt: skip
    await ok(await rep.post(f"{path}/convert", json=asked))
    lead = await ok(await rep.get(path))
    told_of = contact_told(
        organisation.id, lead["contact_id"], NAME, owner_id=organisation.rep.id, title="CanaryTitle"
    )
    await heard(told_of)
    deal = f"/v1/opportunities/{lead['opportunity_id']}"
    await ok(await rep.patch(deal, json={"next_step": f"Call {NAME}", "description": "A fair"}))
    await ok(await rep.patch(deal, json={"next_step": "Wait", "tags": ["big", f"of {NAME}"]}))
    offer = await sent_quote(
        rep, name=f"Offer for {NAME}", terms="30 days", opportunity_id=lead["opportunity_id"],
        contact_id=lead["contact_id"],
    )  # fmt: skip
    visitor = client(**{"x-forwarded-for": "203.0.113.66", "user-agent": "CanaryAgent"})
    said = {"name": "CanaryAnswerer", "comment": "CanaryComment"}
    await ok(await visitor.post(f"{offer['link']['path']}/accept", json=said))
    order_id = (await ok(await rep.get(f"/v1/quotes/{offer['id']}")))["order_id"]
    await ok(await rep.patch(f"/v1/orders/{order_id}", json={"description": f"To {NAME}"}))
    filtered = {"resource": "opportunities", "format": "csv", "document": {"filter_groups": [
        {"filters": [{"field": "name", "operator": "eq", "value": NAME}]}]}}  # fmt: skip
    await ok(await client(organisation.admin).post("/v1/exports", json=filtered))
    yield Person(
        lead_id, lead["contact_id"], lead["opportunity_id"], offer["id"], order_id, twin_id, colleague_id
    )  # fmt: skip
    # So that no other test finds them in its dump.
    await heard(erased(organisation, "contact", lead["contact_id"]))
    path = f"/v1/leads/{colleague_id}/erase"
    await ok(await client(organisation.admin).post(path, json=REQUEST))


def erased(organisation: Organisation, noun: str, id: str, **more: Any) -> dict[str, Any]:
    """As contacts tells it: an empty record, why, and by whom."""
    nothing = {
        "id": id, "name": None, "erased_at": datetime.now(UTC).isoformat(),
        "erased_by": str(organisation.admin.id), "erasure_reason": "subject_request",
    }  # fmt: skip
    return told(organisation.id, noun, id, nothing, **{"version": 2, "verb": "erased"} | more)


async def test_an_erased_contact_is_nowhere_in_pipeline_any_more(
    client: Clients, organisation: Organisation, person: Person, heard: Heard, dump: Dump
) -> None:
    before = {place.partition(": ")[2] for place in await dump.places_of(*CANARIES)}
    assert before == set(CANARIES)  # each of them was somewhere
    await heard(erased(organisation, "contact", person.contact_id))
    places = await dump.places_of(*CANARIES)
    # The colleague's own number is theirs, whoever else had it.
    assert {place.partition(": ")[2] for place in places} <= {"139 0013 9666", "13900139666"}
    assert not any("events" in place for place in places if "139" not in place)


async def test_what_became_of_it_stays(
    client: Clients, organisation: Organisation, person: Person, heard: Heard
) -> None:
    rep = client(organisation.rep)
    deal_path, quote_path = f"/v1/opportunities/{person.deal_id}", f"/v1/quotes/{person.quote_id}"
    deal, offer = await ok(await rep.get(deal_path)), await ok(await rep.get(quote_path))
    order = await ok(await rep.get(f"/v1/orders/{person.order_id}"))
    stood = (await rep.get(f"{deal_path}/stages")).json()
    await heard(erased(organisation, "contact", person.contact_id))
    left = await ok(await rep.get(deal_path))
    changed = {name for name in deal if left[name] != deal[name]}
    assert changed == {"name", "tags", "version", "updated_at"}
    assert (left["name"], left["tags"], left["description"]) == ("", ["big"], "A fair")
    assert (await rep.get(f"{deal_path}/stages")).json() == stood  # read from its log
    left = await ok(await rep.get(quote_path))
    assert {name for name in offer if left[name] != offer[name]} == {
        "name", "decision", "version", "updated_at",
    }  # fmt: skip
    assert left["decision"] == {
        "name": "", "comment": None, "via": "link", "by_id": None, "address": None, "user_agent": None,
    }  # fmt: skip
    left = await ok(await rep.get(f"/v1/orders/{person.order_id}"))
    assert {name for name in order if left[name] != order[name]} == {
        "description", "version", "updated_at",
    }  # fmt: skip
    history = (await rep.get(f"{deal_path}/history")).json()["data"]
    assert [each["type"].rpartition(".")[2] for each in history] == [
        "updated", "updated", "updated", "created",
    ]  # fmt: skip
    assert history[1]["after"]["next_step"] == "Wait"
    assert history[1]["before"] == {"next_step": None, "tags": []}


async def test_its_leads_are_gone_and_nobody_elses(
    client: Clients, organisation: Organisation, person: Person, heard: Heard,
    service_database: Database,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    await heard(erased(organisation, "contact", person.contact_id))
    for lead_id in (person.lead_id, person.twin_id):
        path = f"/v1/leads/{lead_id}"
        gone = problem(await rep.get(path), 410, "erased")
        assert gone["reason"] == "subject_request"
        problem(await rep.post(f"{path}/restore"), 410, "erased")
        assert (
            await rep.get(f"{path}?as_of={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        ).status_code == 410
        assert (await client(organisation.other_rep).get(path)).status_code == 404
    assert (await rep.post(f"/v1/leads/{person.colleague_id}/restore")).status_code == 200
    row = await service_database.fetchrow(
        organisation.id,
        "SELECT status, converted_at IS NOT NULL AS is_dated, opportunity_id::text AS deal FROM leads"
        " WHERE organisation_id = $2 AND id = $3::text::uuid",
        organisation.id, person.lead_id,
    )  # fmt: skip
    assert row is not None
    assert tuple(row) == ("converted", True, person.deal_id)
    again = await rep.post(
        "/v1/leads", json=whole_lead(), headers={"idempotency-key": "canary-lead"}
    )
    problem(again, 410, "erased")
    found = (await rep.post("/v1/leads/search", json={"query": "CanaryFamily"})).json()["data"]
    assert found == []


async def test_hearing_it_again_and_what_came_before_changes_nothing(
    client: Clients, organisation: Organisation, person: Person, heard: Heard, dump: Dump,
    service_database: Database,
) -> None:  # fmt: skip
    async def everything() -> list[Any]:
        tables = (
            "leads",
            "opportunities",
            "quotes",
            "orders",
            "known_contacts",
            "erasures",
            "events",
        )
        return [
            await service_database.fetch(
                organisation.id,
                f"SELECT to_jsonb(t)::text AS row FROM {table} t WHERE organisation_id = $2 ORDER BY 1",
                organisation.id,
            )
            for table in tables
        ]  # fmt: skip

    erasure = erased(organisation, "contact", person.contact_id)
    await heard(erasure)
    once = await everything()
    older = contact_told(organisation.id, person.contact_id, NAME, title="CanaryTitle")
    await heard(older)
    await heard(older | {"type": "contacts.contact.updated"})
    await heard(erasure)
    assert await everything() == once
    names = {each.partition(": ")[2] for each in await dump.places_of("CanaryGiven", "CanaryTitle")}
    assert names == set()


async def test_the_feed_tells_of_it_with_no_hole(
    client: Clients, organisation: Organisation, person: Person, heard: Heard
) -> None:
    admin = client(organisation.admin)
    before = (await admin.get("/v1/events", params={"limit": 200})).json()
    await heard(erased(organisation, "contact", person.contact_id))
    after = (await admin.get("/v1/events", params={"limit": 200})).json()
    shown = [(e["id"], e["sequence"], e["type"], e["data"]["version"]) for e in after]
    assert shown[: len(before)] == [
        (e["id"], e["sequence"], e["type"], e["data"]["version"]) for e in before
    ]
    new = sorted(event["type"] for event in after[len(before) :])
    assert new == [
        "pipeline.lead.erased", "pipeline.lead.erased", "pipeline.opportunity.updated",
        "pipeline.order.updated", "pipeline.quote.updated",
    ]  # fmt: skip


async def test_a_person_account_takes_its_deals_words_and_answers_along(
    client: Clients, organisation: Organisation, stages: Stages, account: Known, heard: Heard,
    dump: Dump,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    account_id = await account("CanaryBuyer", external_id="CanaryNumber")
    offer = await sent_quote(rep, name="CanaryBuyer", account_id=account_id)
    await act(rep, offer, "reject", name="Somebody CanaryElse", reason="CanaryNo")
    longer = await quote(rep, name="For CanaryNumber", account_id=account_id)
    await ok(await rep.delete(f"/v1/quotes/{longer['id']}"))
    await heard(erased(organisation, "account", account_id))
    canaries = ("CanaryBuyer", "CanaryNumber", "CanaryElse", "CanaryNo")
    assert await dump.places_of(*canaries) == []
    assert (await ok(await rep.get(f"/v1/quotes/{offer['id']}")))["status"] == "rejected"
    history = (await rep.get(f"/v1/quotes/{longer['id']}/history")).json()["data"]
    assert history[0]["type"] == "pipeline.quote.deleted"  # no sign of life


async def test_a_conversion_under_way_is_taken_back(
    client: Clients, organisation: Organisation, stages: Stages, contacts_fake: FakeContacts,
    worked: Worked, heard: Heard, dump: Dump, service_database: Database,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    lead = await ok(await rep.post("/v1/leads", json=whole_lead(company="CanaryShop")))
    contacts_fake.dies = {"after POST contacts": 1}
    waits = await rep.post(f"/v1/leads/{lead['id']}/convert", json={"opportunity": {}})
    assert waits.status_code == 202, waits.text
    (contact_id,) = contacts_fake.records["contacts"]
    del contacts_fake.records["contacts"][contact_id]  # as of one that was erased there
    await heard(erased(organisation, "contact", contact_id))
    await worked()
    assert contacts_fake.records["accounts"] == {}
    assert await dump.places_of("CanaryMaiden", "CanaryShop", "old.lead@canary.example") == []
    assert (await rep.get("/v1/opportunities")).json()["data"] == []
    row = await service_database.fetchrow(
        organisation.id, "SELECT status, problem ->> 'code' AS code FROM lead_conversions"
        " WHERE organisation_id = $2", organisation.id,
    )  # fmt: skip
    assert row is not None
    assert tuple(row) == ("refused", "erased")
    problem(await rep.get(f"/v1/leads/{lead['id']}"), 410, "erased")


async def test_who_becomes_somebody_erased_already_is_erased_too(
    client: Clients, organisation: Organisation, stages: Stages, contacts_fake: FakeContacts,
    person: Person, heard: Heard, service_database: Database, worked: Worked, dump: Dump,
) -> None:  # fmt: skip
    """Kept by a request that had looked before contacts told of the erasure."""
    rep = client(organisation.rep)
    late = await ok(await rep.post("/v1/leads", json={"name": "CanaryLate"}))
    contacts_fake.dies = {"before POST contacts": 1}
    waits = await rep.post(f"/v1/leads/{late['id']}/convert", json={})
    assert waits.status_code == 202, waits.text
    await heard(erased(organisation, "contact", person.contact_id))
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(
            "UPDATE lead_conversions SET contact_id = $3 WHERE organisation_id = $1 AND lead_id = $2::text::uuid",
            organisation.id, late["id"], UUID(person.contact_id),
        )  # fmt: skip
    await worked()
    problem(await rep.get(f"/v1/leads/{late['id']}"), 410, "erased")
    assert await dump.places_of("CanaryLate") == []


async def test_a_lead_is_erased_by_itself(
    client: Clients, organisation: Organisation, dump: Dump
) -> None:
    admin, key = client(organisation.admin), {"idempotency-key": "alone"}
    whole = whole_lead(source="CanarySource")
    lead = await ok(await admin.post("/v1/leads", json=whole, headers=key))
    path = f"/v1/leads/{lead['id']}"
    await ok(await admin.patch(path, json={"name": NAME}))
    await ok(await admin.post(f"{path}/disqualify", json={"reason": "CanaryReason"}))
    answers = await asyncio.gather(*(admin.post(f"{path}/erase", json=REQUEST) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    erasure = answers[0].json()
    assert {name: erasure[name] for name in ("id", "type", "reason", "request_reference")} == {
        "id": lead["id"], "type": "lead", **REQUEST,
    }  # fmt: skip
    assert (erasure["erased_by"], erasure["counts"]["leads"]) == (str(organisation.admin.id), 1)
    assert await dump.places_of(*CANARIES, "CanaryReason", "CanarySource") == []
    told_of = (await admin.get("/v1/events", params={"types": "pipeline.lead.erased"})).json()
    assert [event["data"]["id"] for event in told_of] == [lead["id"]]
    problem(await admin.get(path), 410, "erased")
    problem(await admin.post("/v1/leads", json=whole, headers=key), 410, "erased")


async def test_a_deleted_lead_can_be_erased_and_one_under_way_cannot(
    client: Clients, organisation: Organisation, stages: Stages, contacts_fake: FakeContacts
) -> None:
    admin = client(organisation.admin)
    first, second = [await ok(await admin.post("/v1/leads", json={"name": f"L {n}"})) for n in "ab"]
    await ok(await admin.delete(f"/v1/leads/{first['id']}"))
    await ok(await admin.post(f"/v1/leads/{first['id']}/erase", json=REQUEST))
    contacts_fake.dies = {"before POST contacts": 1}
    assert (await admin.post(f"/v1/leads/{second['id']}/convert", json={})).status_code == 202
    refused = await admin.post(f"/v1/leads/{second['id']}/erase", json=REQUEST)
    problem(refused, 409, "conversion_under_way")


async def test_erasing_a_lead_takes_the_permission_and_the_right_to_change(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    lead = await ok(await rep.post("/v1/leads", json={"name": "Ann Lee"}))
    path = f"/v1/leads/{lead['id']}/erase"
    assert (await rep.post(path, json=REQUEST)).status_code == 403
    outsider = organisation.other_rep.but(permissions=("leads:*",))
    assert (await client(outsider).post(path, json=REQUEST)).status_code == 404
    for sent, field in (
        ({}, "reason"),
        ({"reason": "because"}, "reason"),
        (REQUEST | {"x": 1}, "x"),
    ):
        problem(await client(organisation.manager).post(path, json=sent), 422, "invalid", field)
    assert (await client(organisation.manager).post(path, json=REQUEST)).status_code == 200


async def test_of_an_erasure_and_changes_at_once_nothing_is_written_back(
    client: Clients, organisation: Organisation, dump: Dump
) -> None:
    admin = client(organisation.admin)
    for _ in range(5):
        lead = await ok(await admin.post("/v1/leads", json={"name": "Race CanaryRace"}))
        path = f"/v1/leads/{lead['id']}"
        answers = await asyncio.gather(
            *(admin.patch(path, json={"title": f"CanaryRace {n}"}) for n in range(4)),
            admin.post(f"{path}/erase", json=REQUEST),
            *(admin.patch(path, json={"description": f"CanaryRace {n}"}) for n in range(4)),
        )
        statuses = [answer.status_code for answer in answers]
        assert statuses[4] == 200
        assert set(statuses) <= {200, 404, 409, 410, 503}, statuses
    assert await dump.places_of("CanaryRace") == []


async def test_the_request_role_cannot_change_the_log_by_itself(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    lead = await ok(await client(organisation.rep).post("/v1/leads", json={"name": "Ann Lee"}))
    blank = "SELECT erase_events($1, 'lead', ARRAY[$2::text::uuid], ARRAY['{}'::jsonb])"
    change = (
        "SELECT erase_values($1, 'lead', ARRAY[$2::text::uuid], ARRAY['name'], ARRAY['\"Ann Lee\"'::jsonb],"
        " ARRAY['\"\"'::jsonb])"
    )  # fmt: skip
    said = Said("lead", UUID(lead["id"]), "other", None, None)
    async with service_database.transaction(organisation.id) as connection:
        erasure_id, _ = await write_down(connection, organisation.id, said)
    for sql in (blank, change):
        for id in (new_id(), erasure_id):  # one that is none, and one of another transaction
            async with service_database.transaction(organisation.id) as connection:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetchval(sql, id, lead["id"])
    async with service_database.transaction(organisation.id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE erasures SET reason = 'unlawful'")


async def test_an_offer_to_somebody_erased_since_can_still_be_accepted(
    client: Clients, organisation: Organisation, heard: Heard
) -> None:
    """The numbers of its lines are numbers as before, and a line that was called after them has a name."""
    rep, contact_id = client(organisation.rep), str(new_id())
    await heard(contact_told(organisation.id, contact_id, NAME, owner_id=organisation.rep.id))
    found = await sent_quote(
        rep, line(name=f"Training of {NAME}", quantity=2), line("9.99", discount=2.5, tax_rate=13),
        contact_id=contact_id,
    )  # fmt: skip
    await heard(erased(organisation, "contact", contact_id))
    left = await ok(await rep.get(f"/v1/quotes/{found['id']}"))
    assert left["lines"] == [{**found["lines"][0], "name": ""}, found["lines"][1]]
    assert (await client().get(f"{found['link']['path']}/pdf")).status_code == 200
    await ok(await client().post(f"{found['link']['path']}/accept", json={"name": "A"}))
    order_id = (await ok(await rep.get(f"/v1/quotes/{found['id']}")))["order_id"]
    order = await ok(await rep.get(f"/v1/orders/{order_id}"))
    assert (order["total"], [each["name"] for each in order["lines"]]) == (
        found["total"], ["#1", "Consulting"],
    )  # fmt: skip


async def test_an_offer_for_a_deal_that_was_called_after_them_is_called_by_its_number(
    client: Clients, organisation: Organisation, stages: Stages, heard: Heard
) -> None:
    rep, contact_id = client(organisation.rep), str(new_id())
    await heard(contact_told(organisation.id, contact_id, NAME, owner_id=organisation.rep.id))
    sent = {"name": f"Deal of {NAME}", "contacts": [{"contact_id": contact_id}]}
    deal = await ok(await rep.post("/v1/opportunities", json=sent))
    await heard(erased(organisation, "contact", contact_id))
    offer = {"opportunity_id": deal["id"], "lines": [line()]}
    found = await ok(await rep.post("/v1/quotes", json=offer))
    assert found["name"] == found["number"]
