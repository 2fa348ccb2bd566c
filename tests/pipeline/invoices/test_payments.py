"""Payments: each moves its invoice with it, and no two of them pay more than is owed."""

import asyncio
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Organisation
from tests.pipeline.conftest import Heard, Known
from tests.pipeline.invoices.invoicing import (
    INVOICES,
    PAYMENTS,
    cny,
    done,
    got,
    invoiced,
    made,
    paid,
    refused,
    told_of,
)
from tests.pipeline.test_references import merged_told
from tests.replaying import Consumer

SUMS = """
SELECT i.paid, coalesce((SELECT sum(p.amount) FROM payments p WHERE p.organisation_id = i.organisation_id
  AND p.invoice_id = i.id AND p.deleted_at IS NULL), 0) AS came_in
FROM invoices i WHERE i.organisation_id = $2 AND i.id = $3::text::uuid
"""


async def test_an_invoice_is_paid_on_the_day_of_the_payment_that_settled_it(
    manager: httpx.AsyncClient, organisation: Organisation, account: Known
) -> None:
    found = await invoiced(manager, await account(), owner_id=str(organisation.rep.id))
    first = await paid(manager, found["id"], "40", received_on="2026-11-20", reference="B-1")
    assert (first["account_id"], first["owner_id"]) == (found["account_id"], found["owner_id"])
    assert (first["amount"], first["method"]) == (cny("40.00"), "bank_transfer")
    part = await got(manager, INVOICES, found["id"])
    assert (part["status"], part["paid"], part["outstanding"]) == (
        "open",
        cny("40.00"),
        cny("60.00"),
    )
    second = await paid(manager, found["id"], "60", received_on="2026-11-12")
    whole = await got(manager, INVOICES, found["id"])
    assert (whole["status"], whole["outstanding"], whole["version"]) == ("paid", cny("0.00"), 3)
    assert whole["paid_on"] == "2026-11-20"
    sooner = await manager.patch(f"{PAYMENTS}/{first['id']}", json={"received_on": "2026-11-10"})
    assert done(sooner)["received_on"] == "2026-11-10"
    assert (await got(manager, INVOICES, found["id"]))["paid_on"] == "2026-11-12"
    noted = {"notes": "By hand", "method": "cash"}
    done(await manager.patch(f"{PAYMENTS}/{second['id']}", json=noted))
    assert (await got(manager, INVOICES, found["id"]))["version"] == 4
    done(await manager.delete(f"{PAYMENTS}/{second['id']}"))
    again = await got(manager, INVOICES, found["id"])
    assert (again["status"], again["paid"], again["paid_on"]) == ("open", cny("40.00"), None)
    done(await manager.post(f"{PAYMENTS}/{second['id']}/restore"))
    assert (await got(manager, INVOICES, found["id"]))["paid_on"] == "2026-11-12"
    assert await told_of(manager, INVOICES, found["id"]) == [
        "created", "updated", "paid", "updated", "updated", "paid",
    ]  # fmt: skip
    assert await told_of(manager, PAYMENTS, second["id"]) == [
        "created", "updated", "deleted", "restored",
    ]  # fmt: skip
    told = await Consumer().follow(manager)
    assert told.of("invoice")[found["id"]] == await got(manager, INVOICES, found["id"])
    assert told.of("payment")[first["id"]] == await got(manager, PAYMENTS, first["id"])


@pytest.mark.parametrize(
    ("sent", "code", "field", "sentence"),
    [
        ({"amount": cny("100.01")}, "too_much", "amount", "At most 100.00 CNY."),
        ({"amount": {"amount": "1.00", "currency": "USD"}}, "mixed_currencies", "amount", "Send CNY."),
        ({"invoice_id": str(new_id())}, "unknown_reference", "invoice_id", "There is no such invoice."),
        ({"received_on": "2199-01-01"}, "invalid", "received_on", "Send a day up to"),
        ({"amount": cny("0")}, "invalid", "amount", "more than nothing"),
        ({"method": "barter"}, "invalid", "method", ""),
    ],
)  # fmt: skip
async def test_what_cannot_be_paid_is_refused_by_its_field(
    manager: httpx.AsyncClient, account: Known, sent: dict[str, Any], code: str, field: str, sentence: str
) -> None:  # fmt: skip
    found = await invoiced(manager, await account())
    whole = {"invoice_id": found["id"], "amount": cny("5")} | sent
    assert sentence in refused(await manager.post(PAYMENTS, json=whole), 422, code, field)
    assert await got(manager, INVOICES, found["id"]) == found
    assert done(await manager.get(PAYMENTS))["data"] == []


async def test_many_who_pay_at_once_never_pay_more_than_is_owed(
    manager: httpx.AsyncClient, organisation: Organisation, account: Known, service_database: Database
) -> None:  # fmt: skip
    account_id = await account()
    for amount, count in (("100", 1), ("30", 3)):
        found = await invoiced(manager, account_id)
        pay = {"invoice_id": found["id"], "amount": cny(amount)}
        answers = await asyncio.gather(*(manager.post(PAYMENTS, json=pay) for _ in range(12)))
        assert sorted(a.status_code for a in answers) == [201] * count + [422] * (12 - count)
        left = await got(manager, INVOICES, found["id"])
        assert left["version"] == 1 + count  # one after the other, none lost
        rows = await service_database.fetch(organisation.id, SUMS, organisation.id, found["id"])
        assert rows[0]["paid"] == rows[0]["came_in"] == int(amount) * count


async def test_whoever_takes_back_brings_back_and_pays_at_once_leaves_sums_that_agree(
    manager: httpx.AsyncClient, organisation: Organisation, account: Known, service_database: Database
) -> None:  # fmt: skip
    found = await invoiced(manager, await account())
    kept = [(await paid(manager, found["id"], "25"))["id"] for _ in range(4)]
    for id in kept[:2]:
        done(await manager.delete(f"{PAYMENTS}/{id}"))
    path = f"{INVOICES}/{found['id']}"
    pay = {"invoice_id": found["id"], "amount": cny("25")}
    answers = await asyncio.gather(
        *(manager.post(f"{PAYMENTS}/{id}/restore") for id in kept[:2]),
        *(manager.delete(f"{PAYMENTS}/{id}") for id in kept[2:]),
        *(manager.post(PAYMENTS, json=pay) for _ in range(4)),
        manager.patch(path, json={"notes": "Meanwhile", "team_id": str(organisation.teams["a"])}),
        manager.post(path + "/void", json={"reason": "x"}), manager.delete(path),
    )  # fmt: skip
    assert all(answer.status_code < 500 for answer in answers), [a.text for a in answers]
    assert {a.status_code for a in answers} <= {200, 201, 409, 422}
    (row,) = await service_database.fetch(organisation.id, SUMS, organisation.id, found["id"])
    assert row["paid"] == row["came_in"] <= 100
    left = await got(manager, INVOICES, found["id"])
    assert {each["team_id"] for each in done(await manager.get(PAYMENTS))["data"]} <= {
        left["team_id"]
    }


async def test_a_payment_that_is_sent_again_counts_once(
    manager: httpx.AsyncClient, account: Known
) -> None:
    found = await invoiced(manager, await account())
    whole = {"id": str(new_id()), "invoice_id": found["id"], "amount": cny("100")}
    key = {"idempotency-key": "once"}
    first = done(await manager.post(PAYMENTS, json=whole, headers=key), 201)
    assert done(await manager.post(PAYMENTS, json=whole, headers=key), 201) == first
    assert done(await manager.post(PAYMENTS, json=whole)) == first  # by its id, though all is paid
    other = await manager.post(PAYMENTS, json=whole | {"amount": cny("99")})
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")
    assert (await got(manager, INVOICES, found["id"]))["version"] == 2


async def test_a_batch_pays_as_far_as_it_goes_or_not_at_all(
    manager: httpx.AsyncClient, account: Known
) -> None:
    found = await invoiced(manager, await account())
    operations = [
        {"op": "create", "data": {"invoice_id": found["id"], "amount": cny(amount)}}
        for amount in ("60", "60", "40")
    ]
    whole = {"mode": "all_or_nothing", "operations": operations}
    assert (await manager.post(PAYMENTS + "/batch", json=whole)).status_code == 422
    assert await got(manager, INVOICES, found["id"]) == found
    results = done(await manager.post(PAYMENTS + "/batch", json=whole | {"mode": "independent"}))[
        "results"
    ]
    assert [each["status"] for each in results] == [201, 422, 201]
    assert (await got(manager, INVOICES, found["id"]))["status"] == "paid"


async def test_a_payment_comes_back_with_its_invoice_there_and_room_on_it(
    manager: httpx.AsyncClient, account: Known
) -> None:
    found = await invoiced(manager, await account())
    gone = await paid(manager, found["id"], "60")
    done(await manager.delete(f"{PAYMENTS}/{gone['id']}"))
    other = await paid(manager, found["id"], "50")
    back = f"{PAYMENTS}/{gone['id']}/restore"
    assert refused(await manager.post(back), 422, "too_much", "amount") == "At most 50.00 CNY."
    done(await manager.delete(f"{PAYMENTS}/{other['id']}"))
    done(await manager.delete(f"{INVOICES}/{found['id']}"))
    refused(await manager.post(back), 409, "invoice_status", "invoice_id")
    done(await manager.post(f"{INVOICES}/{found['id']}/restore"))
    done(await manager.post(back))
    assert (await got(manager, INVOICES, found["id"]))["paid"] == cny("60.00")


async def test_merges_of_accounts_take_invoices_and_payments_along_and_back(
    manager: httpx.AsyncClient, organisation: Organisation, account: Known, heard: Heard
) -> None:
    source, survivor = await account("Old"), await account("New")
    ours, theirs = await invoiced(manager, source), await invoiced(manager, survivor)
    before = await paid(manager, ours["id"], "10")
    gone = await paid(manager, ours["id"], "5")
    done(await manager.delete(f"{PAYMENTS}/{gone['id']}"))
    other = await paid(manager, theirs["id"], "20")
    merge = str(new_id())
    for event in merged_told(organisation, "account", merge, [source], survivor, "New", version=2):
        await heard(event)
    meanwhile = await paid(manager, ours["id"], "30")
    assert (await got(manager, INVOICES, ours["id"]))["account_id"] == survivor
    assert (await got(manager, PAYMENTS, before["id"]))["account_id"] == survivor
    assert meanwhile["account_id"] == survivor
    listed = done(await manager.get(f"{PAYMENTS}?account_id={survivor}"))["data"]
    assert len(listed) == 3
    for event in merged_told(
        organisation, "account", merge, [source], survivor, "New", version=3, verb="unmerged"
    ):
        await heard(event)
    done(await manager.post(f"{PAYMENTS}/{gone['id']}/restore"))
    assert (await got(manager, INVOICES, ours["id"]))["account_id"] == source
    for payment in (before, gone, meanwhile):  # theirs as their invoice is
        assert (await got(manager, PAYMENTS, payment["id"]))["account_id"] == source
    assert (await got(manager, PAYMENTS, other["id"]))["account_id"] == survivor
    assert (await got(manager, INVOICES, ours["id"]))["paid"] == cny("45.00")


async def test_days_are_those_of_the_organisation(
    manager: httpx.AsyncClient, account: Known
) -> None:
    found = await invoiced(manager, await account())
    payment = await paid(manager, found["id"], "1")
    assert payment["received_on"] == found["issued_on"]
    tomorrow = date.fromisoformat(found["issued_on"]) + timedelta(days=2)
    pay = {"invoice_id": found["id"], "amount": cny("1"), "received_on": tomorrow.isoformat()}
    refused(await manager.post(PAYMENTS, json=pay), 422, "invalid", "received_on")
    await made(
        manager, INVOICES, account_id=found["account_id"], amount=cny("1"), issued_on=str(tomorrow)
    )
