"""Kept files of imports and exports that name somebody go with them; others stay."""

from typing import Any

import pytest

from guanxi_shared.worker import Worker
from tests.contacts.transfers.sending import Sender
from tests.deadlines import until
from tests.dumping import Dump
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known, Stages
from tests.pipeline.privacy.test_erasure import erased, ok
from tests.pipeline.transfers.conftest import (  # noqa: F401
    chunk_rows,
    send,
    worker,
    worker_environment,
)

TABLE = "name,account,notes\nDeal,{name},Met {name}\nBroken,Nobody Known Here,{name}\n"


async def ended(client: Any, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    path, last = answer.headers["location"], {}

    async def is_over() -> bool:
        nonlocal last
        last = (await client.get(path)).json()
        return last["status"] in ("done", "failed")

    await until(is_over)
    assert last["status"] == "done", last
    return last


@pytest.mark.parametrize("name", ["CanaryPaper Family", "金丝雀"])
async def test_files_that_name_somebody_are_deleted_and_others_stay(
    client: Clients, organisation: Organisation, stages: Stages, account: Known, heard: Heard,
    dump: Dump, send: Sender, worker: Worker, name: str,  # noqa: F811
) -> None:  # fmt: skip
    admin = client(organisation.admin)
    account_id = await account(name)
    for table in ("name\nHarmless\n", TABLE.format(name=name)):
        assert (await send(table))["job"]["status"] == "done"
    await ended(
        admin, await admin.post("/v1/exports", json={"resource": "opportunities", "format": "csv"})
    )
    assert {each.partition(".")[0] for each in await dump.places_of(name)} > {"pipeline"}
    await heard(erased(organisation, "account", account_id))

    async def is_clean() -> bool:
        return await dump.places_of(name) == []

    await until(is_clean)
    kept = await dump.places_of("Harmless")
    assert any(not each.startswith("pipeline.") for each in kept), kept
    deals = (await ok(await admin.get("/v1/opportunities")))["data"]
    assert {deal["name"] for deal in deals} >= {"Deal", "Harmless"}
    assert all(deal["description"] is None for deal in deals)


async def test_files_of_quotes_go_with_the_account_that_they_name(
    client: Clients, organisation: Organisation, account: Known, heard: Heard, dump: Dump,
    send: Sender, worker: Worker,  # noqa: F811
) -> None:  # fmt: skip
    admin, quotes, name = client(organisation.admin), send.of("quotes"), "QuoteCanary & Sons"
    account_id = await account(name)
    header, row = "name,account,product,quantity,unit_price\n", "{0},{1},Desk,1,5\n"
    for table in (
        header + row.format("Harmless offer", ""),
        header + row.format(f"For {name}", name) + row.format("Broken", f"{name} again"),
    ):
        assert (await quotes(table))["job"]["status"] == "done"
    asked = {"resource": "quotes", "format": "csv"}
    await ended(admin, await admin.post("/v1/exports", json=asked))
    files = [each for each in await dump.places_of(name) if not each.startswith("pipeline.")]
    assert len(files) == 2, files  # what came in, and what went out
    await heard(erased(organisation, "account", account_id))

    async def is_clean() -> bool:
        return await dump.places_of(name) == []

    await until(is_clean)
    kept = await dump.places_of("Harmless offer")
    assert any(not each.startswith("pipeline.") for each in kept), kept
    left = {each["name"]: each["total"]["amount"] for each in await quotes.records()}
    assert left == {"Harmless offer": "5.00", "": "5.00"}


@pytest.mark.parametrize("format", ["csv", "xlsx", "ndjson"])
async def test_files_of_leads_go_with_the_lead_that_they_name(
    client: Clients, organisation: Organisation, stages: Stages, dump: Dump,
    send: Sender, worker: Worker, format: str,  # noqa: F811
) -> None:  # fmt: skip
    admin, leads = client(organisation.admin), send.of("leads")
    row = "{name},way@canary.example,13700137666"
    secret = f"name,email,phone,status\n{row},new\n{row},refused\n"
    for table in ("name,email\nHarmless,h@x.example\n", secret.format(name="LeadCanary")):
        assert (await leads(table))["job"]["status"] == "done"
    by_name = {each["name"]: each for each in await leads.records()}
    asked = {"resource": "leads", "format": format}
    await ended(admin, await admin.post("/v1/exports", json=asked))
    filters = [{"field": "name", "operator": "eq", "value": "Harmless"}]
    others = {"document": {"filter_groups": [{"filters": filters}]}}
    await ended(admin, await admin.post("/v1/exports", json=asked | others))
    files = await dump.places_of("canary")
    assert any(not each.startswith(("pipeline.", "public.")) for each in files), files
    gone = await admin.post(
        f"/v1/leads/{by_name['LeadCanary']['id']}/erase", json={"reason": "subject_request"}
    )
    assert gone.status_code == 200, gone.text

    async def is_clean() -> bool:
        return await dump.places_of("LeadCanary", "way@canary.example", "13700137666") == []

    await until(is_clean)
    kept = [each for each in await dump.places_of("Harmless") if not each.startswith("pipeline.")]
    if format == "xlsx":  # squeezed: the words do not stand in it as they are
        assert any(each.endswith("Harmless") for each in kept), kept
    else:
        assert len(kept) >= 2, kept


async def test_files_and_refused_rows_of_months_go_with_the_account_that_they_name(
    client: Clients, organisation: Organisation, account: Known, heard: Heard, dump: Dump,
    send: Sender, worker: Worker,  # noqa: F811
) -> None:  # fmt: skip
    admin, stock = client(organisation.admin), send.of("stock-reports")
    name = "CanaryStore Family"
    account_id = await account(name)
    await account("Harmless")
    for each in ("Harmless", name):
        table = f"account,sku,month,opening,note\n{each},A,2026-01,5,By {each}\n{each},A,soon,5,\n"
        done = await stock(table)
        assert (done["job"]["counts"]["created"], done["job"]["errors"]) == (1, 1)
    asked = {"resource": "stock-reports", "format": "csv"}
    await ended(admin, await admin.post("/v1/exports", json=asked))
    await heard(erased(organisation, "account", account_id))

    async def is_clean() -> bool:
        return await dump.places_of(name) == []

    await until(is_clean)
    kept = await dump.places_of("Harmless")
    assert any(not each.startswith("pipeline.") for each in kept), kept
    reports = (await ok(await admin.get("/v1/orders/stock-reports")))["data"]
    assert sorted(str(each["note"]) for each in reports) == ["By Harmless", "None"]
