"""What pipeline reads of contacts' events, and contacts of pipeline's, held against what both really tell."""

import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from guanxi_contacts.timeline.heard import apply_timeline_events
from guanxi_contacts.timeline.heard_rules import TYPES as TIMELINE_TYPES
from guanxi_contacts.timeline.heard_rules import entries_of, source_of
from guanxi_pipeline.pipelines.starting import begin_pipeline
from guanxi_pipeline.references.heard import TYPES, apply_contacts_events
from guanxi_shared.auth import sign_service_token
from guanxi_shared.consumers import bind
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.heard import Event
from tests.contracts.test_directory import Check, _is_id, _is_text, _or_none
from tests.factories import Clients, Organisation, apply_to_directory, directory_events
from tests.hearing import one_by_one
from tests.stand_in import SECRET, GatewayStandIn

# What `guanxi_pipeline.references.heard` reads of each noun's state.
SHAPE: dict[str, dict[str, Check]] = {
    "account": {
        "id": _is_id, "name": lambda v: isinstance(v, str), "industry": _or_none(_is_text),
        "region": _or_none(_is_text), "grade": _or_none(_is_text),
        "addresses": _or_none(lambda v: isinstance(v, list)), "owner_id": _or_none(_is_id),
        "team_id": _or_none(_is_id),
    },
    "contact": {
        "id": _is_id, "name": lambda v: isinstance(v, str), "title": _or_none(_is_text),
        "owner_id": _or_none(_is_id), "team_id": _or_none(_is_id),
    },
}  # fmt: skip
VERBS = {"created", "updated", "deleted", "restored", "merged", "unmerged", "erased"}
# What `guanxi_contacts.timeline.heard_rules` reads of an opportunity's.
DEAL: dict[str, Check] = {
    "id": _is_id, "name": _is_text, "status": lambda v: v in ("open", "won", "lost"), "stage_id": _is_id,
    "amount": _or_none(lambda v: set(v) == {"amount", "currency"}),
    "probability": lambda v: isinstance(v, int | float), "close_on": _or_none(_is_text),
    "reason": _or_none(_is_text), "account_id": _or_none(_is_id), "owner_id": _or_none(_is_id),
    "contacts": lambda v: all(_is_id(link["contact_id"]) for link in v),
}  # fmt: skip
_MONEY: Check = lambda v: set(v) == {"amount", "currency"}  # noqa: E731
# … and of quotes and orders.
SALE: dict[str, dict[str, Check]] = {
    "quote": {
        "id": _is_id, "name": _is_text, "number": _or_none(_is_text), "status": _is_text,
        "total": _or_none(_MONEY), "account_id": _or_none(_is_id), "owner_id": _or_none(_is_id),
    },
    "order": {
        "id": _is_id, "number": _or_none(_is_text), "status": _is_text, "total": _or_none(_MONEY),
        "ordered_on": _or_none(_is_text), "account_id": _is_id, "owner_id": _or_none(_is_id),
    },
    "invoice": {
        "id": _is_id, "number": _is_text, "status": _is_text, "amount": _MONEY, "due_on": _is_text,
        "paid_on": _or_none(_is_text), "account_id": _is_id, "owner_id": _or_none(_is_id),
    },
    "payment": {"id": _is_id, "amount": _MONEY, "account_id": _is_id, "owner_id": _or_none(_is_id)},
}  # fmt: skip


@pytest.fixture
def seller(pipeline: Edge, gateway_stand_in: GatewayStandIn) -> Clients:
    return Clients(pipeline, gateway_stand_in)


@pytest.fixture
async def selling(pipeline: Edge, organisation: Organisation) -> Database:
    """Pipeline's database, which knows the same people, and a first pipeline in it."""
    database: Database = pipeline.state.house.db
    await apply_to_directory(database, directory_events(organisation))
    async with database.transaction(organisation.id) as connection:
        await begin_pipeline(connection, organisation.id)
    return database


async def events_of(
    app: Edge, organisation: Organisation, types: Sequence[str], caller: str
) -> list[Event]:
    """What a service's feed holds of the organisation, as another one reads it."""
    found: list[Event] = []
    name, after = app.state.house.name, 0
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://service"
    ) as client:
        while True:
            token = sign_service_token(SECRET, issuer=caller, audience=name, now=time.time())
            answer = await client.get(
                "/internal/events",
                params={
                    "after": after,
                    "limit": 500,
                    "types": ",".join(types),
                    "wait": 0,
                    "organisation": str(organisation.id),
                },
                headers={"authorization": f"Bearer {token}"},
            )
            page = orjson.loads(answer.content)
            found += page["events"]
            if page["reached"] == after:
                return found
            after = page["reached"]


async def hear(database: Database, events: Sequence[Event], apply: Callable[..., Any]) -> None:
    for event in events:
        async with database.transaction(None) as connection:
            await bind(connection, event["organisation_id"])
            await apply(connection, event)


async def made(user: httpx.AsyncClient, path: str, **sent: Any) -> str:
    answer = await user.post(path, json=sent)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def did(user: httpx.AsyncClient, method: str, path: str, sent: Any = None) -> Any:
    answer = await user.request(method, path, json=sent)
    assert answer.is_success, (path, answer.text)
    return answer.json()


async def _live(admin: httpx.AsyncClient, resource: str, **more: Any) -> dict[str, str]:
    """Everything that happens to accounts, or people: what is left by what became of it."""
    path = f"/v1/{resource}"
    ids = {
        name: await made(admin, path, name=f"{name} {resource}", **more)
        for name in ("kept", "source", "survivor", "undone", "deleted", "restored", "erased")
    }
    await did(admin, "PATCH", f"{path}/{ids['kept']}", {"name": "新名字"})
    for name in ("deleted", "restored"):
        await did(admin, "DELETE", f"{path}/{ids[name]}")
    await did(admin, "POST", f"{path}/{ids['restored']}/restore")
    for name in ("source", "undone"):
        sent = {"resource": resource, "survivor_id": ids["survivor"], "source_ids": [ids[name]]}
        merge = await did(admin, "POST", "/v1/merges", sent)
    await did(admin, "POST", f"/v1/merges/{merge['id']}/undo")
    await did(admin, "POST", f"{path}/{ids['erased']}/erase", {"reason": "subject_request"})
    return ids


async def test_what_contacts_tells_is_what_pipeline_reads(
    client: Clients, contacts: Edge, pipeline: Edge, organisation: Organisation, selling: Database,
    seller: Clients,
) -> None:  # fmt: skip
    admin, rep = client(organisation.admin), seller(organisation.admin)
    accounts = await _live(admin, "accounts", kind="person", industry="retail")
    people = await _live(admin, "contacts", title="CEO")
    events = await events_of(contacts, organisation, TYPES, "pipeline")
    for noun in SHAPE:
        told = [event for event in events if event["type"].startswith(f"contacts.{noun}.")]
        assert {event["type"].rpartition(".")[2] for event in told} == VERBS
        for event in told:
            for name, holds in SHAPE[noun].items():
                assert holds(event["after"][name]), (event["type"], name, event["after"])
            assert event["subject_id"] == event["after"]["id"]
            if event["type"].endswith("merged"):
                merge = event["before"]["merge"]
                assert _is_id(merge["id"])
                assert all(map(_is_id, merge["source_ids"]))
            if event["type"].endswith("erased"):
                assert event["after"]["erasure_reason"] == "subject_request"
                assert event["after"]["erased_by"] == str(organisation.admin.id)
    begun = [event for event in events if event["version"] == 1]
    apply = one_by_one(apply_contacts_events, files_dir=pipeline.state.house.settings.files_dir)
    await hear(selling, begun, apply)
    deals = {
        name: await made(
            rep,
            "/v1/opportunities",
            name=name,
            account_id=id,
            contacts=[{"contact_id": people[name]}],
        )
        for name, id in accounts.items()
        if name != "erased"  # what it was called is gone from its first event, too
    }
    await hear(selling, [event for event in events if event["version"] > 1], apply)
    became = {name: name for name in deals} | {"source": "survivor"}
    for name, id in deals.items():
        deal = await did(rep, "GET", f"/v1/opportunities/{id}")
        assert deal["account_id"] == accounts[became[name]], name
        assert [link["contact_id"] for link in deal["contacts"]] == [people[became[name]]]
    await the_copies_agree(client, organisation, selling, accounts, people)
    found = await did(rep, "GET", "/v1/opportunities?q=xmz")
    assert [row["id"] for row in found["data"]] == [deals["kept"]]


async def the_copies_agree(
    client: Clients, organisation: Organisation, selling: Database, *records: dict[str, str]
) -> None:
    for noun, ids in zip(("account", "contact"), records, strict=True):
        sql = f"SELECT id::text, name, owner_id::text, merged_into_id::text, deleted_at FROM known_{noun}s WHERE organisation_id = $2"
        rows = await selling.fetch(organisation.id, sql, organisation.id)
        copies = {row["id"]: row for row in rows}
        for name, id in ids.items():
            answer = await client(organisation.admin).get(f"/v1/{noun}s/{id}")
            assert (copies[id]["deleted_at"] is None) == answer.is_success, (noun, name)
            if answer.is_success:
                theirs = answer.json()
                assert (copies[id]["name"], copies[id]["owner_id"]) == (
                    theirs["name"],
                    theirs["owner_id"],
                )
        assert copies[ids["source"]]["merged_into_id"] == ids["survivor"]
        assert copies[ids["undone"]]["merged_into_id"] is None
        assert copies[ids["erased"]]["name"] == ""


async def test_what_pipeline_tells_of_deals_is_what_timelines_read(
    client: Clients, pipeline: Edge, organisation: Organisation, selling: Database, seller: Clients,
    service_database: Database,
) -> None:  # fmt: skip
    theirs, rep = client(organisation.rep), seller(organisation.rep)
    account = await made(theirs, "/v1/accounts", name="Weilai")
    person = await made(theirs, "/v1/contacts", name="Ann")
    deal = await made(
        rep, "/v1/opportunities", name="Seats", account_id=account, contacts=[{"contact_id": person}],
        amount={"amount": "10.00", "currency": "CNY"}, close_on="2027-01-31",
    )  # fmt: skip
    path = f"/v1/opportunities/{deal}"
    [pipe] = (await did(rep, "GET", "/v1/pipelines"))["data"]
    stage = {each["name"]: each["id"] for each in pipe["stages"]}
    other = await made(rep, "/v1/opportunities", name="Other")
    await did(rep, "PATCH", path, {"next_step": "Call"})
    for to in ("Needs analysis", "Won", "Lost", "Qualification"):
        await did(rep, "POST", path + "/move", {"stage_id": stage[to], "reason": "price"})
    await did(rep, "POST", path + "/move", {"stage_id": stage["Qualification"], "before_id": other})
    await did(rep, "DELETE", path)
    await did(rep, "POST", path + "/restore")
    events = await events_of(pipeline, organisation, TIMELINE_TYPES, "contacts")
    own = [event for event in events if event["subject_id"] == deal]
    verbs = [event["type"].rpartition(".")[2] for event in own]
    assert verbs == [
        "created", "updated", "moved", "won", "lost", "reopened", "updated", "deleted", "restored"]  # fmt: skip
    for event in own:
        for name, holds in DEAL.items():
            assert holds(event["after"][name]), (event["type"], name, event["after"])
        source = source_of(event)
        assert source is not None
        assert (source.resource, source.owner_id) == ("opportunities", organisation.rep.id)
    subjects = {(e.subject_type, e.subject_id) for e in entries_of(own[0])}
    assert subjects == {("account", UUID(account)), ("contact", UUID(person))}
    await hear(service_database, events, one_by_one(apply_timeline_events))
    shown = await did(theirs, "GET", f"/v1/accounts/{account}/timeline?kind=external")
    assert sorted(entry["title"] for entry in shown["data"]) == [
        f"Opportunity {verb}: Seats" for verb in ("created", "lost", "moved", "reopened", "won")
    ]


async def test_what_pipeline_tells_of_quotes_orders_and_invoices_is_what_timelines_read(
    client: Clients, pipeline: Edge, organisation: Organisation, selling: Database, seller: Clients,
    service_database: Database,
) -> None:  # fmt: skip
    theirs, rep = client(organisation.rep), seller(organisation.rep)
    account = await made(theirs, "/v1/accounts", name="Weilai")
    lines = [{"name": "Seats", "quantity": 3, "unit_price": {"amount": "10.00", "currency": "CNY"}}]
    quote = await made(rep, "/v1/quotes", name="Offer", account_id=account, lines=lines)
    for verb, sent in (("send", {}), ("accept", {"name": "李雷"})):
        await did(rep, "POST", f"/v1/quotes/{quote}/{verb}", sent)
    order = await made(rep, "/v1/orders", account_id=account, lines=lines, number="SO-7")
    for verb in ("place", "confirm"):
        await did(rep, "POST", f"/v1/orders/{order}/{verb}", {})
    owed = await did(rep, "POST", f"/v1/orders/{order}/invoice", {})
    pays = {"invoice_id": owed["id"], "amount": owed["amount"]}
    payment = await made(seller(organisation.manager), "/v1/payments", **pays)
    events = await events_of(pipeline, organisation, TIMELINE_TYPES, "contacts")
    told = [event for event in events if event["subject_type"] in SALE]
    assert {event["subject_id"] for event in told} >= {quote, order, owed["id"], payment}
    for event in told:
        for name, holds in SALE[event["subject_type"]].items():
            assert holds(event["after"][name]), (event["type"], name, event["after"])
        source = source_of(event)
        assert source is not None
        assert (source.owner_id, source.resource) == (
            organisation.rep.id,
            f"{event['subject_type']}s",
        )
        assert [entry.subject_id for entry in entries_of(event)] == [UUID(account)]
    await hear(service_database, events, one_by_one(apply_timeline_events))
    shown = await did(theirs, "GET", f"/v1/accounts/{account}/timeline?kind=external")
    titles = [entry["title"] for entry in shown["data"]]
    assert {"Quote sent: Offer", "Quote accepted: Offer"} <= set(titles), titles
    number = owed["number"]
    assert {f"Invoice created: {number}", f"Invoice paid: {number}", "Payment created"} <= set(
        titles
    )
    ours = [title for title in titles if title.endswith("SO-7")]
    assert sorted(ours) == [f"Order {verb}: SO-7" for verb in ("confirmed", "created", "placed")]
