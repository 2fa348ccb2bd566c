"""Invoices: of an account or an order, never of more than it comes to, and who sees them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from guanxi_pipeline.references.settling import settle_organisation
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known
from tests.pipeline.invoices.invoicing import (
    INVOICES,
    ORDERS,
    PAYMENTS,
    an_order,
    cny,
    done,
    got,
    invoiced,
    made,
    paid,
    refused,
    told_of,
)
from tests.pipeline.orders.ordering import acted, line
from tests.pipeline.telling import account_told


async def test_an_invoice_is_owed_whole_until_something_comes_in(
    rep: httpx.AsyncClient, organisation: Organisation, account: Known
) -> None:
    account_id = await account("未来科技")
    found = await invoiced(rep, account_id, "3600", issued_on="2026-11-02", reference="PO-4711")
    today = datetime.now(UTC).date()
    assert (found["number"], found["status"], found["due_on"]) == (
        "INV-000001",
        "open",
        "2026-12-02",
    )
    assert (found["amount"], found["paid"]) == (cny("3600.00"), cny("0.00"))
    assert (found["outstanding"], found["paid_on"]) == (cny("3600.00"), None)
    assert (found["owner_id"], found["deleted_at"]) == (str(organisation.rep.id), None)
    read = await rep.get(f"{INVOICES}/{found['id']}")
    assert (read.json(), read.headers["etag"]) == (found, '"1"')
    plain = await invoiced(rep, account_id, payment_terms_days=14)
    issued = datetime.fromisoformat(plain["issued_on"]).date()
    assert abs((issued - today).days) <= 1
    assert plain["due_on"] == (issued + timedelta(days=14)).isoformat()
    query = f"{INVOICES}?status=open&due_on[lte]=2026-12-02&account_id={account_id}&outstanding[gt]=100&include=account"
    (listed,) = done(await rep.get(query))["data"]
    assert (listed["id"], listed["account"]["name"]) == (found["id"], "未来科技")
    filters = [{"field": "reference", "operator": "eq", "value": "PO-4711"}]
    sought = await rep.post(INVOICES + "/search", json={"filter_groups": [{"filters": filters}]})
    assert [row["id"] for row in done(sought)["data"]] == [found["id"]]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"amount": cny("0")}, "amount"), ({"amount": cny("-1")}, "amount"),
        ({"amount": cny("1.234")}, "amount"), ({"due_on": "2026-11-01"}, "due_on"),
        ({"due_on": "2026-12-01", "payment_terms_days": 3}, "payment_terms_days"),
        ({"payment_terms_days": -1}, "payment_terms_days"), ({"order_id": str(new_id())}, "order_id"),
        ({"owner_id": str(new_id())}, "owner_id"), ({"status": "paid"}, "status"), ({"paid": cny("1")}, "paid"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    rep: httpx.AsyncClient, account: Known, sent: dict[str, Any], field: str
) -> None:
    whole = {"account_id": await account(), "amount": cny("5"), "issued_on": "2026-11-02"}
    answer = await rep.post(INVOICES, json=whole | sent)
    assert answer.status_code == 422, answer.text
    assert any(name.startswith(field) for name in answer.json()["errors"]), answer.text
    for name in ("account_id", "amount"):
        without = {key: value for key, value in whole.items() if key != name}
        refused(await rep.post(INVOICES, json=without), 422, "invalid", name)


async def test_whom_it_names_is_seen_or_taken_on_trust_until_it_is_known(
    rep: httpx.AsyncClient, organisation: Organisation, account: Known, person: Known, heard: Heard,
    service_database: Database,
) -> None:  # fmt: skip
    theirs = {"owner": organisation.other_rep}
    whole = {"account_id": await account(), "amount": cny("5")}
    for name, id in (
        ("account_id", await account("Theirs", **theirs)),
        ("contact_id", await person("Theirs", **theirs)),
    ):
        answer = await rep.post(INVOICES, json={**whole, name: id})
        refused(answer, 422, "unknown_reference", name)
    unknown = str(new_id())  # contacts is away
    found = await invoiced(rep, unknown)
    assert not found["is_account_verified"]
    await heard(account_told(organisation.id, unknown, "Now known", owner_id=organisation.rep.id))
    await settle_organisation(service_database, organisation.id)
    assert (await got(rep, INVOICES, found["id"]))["is_account_verified"]


async def test_an_order_is_invoiced_whole_or_in_parts_and_never_beyond(
    rep: httpx.AsyncClient, manager: httpx.AsyncClient, organisation: Organisation, account: Known
) -> None:
    order = await an_order(manager, await account(), owner_id=str(organisation.rep.id))
    path = f"{ORDERS}/{order['id']}/invoice"
    first = await made(rep, INVOICES, order_id=order["id"], amount=cny("30"))
    assert (first["account_id"], first["owner_id"]) == (order["account_id"], order["owner_id"])
    beyond = await rep.post(path, json={"amount": cny("70.01")})
    assert refused(beyond, 422, "too_much", "amount") == "At most 70.00 CNY."
    dollars = await rep.post(path, json={"amount": {"amount": "1.00", "currency": "USD"}})
    refused(dollars, 422, "mixed_currencies", "amount")
    answer = await rep.post(path)
    rest = done(answer, 201)
    assert answer.headers["location"] == f"{INVOICES}/{rest['id']}"
    assert (rest["amount"], rest["order_id"]) == (cny("70.00"), order["id"])
    assert refused(await rep.post(path), 422, "too_much", "amount") == "At most 0.00 CNY."
    done(await rep.post(f"{INVOICES}/{first['id']}/void", json={"reason": "Wrong company"}))
    again = done(await rep.post(path, json={"payment_terms_days": 0}), 201)
    assert (again["amount"], again["due_on"]) == (cny("30.00"), again["issued_on"])
    assert await told_of(rep, ORDERS, order["id"]) == ["created", "placed"]  # it stays as it is


async def test_an_order_is_invoiced_once_it_is_placed_by_whoever_sees_it(
    rep: httpx.AsyncClient,
    client: Clients,
    organisation: Organisation,
    account: Known,
    person: Known,
) -> None:
    account_id, other = await account(), await account("Other")
    draft = await an_order(rep, account_id, status="draft")
    refused(await rep.post(f"{ORDERS}/{draft['id']}/invoice"), 409, "order_status", "status")
    gone = await an_order(rep, account_id, status="cancelled")
    refused(await rep.post(f"{ORDERS}/{gone['id']}/invoice"), 409, "order_status", "status")
    await acted(rep, draft["id"], "place")
    strange = client(organisation.other_rep)
    assert (await strange.post(f"{ORDERS}/{draft['id']}/invoice")).status_code == 404
    unseen = await strange.post(INVOICES, json={"order_id": draft["id"]})
    refused(unseen, 422, "unknown_reference", "order_id")
    wrong = await rep.post(INVOICES, json={"order_id": draft["id"], "account_id": other})
    refused(wrong, 422, "invalid", "account_id")
    theirs = await an_order(rep, None, contact_id=await person())
    refused(await rep.post(f"{ORDERS}/{theirs['id']}/invoice"), 422, "invalid", "account_id")
    named = await made(rep, INVOICES, order_id=theirs["id"], account_id=other)
    assert (named["account_id"], named["contact_id"]) == (other, theirs["contact_id"])
    done(await rep.post(f"{ORDERS}/{draft['id']}/invoice"), 201)


async def test_an_order_that_many_invoice_at_once_is_invoiced_once(
    rep: httpx.AsyncClient, account: Known
) -> None:
    order = await an_order(rep, await account())
    path = f"{ORDERS}/{order['id']}/invoice"
    answers = await asyncio.gather(*(rep.post(path, json={"amount": cny("30")}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [422] * 5
    numbers = sorted(a.json()["number"] for a in answers if a.status_code == 201)
    assert numbers == ["INV-000001", "INV-000002", "INV-000003"]  # a refusal gives its number back
    await invoiced(rep, order["account_id"], number="INV-000010")
    assert (await invoiced(rep, order["account_id"]))["number"] == "INV-000011"
    taken = await rep.post(
        INVOICES,
        json={"account_id": order["account_id"], "amount": cny("1"), "number": "INV-000002"},
    )
    refused(taken, 409, "number_taken", "number")


async def test_batches_that_invoice_the_same_orders_the_other_way_round_do_not_stand_in_each_others_way(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id = await account()
    orders = [(await an_order(rep, account_id))["id"] for _ in range(8)]
    part = cny("10")
    sent = [
        [{"op": "create", "data": {"order_id": id, "amount": part}} for id in each]
        for each in (orders, orders[::-1]) * 3
    ]
    answers = await asyncio.gather(
        *(
            rep.post(INVOICES + "/batch", json={"mode": "independent", "operations": o})
            for o in sent
        )
    )
    assert [done(answer)["succeeded"] for answer in answers] == [8] * 6
    listed = done(await rep.get(f"{INVOICES}?limit=200"))["data"]
    assert sorted(row["number"] for row in listed) == [f"INV-{n:06d}" for n in range(1, 49)]


async def test_what_comes_back_of_an_order_leaves_its_invoices(
    rep: httpx.AsyncClient, account: Known
) -> None:
    order = await an_order(rep, await account(), line("A", 4, "25.00"), status="fulfilled")
    found = done(await rep.post(f"{ORDERS}/{order['id']}/invoice"), 201)
    back = [{"line_id": order["lines"][0]["id"], "quantity": 1}]
    await acted(rep, order["id"], "returns", reason="Broken", lines=back)
    assert await got(rep, INVOICES, found["id"]) == found


async def test_days_and_notes_are_changed_and_what_is_owed_is_not(
    rep: httpx.AsyncClient, account: Known
) -> None:
    found = await invoiced(rep, await account(), issued_on="2026-11-02")
    path = f"{INVOICES}/{found['id']}"
    sent = {"due_on": "2026-12-31", "reference": "PO-1", "notes": "Call first"}
    later = done(await rep.patch(path, json=sent, headers={"if-match": '"1"'}))
    assert {name: later[name] for name in sent} == sent
    stale = await rep.patch(path, json={"notes": None}, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["differs"]) == (412, ["due_on", "notes", "reference"])
    refused(await rep.patch(path, json={"due_on": "2026-11-01"}), 422, "invalid", "due_on")
    for name, value in (
        ("amount", cny("1")), ("account_id", str(new_id())), ("order_id", str(new_id())),
        ("issued_on", "2026-11-01"), ("status", "paid"), ("due_on", None),
    ):  # fmt: skip
        answer = await rep.patch(path, json={name: value})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [name]), answer.text
    assert (await got(rep, INVOICES, found["id"]))["version"] == 2
    before = done(await rep.get(f"{path}?as_of={found['updated_at']}"))
    assert before == found


async def test_a_void_invoice_is_owed_nothing_and_stays_void(
    rep: httpx.AsyncClient, manager: httpx.AsyncClient, account: Known
) -> None:
    found = await invoiced(rep, await account())
    path = f"{INVOICES}/{found['id']}"
    payment = await paid(manager, found["id"], "40")
    refused(await rep.post(path + "/void", json={"reason": "x"}), 409, "invoice_paid", "paid")
    refused(await manager.delete(path), 409, "invoice_paid", "paid")
    done(await manager.delete(f"{PAYMENTS}/{payment['id']}"))
    assert (await rep.post(path + "/void", json={})).status_code == 422
    void = done(await rep.post(path + "/void", json={"reason": "Wrong company"}))
    assert (void["status"], void["outstanding"], void["void_reason"]) == (
        "void", cny("0.00"), "Wrong company",
    )  # fmt: skip
    refused(await rep.post(path + "/void", json={"reason": "x"}), 409, "invoice_status", "status")
    late = await manager.post(PAYMENTS, json={"invoice_id": found["id"], "amount": cny("1")})
    refused(late, 409, "invoice_status", "invoice_id")
    back = await manager.post(f"{PAYMENTS}/{payment['id']}/restore")
    refused(back, 409, "invoice_status", "invoice_id")
    assert await told_of(rep, INVOICES, found["id"]) == ["created", "updated", "updated", "voided"]


async def test_a_deleted_invoice_comes_back_where_its_order_has_room(
    manager: httpx.AsyncClient, account: Known
) -> None:
    order = await an_order(manager, await account())
    path = f"{ORDERS}/{order['id']}/invoice"
    first = done(await manager.post(path), 201)
    done(await manager.delete(f"{INVOICES}/{first['id']}"))
    second = done(await manager.post(path, json={"amount": cny("1")}), 201)
    restore = f"{INVOICES}/{first['id']}/restore"
    assert refused(await manager.post(restore), 422, "too_much", "amount") == "At most 99.00 CNY."
    done(await manager.delete(f"{INVOICES}/{second['id']}"))
    assert done(await manager.post(restore))["deleted_at"] is None
    (deleted,) = [
        entry for entry in done(await manager.get(f"{INVOICES}/{first['id']}/history"))["data"]
        if entry["type"] == "pipeline.invoice.deleted"
    ]  # fmt: skip
    assert "deleted_at" in deleted["changed"]


async def test_a_repeated_create_makes_one_and_a_batch_makes_many(
    manager: httpx.AsyncClient, account: Known
) -> None:
    order = await an_order(manager, await account())
    document = {"id": str(new_id()), "order_id": order["id"]}
    key = {"idempotency-key": "once"}
    first = done(await manager.post(INVOICES, json=document, headers=key), 201)
    assert done(await manager.post(INVOICES, json=document, headers=key), 201) == first
    assert done(await manager.post(INVOICES, json=document)) == first  # by its id alone
    other = await manager.post(INVOICES, json=document | {"notes": "x"})
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")
    owed = {"account_id": order["account_id"], "amount": cny("5")}
    operations = [
        {"op": "create", "data": owed | {"external_id": "ERP-1"}},
        {"op": "create", "data": owed | {"issued_on": "2026-01-02", "due_on": "2026-01-01"}},
        {"op": "update", "match": {"field": "number", "value": first["number"]}, "data": {"notes": "N"}},
        {"op": "upsert", "match": {"field": "external_id", "value": "ERP-1"}, "data": {"notes": "E"}},
    ]  # fmt: skip
    sent = {"mode": "independent", "operations": operations}
    results = done(await manager.post(INVOICES + "/batch", json=sent))["results"]
    assert [each["status"] for each in results] == [201, 422, 200, 200]
    assert results[3]["data"]["notes"] == "E"


async def test_invoices_are_seen_as_their_orders_are(
    rep: httpx.AsyncClient, client: Clients, organisation: Organisation, account: Known
) -> None:
    found = await invoiced(rep, await account())
    payment = await paid(client(organisation.manager), found["id"], "40")
    seeing, others = ("rep", "manager", "admin"), ("rep2", "other_rep", "junior", "read_only")
    for name in (*seeing, *others):
        user = client(organisation.users[name])
        for path, id in ((INVOICES, found["id"]), (PAYMENTS, payment["id"])):
            listed = done(await user.get(path))["data"]
            assert [row["id"] for row in listed] == ([id] if name in seeing else []), name
            read = await user.get(f"{path}/{id}")
            assert read.status_code == (200 if name in seeing else 404), name
    pay = {"invoice_id": found["id"], "amount": cny("1")}
    assert (await rep.post(PAYMENTS, json=pay)).status_code == 403  # who sells takes no money
    theirs = organisation.other_rep.but(
        permissions=(*organisation.other_rep.grant.permissions, "payments:create")
    )
    unseen = await client(theirs).post(PAYMENTS, json=pay)
    refused(unseen, 422, "unknown_reference", "invoice_id")


async def test_payments_go_with_an_invoice_that_is_handed_over(
    client: Clients, organisation: Organisation, manager: httpx.AsyncClient, account: Known
) -> None:
    found = await invoiced(client(organisation.rep), await account())
    kept, gone = [await paid(manager, found["id"], amount) for amount in ("40", "10")]
    done(await manager.delete(f"{PAYMENTS}/{gone['id']}"))
    handed = {"owner_id": str(organisation.rep2.id)}
    done(await manager.patch(f"{INVOICES}/{found['id']}", json=handed))
    done(await manager.post(f"{PAYMENTS}/{gone['id']}/restore"))
    for user, count in ((organisation.rep2, 2), (organisation.rep, 0)):
        listed = done(await client(user).get(PAYMENTS))["data"]
        assert sorted(row["id"] for row in listed) == sorted([kept["id"], gone["id"]])[:count]
    assert await told_of(manager, PAYMENTS, gone["id"]) == [
        "created", "deleted", "updated", "restored",
    ]  # fmt: skip


async def test_invoices_and_payments_stand_in_tables(
    manager: httpx.AsyncClient, account: Known
) -> None:
    found = await invoiced(manager, await account("Weilai"))
    await paid(manager, found["id"], "40", method="cheque")
    head, row = (await manager.get(f"{INVOICES}/export?format=csv")).text.splitlines()[:2]
    cells = dict(zip(head.lstrip("\ufeff").split(","), row.split(","), strict=True))
    assert (cells["account"], cells["paid"], cells["outstanding"]) == ("Weilai", "40.00", "60.00")
    assert cells["outstanding_currency"] == "CNY"
    head, row = (await manager.get(f"{PAYMENTS}/export?format=csv")).text.splitlines()[:2]
    cells = dict(zip(head.lstrip("\ufeff").split(","), row.split(","), strict=True))
    assert (cells["amount"], cells["method"]) == ("40.00", "cheque")
