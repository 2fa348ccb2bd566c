"""What tickets reads of contacts' events, and contacts of tickets', held against what both really tell."""

from uuid import UUID

import pytest

from guanxi_contacts.timeline.heard import apply_timeline_events
from guanxi_contacts.timeline.heard_rules import TYPES as TIMELINE_TYPES
from guanxi_contacts.timeline.heard_rules import entries_of, source_of
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_tickets.references.heard import OWN, TYPES, apply_contacts_events
from tests.contracts.test_directory import Check, _is_id, _is_text, _or_none
from tests.contracts.test_selling import did, events_of, hear, made
from tests.factories import Clients, Organisation, apply_to_directory, directory_events
from tests.hearing import one_by_one
from tests.stand_in import GatewayStandIn
from tests.tickets.company import in_role

# What `guanxi_contacts.timeline.heard_rules` reads of a ticket.
TICKET: dict[str, Check] = {
    "id": _is_id, "number": _is_text, "subject": _is_text, "status": _is_text, "priority": _is_text,
    "kind": _is_text, "channel": _is_text, "account_id": _is_id, "requester_id": _is_id,
    "assignee_id": _or_none(_is_id), "team_id": _or_none(_is_id),
}  # fmt: skip


@pytest.fixture
def agents(tickets: Edge, gateway_stand_in: GatewayStandIn) -> Clients:
    return Clients(tickets, gateway_stand_in)


@pytest.fixture
async def serving(tickets: Edge, organisation: Organisation) -> Database:
    """The database of tickets, which knows the same people."""
    database: Database = tickets.state.house.db
    await apply_to_directory(database, directory_events(organisation))
    return database


async def test_what_contacts_tells_is_what_tickets_keeps(
    client: Clients,
    contacts: Edge,
    tickets: Edge,
    organisation: Organisation,
    serving: Database,
) -> None:
    rep, admin = client(organisation.rep), client(organisation.admin)
    ids = {}
    for noun, more in (
        ("account", {"industry": "retail", "grade": "A"}),
        ("contact", {"title": "CFO", "emails": [{"address": "Li@Acme.example"}]}),
    ):
        path = f"/v1/{noun}s"
        kept, source, survivor = [await made(rep, path, name=f"{n}", **more) for n in "abc"]
        await did(rep, "PATCH", f"{path}/{kept}", {"name": "李雷"})
        merged = await admin.post("/v1/merges", json={
            "resource": f"{noun}s", "survivor_id": survivor, "source_ids": [source]})  # fmt: skip
        assert merged.is_success, merged.text
        ids[noun] = (kept, source, survivor)
    events = await events_of(contacts, organisation, TYPES, "tickets")
    files_dir = tickets.state.house.settings.files_dir
    await hear(serving, events, one_by_one(apply_contacts_events, files_dir=files_dir))
    for noun, (kept, source, survivor) in ids.items():
        sql = f"SELECT k.*, k.id::text AS id FROM known_{noun}s k WHERE organisation_id = $2"
        rows = {r["id"]: r for r in await serving.fetch(organisation.id, sql, organisation.id)}
        theirs = await did(rep, "GET", f"/v1/{noun}s/{kept}")
        for name in ("name", "version", *OWN[noun]):
            assert rows[kept][name] == theirs[name], (noun, name)
        assert str(rows[kept]["owner_id"]) == theirs["owner_id"]
        assert str(rows[source]["merged_into_id"]) == survivor
        assert rows[survivor]["deleted_at"] is None


async def test_what_tickets_tells_is_what_timelines_read(
    client: Clients, tickets: Edge, organisation: Organisation, serving: Database, agents: Clients,
    service_database: Database,
) -> None:  # fmt: skip
    theirs, agent = client(organisation.rep), agents(in_role(organisation.rep, "agent"))
    account = await made(theirs, "/v1/accounts", name="Weilai")
    person = await made(theirs, "/v1/contacts", name="Ann")
    ticket = await made(
        agent,
        "/v1/tickets",
        subject="Leak",
        account_id=account,
        requester_id=person,
        kind="complaint",
    )
    path = f"/v1/tickets/{ticket}"
    await did(agent, "PATCH", path, {"tags": ["pump"]})
    await did(agent, "POST", path + "/comments", {"body": "Secret words", "visibility": "internal"})
    await did(agent, "POST", path + "/comments", {"body": "We come"})
    for status in ("pending", "solved", "closed", "open"):
        await did(agent, "POST", path + "/move", {"status": status})
    await did(agent, "DELETE", path)
    await did(agent, "POST", path + "/restore")
    events = await events_of(tickets, organisation, TIMELINE_TYPES, "contacts")
    own = [event for event in events if event["subject_id"] == ticket]
    assert [event["type"].rpartition(".")[2] for event in own] == [
        "created", "updated", "responded", "moved", "solved", "closed", "reopened", "deleted",
        "restored"]  # fmt: skip
    for event in own:
        for name, holds in TICKET.items():
            assert holds(event["after"][name]), (event["type"], name, event["after"])
        source = source_of(event)
        assert source is not None
        assert (source.resource, source.owner_id) == ("tickets", organisation.rep.id)
    subjects = {(e.subject_type, e.subject_id) for e in entries_of(own[0])}
    assert subjects == {("account", UUID(account)), ("contact", UUID(person))}
    await hear(service_database, events, one_by_one(apply_timeline_events))
    shown = await did(theirs, "GET", f"/v1/accounts/{account}/timeline?kind=external")
    assert sorted(entry["title"] for entry in shown["data"]) == [
        f"Ticket {verb}: Leak"
        for verb in ("closed", "created", "moved", "reopened", "responded", "solved")
    ]
    assert "Secret words" not in str(events)


async def test_a_timeline_shows_tickets_to_those_who_see_them(
    client: Clients, tickets: Edge, organisation: Organisation, serving: Database, agents: Clients,
    service_database: Database,
) -> None:  # fmt: skip
    rep, manager = client(organisation.rep), client(organisation.manager)
    account = await made(rep, "/v1/accounts", name="Weilai")
    other = agents(in_role(organisation.other_rep, "agent"))
    await made(other, "/v1/tickets", subject="Theirs", account_id=account)
    events = await events_of(tickets, organisation, TIMELINE_TYPES, "contacts")
    await hear(service_database, events, one_by_one(apply_timeline_events))
    path = f"/v1/accounts/{account}/timeline?kind=external"
    assert (await did(rep, "GET", path))["data"] == (await did(manager, "GET", path))["data"] == []
    admin = (await did(client(organisation.admin), "GET", path))["data"]
    assert [entry["title"] for entry in admin] == ["Ticket created: Theirs"]
