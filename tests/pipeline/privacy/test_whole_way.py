"""Somebody's whole way: a web form, a conversion, an offer on paper, an order, files; then nothing of them."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from guanxi_pipeline.leads.resources import LEADS
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import load_record, update_record
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.worker import Worker
from tests.contacts.transfers.sending import Sender
from tests.deadlines import until
from tests.dumping import Dump
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known, Stages
from tests.pipeline.deals import problem
from tests.pipeline.leads.conftest import Worked
from tests.pipeline.leads.fake_contacts import FakeContacts
from tests.pipeline.privacy.test_erasure import erased, ok
from tests.pipeline.products.selling import cny
from tests.pipeline.quotes.offering import line, quote, sent_quote
from tests.pipeline.telling import contact_told
from tests.pipeline.transfers.conftest import (  # noqa: F401
    chunk_rows,
    send,
    worker,
    worker_environment,
)

NAME, EMAIL, PHONE = "金丝雀 WayCanary", "way@canary.example", "137 0013 7666"
SAID = (NAME, "WayCanary", EMAIL, "13700137666", PHONE, "WayAnswer", "WayRemark", "203.0.113.77")
FIELDS = [
    {"name": "name", "label": "Name", "is_required": True}, {"name": "email", "label": "Email"},
    {"name": "phone", "label": "Phone"}, {"name": "description", "label": "How can we help?"},
]  # fmt: skip
FILLED = {"name": NAME, "email": EMAIL, "phone": PHONE, "description": "WayRemark"}
TABLE = f"name,account,notes\nDeal,Nobody Known Here,Ask {EMAIL}\nOther,,Harmless\nThird,Nobody Else,Ring 13700137666\n"


async def filled_in(client: Clients, organisation: Organisation) -> str:
    """The lead that came of a web form."""
    form = {"name": "Contact us", "fields": FIELDS, "source": "website"}
    made = await ok(await client(organisation.manager).post("/v1/leads/forms", json=form))
    visitor = client(**{"x-forwarded-for": "203.0.113.77"})
    await ok(await visitor.post(f"/v1/public/forms/{made['key']}", json=FILLED))
    leads = (await ok(await client(organisation.admin).get("/v1/leads")))["data"]
    return next(str(lead["id"]) for lead in leads if lead["name"] == NAME)


@dataclass(frozen=True)
class Way:
    lead_id: str
    contact_id: str
    deal_id: str
    quote_id: str
    order_id: str


async def gone_through(
    client: Clients, organisation: Organisation, heard: Heard, *, lead_id: str
) -> Way:
    admin = client(organisation.admin)
    asked = {"contact": {}, "opportunity": {"amount": cny("1000.00")}}
    await ok(await admin.post(f"/v1/leads/{lead_id}/convert", json=asked))
    lead = await ok(await admin.get(f"/v1/leads/{lead_id}"))
    await heard(contact_told(organisation.id, lead["contact_id"], NAME))
    deal_lines = [{"name": f"Course of {NAME}", "quantity": 1, "unit_price": cny("10")}]
    await ok(
        await admin.patch(f"/v1/opportunities/{lead['opportunity_id']}", json={"lines": deal_lines})
    )
    offer = await sent_quote(
        admin, line("100.00", name=f"Course for {NAME}", description=f"Ring {PHONE}"), line("7.00"),
        opportunity_id=lead["opportunity_id"], contact_id=lead["contact_id"],
    )  # fmt: skip
    paper = await admin.get(f"/v1/quotes/{offer['id']}/pdf")
    assert paper.content.startswith(b"%PDF")
    said = {"name": "WayAnswer", "comment": "WayRemark"}
    visitor = client(**{"x-forwarded-for": "203.0.113.77"})
    await ok(await visitor.post(f"{offer['link']['path']}/accept", json=said))
    order_id = (await ok(await admin.get(f"/v1/quotes/{offer['id']}")))["order_id"]
    return Way(lead_id, lead["contact_id"], lead["opportunity_id"], offer["id"], order_id)


async def test_after_a_whole_way_nothing_of_somebody_is_in_any_column_or_file(
    client: Clients, organisation: Organisation, stages: Stages, contacts_fake: FakeContacts,
    heard: Heard, send: Sender, worker: Worker, dump: Dump,  # noqa: F811
) -> None:  # fmt: skip
    admin = client(organisation.admin)
    lead_id = await filled_in(client, organisation)
    way = await gone_through(client, organisation, heard, lead_id=lead_id)
    assert (await send(TABLE))["job"]["status"] == "done"
    before = await dump.places_of(*SAID)
    assert {place.partition(": ")[2] for place in before} == set(SAID)
    sums = {path: await ok(await admin.get(path)) for path in _records(way)}
    await heard(erased(organisation, "contact", way.contact_id))

    async def is_clean() -> bool:
        return await _places(dump) == []

    await until(is_clean)
    await heard(erased(organisation, "contact", way.contact_id))
    assert await _places(dump) == []
    for path, was in sums.items():
        left = await ok(await admin.get(path))
        for field in ("status", "total", "amount", "totals", "stage_id", "currency"):
            assert left.get(field) == was.get(field), (path, field)
        assert [each["amount"] for each in left["lines"]] == [
            each["amount"] for each in was["lines"]
        ]
        assert left["lines"][0]["name"] == ""
        assert [each["name"] for each in left["lines"][1:]] == ["Consulting"] * (
            len(was["lines"]) - 1
        )
    assert (await admin.get(f"/v1/quotes/{way.quote_id}/pdf")).content.startswith(b"%PDF")


def _records(way: Way) -> list[str]:
    return [
        f"/v1/opportunities/{way.deal_id}",
        f"/v1/quotes/{way.quote_id}",
        f"/v1/orders/{way.order_id}",
    ]


async def _places(dump: Dump) -> list[str]:
    """Addresses from which forms were sent name no lead, and go with the day."""
    found = await dump.places_of(*SAID)
    return [place for place in found if not place.startswith("pipeline.lead_form_hits")]


async def test_the_same_person_of_another_organisation_stays(
    client: Clients, organisation: Organisation, other_organisation: Organisation, stages: Stages,
    contacts_fake: FakeContacts, heard: Heard,
) -> None:  # fmt: skip
    theirs = await filled_in(client, other_organisation)
    path, other = f"/v1/leads/{theirs}", client(other_organisation.admin)
    was, log = await ok(await other.get(path)), (await other.get(f"{path}/history")).json()
    way = await gone_through(
        client, organisation, heard, lead_id=await filled_in(client, organisation)
    )
    await heard(erased(organisation, "contact", way.contact_id))
    problem(await client(organisation.admin).get(f"/v1/leads/{way.lead_id}"), 410, "erased")
    assert await ok(await other.get(path)) == was
    assert (await other.get(f"{path}/history")).json() == log
    # The very ids mean nothing in another organisation.
    await heard(erased(other_organisation, "contact", way.contact_id))
    assert await ok(await other.get(path)) == was
    await ok(await other.post(f"{path}/erase", json={"reason": "other"}))


async def test_who_was_a_contact_first_takes_along_leads_and_texts_with_an_earlier_address(
    client: Clients, organisation: Organisation, stages: Stages, heard: Heard, dump: Dump
) -> None:
    """Contacts told of them before there was a lead, and under another address last."""
    rep, contact_id = client(organisation.rep), str(new_id())
    was: dict[str, Any] = {"emails": [EMAIL], "phones": [PHONE], "owner_id": organisation.rep.id}
    await heard(contact_told(organisation.id, contact_id, NAME, **was))
    new = was | {
        "emails": ["new.way@canary.example"],
        "phones": [],
        "version": 2,
        "verb": "updated",
    }
    await heard(contact_told(organisation.id, contact_id, NAME, **new))
    lead_id = await filled_in(client, organisation)
    alike = {"name": "Else", "emails": [{"address": EMAIL}]}
    other = await ok(await rep.post("/v1/leads", json=alike))
    deal = await _deal_of(rep, contact_id, "Plain")
    texts = {"next_step": "Write to New.Way@canary.example", "description": f"or ring {PHONE}"}
    await ok(await rep.patch(f"/v1/opportunities/{deal}", json=texts))
    await heard(erased(organisation, "contact", contact_id, version=3))
    problem(await client(organisation.admin).get(f"/v1/leads/{lead_id}"), 410, "erased")
    left = await ok(await rep.get(f"/v1/opportunities/{deal}"))
    assert (left["name"], left["next_step"], left["description"]) == ("Plain", None, None)
    assert (await ok(await rep.get(f"/v1/leads/{other['id']}")))[
        "name"
    ] == "Else"  # a name is missing
    await ok(
        await client(organisation.admin).post(
            f"/v1/leads/{other['id']}/erase", json={"reason": "other"}
        )
    )
    assert await _places(dump) == []
    assert await dump.places_of("new.way@canary.example") == []


@pytest.mark.parametrize("slow_seconds", [0.0, 0.01, 0.02, 0.04, 0.08])
@pytest.mark.parametrize("dies", ["before POST contacts", "after POST contacts"])
async def test_erased_while_conversions_run_nothing_is_left(
    client: Clients, organisation: Organisation, stages: Stages, contacts_fake: FakeContacts,
    heard: Heard, worked: Worked, dump: Dump, service_database: Database, slow_seconds: float, dies: str,
) -> None:  # fmt: skip
    rep, asked = client(organisation.rep), {"opportunity": {"amount": cny("5.00")}}
    sent = {"name": "Race WayRacer", "company": "Racers Ltd", "emails": [{"address": EMAIL}]}
    lead = await ok(await rep.post("/v1/leads", json=sent))
    path = f"/v1/leads/{lead['id']}"
    contacts_fake.dies = {dies: 1}
    assert (await rep.post(f"{path}/convert", json=asked)).status_code == 202
    row = await service_database.fetchrow(
        organisation.id, "SELECT contact_id::text FROM lead_conversions WHERE organisation_id = $2",
        organisation.id,
    )  # fmt: skip
    assert row is not None
    contacts_fake.slow_seconds = slow_seconds

    async def erase_in_the_middle() -> None:
        await asyncio.sleep(slow_seconds * 1.5)
        await heard(erased(organisation, "contact", row["contact_id"]))

    answers = await asyncio.gather(
        worked(), rep.post(f"{path}/convert", json=asked), erase_in_the_middle(), worked(),
        rep.patch(path, json={"description": "Ring WayRacer"}),
    )  # fmt: skip
    statuses = [each.status_code for each in answers if isinstance(each, httpx.Response)]
    assert all(status < 500 for status in statuses), statuses
    await worked()
    await worked()
    assert await dump.places_of("WayRacer", EMAIL) == []
    problem(await rep.get(path), 410, "erased")
    ended = await service_database.fetchrow(
        organisation.id, "SELECT status FROM lead_conversions WHERE organisation_id = $2",
        organisation.id,
    )  # fmt: skip
    assert ended is not None
    deals = (await ok(await rep.get("/v1/opportunities")))["data"]
    assert (ended["status"], len(deals)) in (("done", 1), ("refused", 0))


async def test_what_is_written_while_an_erasure_waits_is_known_to_it(
    client: Clients, organisation: Organisation, stages: Stages, contacts_fake: FakeContacts,
    heard: Heard, dump: Dump, service_database: Database,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    lead = await ok(await rep.post("/v1/leads", json={"name": "Way Canary"}))
    await ok(
        await rep.post(f"/v1/leads/{lead['id']}/convert", json={"contact": {}, "opportunity": {}})
    )
    lead = await ok(await rep.get(f"/v1/leads/{lead['id']}"))
    deal = f"/v1/opportunities/{lead['opportunity_id']}"
    await ok(await rep.patch(deal, json={"next_step": "Call WayLater Canary"}))
    actor = Actor(id=None, kind="service", channel="test")
    async with service_database.transaction(organisation.id) as connection:
        loaded = await load_record(connection, LEADS, UUID(lead["id"]), scope=EVERYTHING)
        erasure = asyncio.create_task(heard(erased(organisation, "contact", lead["contact_id"])))
        await asyncio.sleep(0.3)
        assert not erasure.done()
        await update_record(connection, LEADS, loaded, {"name": "WayLater Canary"}, actor=actor)
    await erasure
    assert await dump.places_of("WayLater", "Way Canary") == []
    assert (await ok(await rep.get(deal)))["next_step"] is None


@pytest.mark.parametrize("first", ["source", "middle", "survivor"])
async def test_who_was_merged_goes_with_all_their_names_whoever_is_told_of_first(
    client: Clients, organisation: Organisation, stages: Stages, person: Known, heard: Heard,
    dump: Dump, first: str,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    ids = {
        name: await person(f"Way{name.title()} Canary") for name in ("source", "middle", "survivor")
    }
    deal = await _deal_of(rep, ids["source"], "For WaySource Canary")
    for gone, into in (("source", "middle"), ("middle", "survivor")):
        await heard(_merged(organisation, ids[gone], ids[into], version=2))
        await heard(_merged_away(organisation, ids[gone], ids[into], version=3))
    for name in sorted(ids, key=lambda each: each != first):
        await heard(erased(organisation, "contact", ids[name], version=9))
    assert await dump.places_of("WaySource", "WayMiddle", "WaySurvivor") == []
    assert (await ok(await rep.get(f"/v1/opportunities/{deal}")))["name"] == ""


async def _deal_of(rep: httpx.AsyncClient, contact_id: str, name: str) -> str:
    linked = [{"contact_id": contact_id, "is_primary": True}]
    made = await ok(await rep.post("/v1/opportunities", json={"name": name, "contacts": linked}))
    return str(made["id"])


def _merged(
    organisation: Organisation, gone: str, survivor: str, *, version: int
) -> dict[str, Any]:
    merge = {"id": gone, "source_ids": [gone]}
    name = "WaySurvivor Canary"
    return contact_told(
        organisation.id, survivor, name, verb="merged", version=version, before={"merge": merge}
    )


def _merged_away(
    organisation: Organisation, gone: str, survivor: str, *, version: int
) -> dict[str, Any]:
    before = {"merged_into_id": survivor}
    return contact_told(
        organisation.id, gone, "WaySource Canary", verb="deleted", version=version, before=before
    )


async def test_what_reports_of_stock_say_of_an_account_goes_and_their_counts_stay(
    client: Clients, organisation: Organisation, account: Known, heard: Heard, dump: Dump
) -> None:
    rep, account_id = client(organisation.rep), await account("WayDealer Canary")
    month = {
        "account_id": account_id, "sku": "GX-1", "month": "2026-01", "opening": 100, "bought": 50,
        "sold": 70, "note": "Told by WayDealer Canary",
    }  # fmt: skip
    path = f"/v1/orders/stock-reports/{(await ok(await rep.post('/v1/orders/stock-reports', json=month)))['id']}"
    await ok(await rep.patch(path, json={"bought": 51}))
    await heard(erased(organisation, "account", account_id))
    assert await dump.places_of("WayDealer") == []
    left = await ok(await rep.get(path))
    assert (left["note"], left["bought"], left["closing"]) == (None, 51, 81)


async def test_what_invoices_say_of_somebody_goes_and_what_was_paid_stays(
    client: Clients, organisation: Organisation, account: Known, person: Known, heard: Heard, dump: Dump
) -> None:  # fmt: skip
    manager, somebody = client(organisation.manager), await person("WayPayer Canary")
    owed = {
        "account_id": await account(), "contact_id": somebody, "amount": cny("100.00"),
        "reference": "By WayPayer Canary", "notes": "Call WayPayer Canary",
    }  # fmt: skip
    invoice = await ok(await manager.post("/v1/invoices", json=owed))
    pays = {"invoice_id": invoice["id"], "amount": cny("40.00"), "notes": "From WayPayer Canary"}
    payment = await ok(await manager.post("/v1/payments", json=pays))
    other = {"account_id": owed["account_id"], "amount": cny("1.00"), "notes": "Harmless"}
    kept = await ok(await manager.post("/v1/invoices", json=other))
    await heard(erased(organisation, "contact", somebody))
    assert await dump.places_of("WayPayer") == []
    left = await ok(await manager.get(f"/v1/invoices/{invoice['id']}"))
    assert (left["reference"], left["notes"], left["paid"]) == (None, None, cny("40.00"))
    assert (await ok(await manager.get(f"/v1/payments/{payment['id']}")))["notes"] is None
    assert await ok(await manager.get(f"/v1/invoices/{kept['id']}")) == kept


async def test_remarks_of_approvers_and_numbers_as_others_spell_them_go_and_exact_numbers_stay(
    client: Clients, organisation: Organisation, stages: Stages, contacts_fake: FakeContacts,
    heard: Heard, dump: Dump,
) -> None:  # fmt: skip
    admin = client(organisation.admin)
    field = {
        "resource": "opportunities",
        "key": "serial",
        "label": {"en": "Serial"},
        "kind": "number",
    }
    await ok(await admin.post("/v1/fields", json=field))
    note = field | {"key": "way", "label": {"en": "Way"}, "kind": "text"}
    await ok(await admin.post("/v1/fields", json=note))
    rule = {"name": "Dear", "total_from": cny("1.00"), "approver": "user",
            "approver_id": str(organisation.admin.id)}  # fmt: skip
    await ok(await admin.post("/v1/quotes/approval-rules", json=rule))
    lead_id = await filled_in(client, organisation)
    asked = {"contact": {}, "opportunity": {"amount": cny("1000.00")}}
    await ok(await admin.post(f"/v1/leads/{lead_id}/convert", json=asked))
    lead = await ok(await admin.get(f"/v1/leads/{lead_id}"))
    deal = f"/v1/opportunities/{lead['opportunity_id']}"
    custom = {"serial": 1234567.123456, "way": "at 13700137666"}
    await ok(await admin.patch(deal, json={"custom": custom}))
    rep = client(organisation.rep)
    offer = await quote(rep, line("50.00"), contact_id=lead["contact_id"])
    await ok(await rep.post(f"/v1/quotes/{offer['id']}/submit", json={}))
    said = {"comment": f"Fine for {NAME}"}
    await ok(await admin.post(f"/v1/quotes/{offer['id']}/approve", json=said))
    await heard(erased(organisation, "contact", lead["contact_id"]))
    assert await _places(dump) == []
    left = await ok(await rep.get(f"/v1/quotes/{offer['id']}"))
    assert [(step["status"], step["comment"]) for step in left["approvals"]] == [("approved", None)]
    assert (await ok(await admin.get(deal)))["custom"] == {"serial": 1234567.123456}
