"""What was heard can be forgotten and heard again; a restored source is heard from its beginning."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from guanxi_analytics.facts.kinds import TABLES
from guanxi_analytics.heard.peers import consumer_of
from guanxi_analytics.sources.rebuilding import KIND, rebuild_from
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from guanxi_shared.running_jobs import RunningJob, claim
from tests.analytics.asking import account_made, asked, money, sold
from tests.analytics.conftest import Hear
from tests.analytics.owing import invoice, published, told_of
from tests.factories import Clients, Organisation
from tests.pipeline.orders.ordering import acted
from tests.pipeline.products.selling import product

MADE = (
    "sale_facts",
    "sale_returns",
    "deal_facts",
    "ticket_facts",
    "answer_facts",
    "account_facts",
    "activity_facts",
    "campaign_facts",
    "campaign_member_facts",
    "contract_facts",
    "quota_facts",
    "stock_facts",
    "complaint_facts",
    "corrective_action_facts",
    "root_cause_facts",
    "product_facts",
    "invoice_facts",
    "segment_facts",
    "segment_member_facts",
    "territory_facts",
    "territory_account_facts",
    "customer_summaries",
)
KNOWN = "INSERT INTO known_accounts (organisation_id, id, name, version) VALUES ($1, $2, '', 1) ON CONFLICT DO NOTHING"
NOT_TOLD = {"deal_facts", "answer_facts"}  # of what the story does not tell


async def contents(database: Database, organisation: UUID) -> dict[str, list[str]]:
    """Every row of what is made of the feeds, but when it was written here."""
    found = {}
    async with database.transaction(organisation) as connection:
        for table in MADE:
            rows = await connection.fetch(
                f"SELECT (to_jsonb(t) - 'updated_at')::text AS row FROM {table} t WHERE organisation_id = $1",
                organisation,
            )
            found[table] = sorted(row["row"] for row in rows)
    return found


async def a_story(
    organisation: Organisation, sales: Clients, customers: Clients, desk: Clients
) -> None:
    """Sales that change, come back, are cancelled, deleted and restored; a campaign; a ticket."""
    rep, people = sales(organisation.admin), customers(organisation.rep)
    acme, twin = [await account_made(people, rep, name) for name in ("Acme", "Acme Twin")]
    first = await sold(rep, acme, "2026-03-05", "100.00", 2)
    second = await sold(rep, twin, "2026-03-06", "30.00", 3)
    await acted(
        rep, first["id"], "returns", reason="Broken", returned_on="2026-03-09",
        lines=[{"line_id": first["lines"][0]["id"], "quantity": 1}],
    )  # fmt: skip
    assert (await rep.delete(f"/v1/orders/{second['id']}")).status_code in (200, 204)
    assert (await rep.post(f"/v1/orders/{second['id']}/restore")).status_code == 200
    assert (
        await rep.patch(f"/v1/orders/{first['id']}", json={"source": "fair"})
    ).status_code == 200
    await a_campaign(customers(organisation.admin), [acme, twin])
    await some_activities(people, acme, twin)
    await a_segment(customers(organisation.admin), acme, twin)
    tickets = desk(organisation.admin)
    pump = await product(sales(organisation.admin), "P-1")
    await done(
        sales(organisation.admin), "PATCH", f"/v1/products/{pump['id']}", json={"name": "Pump"}
    )
    await a_complaint(tickets, account_id=acme, product_id=pump["id"])
    await a_contract(tickets, acme)
    await some_invoices(sales, organisation)
    await some_territories(sales(organisation.admin), sales.app, organisation, acme, twin)
    quota = {"owner_id": str(organisation.rep.id), "period": "month", "starts_on": "2026-03-01"}
    quota |= {"amount": {"amount": "900.00", "currency": "CNY"}}
    made = await done(rep, "POST", "/v1/quotas", json=quota)
    body = {"amount": {"amount": "800.00", "currency": "CNY"}}
    await done(rep, "PATCH", f"/v1/quotas/{made['id']}", json=body)
    stock = {
        "account_id": acme,
        "sku": "P-1",
        "month": "2026-03",
        "opening": 5,
        "bought": 2.5,
        "sold": 1,
    }
    made = await done(rep, "POST", "/v1/orders/stock-reports", json=stock)
    await done(rep, "PATCH", f"/v1/orders/stock-reports/{made['id']}", json={"sold": 2})


async def some_invoices(sales: Clients, organisation: Organisation) -> None:
    """As pipeline's feed tells of them: two issued, one of them paid in part, the other deleted."""
    one, other = (invoice(organisation, "Acme", amount, -3) for amount in ("10", "20"))
    part = {"paid": money("4.00"), "outstanding": money("6.00")}
    await published(
        sales.app, organisation, told_of(organisation, one), told_of(organisation, other),
        told_of(organisation, one | part, verb="updated", version=2),
        told_of(organisation, other, verb="deleted", version=2),
    )  # fmt: skip


async def some_territories(
    admin: httpx.AsyncClient, app: Edge, organisation: Organisation, *accounts: str
) -> None:
    """Accounts that are known there, put into one, and into another one, which goes."""
    async with app.state.house.db.transaction(organisation.id) as connection:
        for account in accounts:
            await connection.execute(KNOWN, organisation.id, UUID(account))
    one, other = [
        f"/v1/territories/{(await done(admin, 'POST', '/v1/territories', json={'name': name}))['id']}"
        for name in ("One", "Other")
    ]
    for path, account in ((one, accounts[0]), (one, accounts[1]), (other, accounts[0])):
        await done(admin, "PUT", f"{path}/accounts/{account}")
    await done(admin, "PATCH", one, json={"name": "First"})
    await done(admin, "DELETE", f"{one}/accounts/{accounts[1]}")
    await done(admin, "DELETE", other)


async def some_activities(people: httpx.AsyncClient, *accounts: str) -> None:
    """Planned with one account, done with two, moved to another day; a task that repeats."""
    body = {"kind": "visit", "subject": "V", "starts_at": "2026-03-02T02:00:00Z"}
    body |= {"account_ids": [accounts[0]], "duration_minutes": 61}
    made = await done(people, "POST", "/v1/activities", json=body)
    path = f"/v1/activities/{made['id']}"
    await done(people, "PATCH", path, json={"account_ids": list(accounts)})
    await done(people, "POST", f"{path}/complete", json={"done_at": "2026-03-03T02:00:00Z"})
    task = {
        "kind": "task",
        "subject": "T",
        "due_at": "2026-03-04T02:00:00Z",
        "recurrence": "FREQ=WEEKLY",
    }
    made = await done(people, "POST", "/v1/activities", json=task)
    await done(people, "POST", f"/v1/activities/{made['id']}/complete", json={})
    await done(people, "DELETE", f"/v1/activities/{made['id']}")


async def a_segment(admin: httpx.AsyncClient, *accounts: str) -> None:
    """Taken, renamed, one of its accounts out and in again."""
    body = {"name": "S", "resource": "accounts", "kind": "frozen"}
    path = f"/v1/segments/{(await done(admin, 'POST', '/v1/segments', json=body))['id']}"
    await done(admin, "POST", f"{path}/members", json={"add": list(accounts)})
    await done(admin, "PATCH", path, json={"name": "T", "shared_with": "all"})
    for change in ("remove", "add"):
        await done(admin, "POST", f"{path}/members", json={change: [accounts[0]]})


async def a_complaint(tickets: httpx.AsyncClient, **about: Any) -> None:
    """Worked, solved, opened again; of a cause that went into another one."""
    ticket = {"subject": "Leak", "kind": "complaint", **about}
    path = f"/v1/tickets/{(await done(tickets, 'POST', '/v1/tickets', json=ticket))['id']}"
    old, new = [
        (await done(tickets, "POST", "/v1/root-causes", json={"name": name}))["id"]
        for name in ("Old", "New")
    ]
    await done(tickets, "PATCH", f"{path}/loop", json={"root_cause_id": old})
    await done(tickets, "POST", f"{path}/loop/steps/listen/complete", json={"text": "so"})
    plan = await done(tickets, "POST", f"{path}/loop/actions", json={"body": "Check seals"})
    await done(tickets, "POST", f"{path}/loop/actions/{plan['id']}/finish")
    await done(tickets, "POST", f"{path}/move", json={"status": "solved"})
    await done(tickets, "POST", f"{path}/move", json={"status": "open"})
    await done(tickets, "POST", f"/v1/root-causes/{old}/merge", json={"into_id": new})


async def a_contract(tickets: httpx.AsyncClient, account_id: str) -> None:
    """Renewed twice, the last time by mistake; changed, put away."""
    term = {
        "name": "Gold", "account_id": account_id, "unit": "hours", "time_zone": "UTC", "valid_from": "2025-01-01",
        "valid_until": "2025-12-31",
    }  # fmt: skip
    ids = [(await done(tickets, "POST", "/v1/entitlements", json=term))["id"]]
    for until in ("2026-12-31", "2027-12-31"):
        path = f"/v1/entitlements/{ids[-1]}/renew"
        ids.append((await done(tickets, "POST", path, json={"valid_until": until}))["id"])
    await done(tickets, "DELETE", f"/v1/entitlements/{ids[2]}")
    await done(tickets, "PATCH", f"/v1/entitlements/{ids[1]}", json={"valid_until": "2027-01-31"})
    await done(tickets, "PATCH", f"/v1/entitlements/{ids[1]}", json={"is_active": False})


async def done(client: httpx.AsyncClient, method: str, path: str, **more: Any) -> dict[str, Any]:
    answer = await client.request(method, path, **more)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


async def a_campaign(admin: Any, ids: list[str]) -> None:
    """It costs something, has two members, runs, and one of them is taken out."""
    cost = {"on": "2026-03-01", "amount": {"amount": "5.00", "currency": "CNY"}}
    made = await admin.post("/v1/campaigns", json={"name": "C", "kind": "call", "costs": [cost]})
    path = f"/v1/campaigns/{made.json()['id']}"
    added = await admin.post(f"{path}/members", json={"resource": "accounts", "ids": ids})
    assert added.json()["added"] == 2, added.text
    assert (await admin.patch(path, json={"status": "running"})).status_code == 200
    assert (await admin.post(f"{path}/members/mark", json={"status": "sent"})).json()["marked"] == 2
    [first, _] = (await admin.get(f"{path}/members")).json()["data"]
    assert (await admin.delete(f"{path}/members/{first['id']}")).status_code == 200


async def running(database: Database, organisation: UUID, client: Any) -> RunningJob:
    answer = await client.post("/v1/analytics/rebuild")
    assert answer.status_code == 202, answer.text
    again = await client.post("/v1/analytics/rebuild")
    assert (again.status_code, again.json()["code"]) == (409, "under_way")
    job = await claim(database, organisation, UUID(answer.json()["id"]), lease_seconds=60)
    assert isinstance(job, RunningJob)
    assert job.kind == KIND
    return job


async def test_a_rebuild_ends_with_the_same_facts(
    everywhere: Organisation, sales: Clients, customers: Clients, desk: Clients, client: Clients,
    hear: Hear, service_database: Database, peer_clients: Mapping[str, ServiceClient],
) -> None:  # fmt: skip
    await a_story(everywhere, sales, customers, desk)
    await hear()
    before = await contents(service_database, everywhere.id)
    assert all(before[name] for name in MADE if name not in NOT_TOLD)
    admin = client(everywhere.admin)
    figures = await asked(admin, "revenue", "orders", "tickets_opened", dimensions=["month"])
    async with service_database.transaction(everywhere.id) as connection:
        for table in ("sale_facts", "customer_summaries"):  # what a bug might have left behind
            await connection.execute(
                f"DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table} LIMIT 1)"
            )
    assert await contents(service_database, everywhere.id) != before
    await rebuild_from(await running(service_database, everywhere.id, admin), peer_clients)
    assert await contents(service_database, everywhere.id) == before
    again = await asked(admin, "revenue", "orders", "tickets_opened", dimensions=["month"])
    assert again["rows"] == figures["rows"]


async def test_nothing_is_counted_twice_when_changes_come_during_a_rebuild(
    everywhere: Organisation, sales: Clients, customers: Clients, desk: Clients, client: Clients,
    hear: Hear, service_database: Database, peer_clients: Mapping[str, ServiceClient],
) -> None:  # fmt: skip
    """What the cursor has not reached is left to the consumer."""
    await a_story(everywhere, sales, customers, desk)
    await hear()
    job = await running(service_database, everywhere.id, client(everywhere.admin))
    rep = sales(everywhere.rep)
    late = await account_made(customers(everywhere.rep), rep, "Late")
    await sold(rep, late, "2026-05-05", "1.00")
    await rebuild_from(job, peer_clients)
    assert late not in str(await contents(service_database, everywhere.id))
    await hear()
    whole = await contents(service_database, everywhere.id)
    assert len([row for row in whole["sale_facts"] if late in row]) == 1


async def test_a_restored_source_is_heard_from_its_beginning(
    everywhere: Organisation, sales: Clients, customers: Clients, desk: Clients,
    hear: Hear, service_database: Database,
) -> None:  # fmt: skip
    await a_story(everywhere, sales, customers, desk)
    await hear()
    before = await contents(service_database, everywhere.id)

    async def nothing_left(**_: Any) -> tuple[UUID, int, list[Any]]:
        return uuid4(), 3, []

    assert await consumer_of("pipeline", nothing_left).step(service_database, wait=0) == 0
    after = await contents(service_database, everywhere.id)
    gone = {
        "sale_facts",
        "sale_returns",
        "quota_facts",
        "stock_facts",
        "product_facts",
        "invoice_facts",
        "territory_facts",
        "territory_account_facts",
        "customer_summaries",
    }
    assert {name for name in MADE if not after[name]} == gone | NOT_TOLD
    assert after["account_facts"] == before["account_facts"]


@pytest.mark.parametrize("who", ["rep", "manager"])
async def test_only_admins_rebuild(client: Clients, organisation: Organisation, who: str) -> None:
    answer = await client(organisation.users[who]).post("/v1/analytics/rebuild")
    assert answer.status_code == 403


def test_no_table_of_facts_is_left_out() -> None:
    facts = {name for name in TABLES if name.endswith(("_facts", "_summaries", "_returns"))}
    assert facts == set(MADE)
