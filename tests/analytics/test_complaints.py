"""Complaints as measures: by root cause, product, queue and person, each figure with its rounds."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from guanxi_analytics.facts.writing import write_facts
from tests.analytics.asking import account_made, asked, cells
from tests.analytics.complaining import CAUSES, done, stepped
from tests.analytics.conftest import Hear
from tests.factories import Clients, Organisation
from tests.pipeline.products.selling import product
from tests.tickets.company import PATH, made

REPORTS = "/v1/analytics/reports"


async def cause(desk: Any, name: str) -> str:
    return str((await done(desk, "POST", CAUSES, name=name))["id"])


@pytest.fixture
async def worked(
    everywhere: Organisation, sales: Clients, customers: Clients, desk: Clients, hear: Hear
) -> dict[str, str]:
    """Two complaints about a pump, one of them of `Old` and solved with an action done, and one about nothing."""
    admin = desk(everywhere.admin)
    pump = await product(sales(everywhere.admin), "P-1", name="Pump", category="machines")
    account = await account_made(
        customers(everywhere.admin), sales(everywhere.admin), "Acme", industry="steel"
    )
    old, new = await cause(admin, "Old"), await cause(admin, "New")
    about = {"kind": "complaint", "product_id": pump["id"], "account_id": account}
    first = await made(admin, "It leaks", assignee_id=str(everywhere.rep.id), **about)
    second = await made(admin, "It drips", **about)
    other = await made(admin, "Too slow", kind="complaint")
    loop = f"{PATH}/{first['id']}/loop"
    await stepped(admin, first["id"], "listen", "complete")
    await stepped(admin, first["id"], "act", "complete")
    await stepped(admin, first["id"], "resources", "skip")
    await done(admin, "PATCH", loop, root_cause_id=old)
    action = await done(admin, "POST", f"{loop}/actions", body="Check seals")
    await done(admin, "POST", f"{loop}/actions", body="Train people")
    await done(admin, "POST", f"{loop}/actions/{action['id']}/finish")
    await done(admin, "POST", f"{loop}/actions/{action['id']}/check", effect="effective")
    await done(admin, "POST", f"{PATH}/{first['id']}/move", status="solved")
    await done(admin, "PATCH", f"{PATH}/{second['id']}/loop", root_cause_id=new)
    await made(admin, "A question", product_id=pump["id"])
    await hear()
    return {
        "old": old, "new": new, "first": first["id"], "second": second["id"], "other": other["id"], "account": account,
        "pump": pump["id"],
    }  # fmt: skip


async def test_complaints_are_told_apart_by_cause_and_product_and_lead_to_their_rounds(
    worked: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    admin = client(everywhere.admin)
    measures = (
        "complaints", "complaint_rounds", "action_done", "cause_found", "steps_done", "steps_skipped", "complaint_days",
    )  # fmt: skip
    found = await asked(admin, *measures, dimensions=["root_cause"])
    assert cells(found, "complaints") == {(worked["old"],): 1, (worked["new"],): 1, (None,): 1}
    assert cells(found, "action_done") == {(worked["old"],): 100, (worked["new"],): 0, (None,): 0}
    assert cells(found, "steps_done")[(worked["old"],)] == 33.3333
    assert cells(found, "steps_skipped")[(worked["old"],)] == 16.6667
    days = cells(found, "complaint_days")
    assert days[(worked["new"],)] is None
    assert days[(worked["old"],)] >= 0
    assert found["names"]["root_cause"] == {worked["old"]: "Old", worked["new"]: "New"}
    assert found["totals"][0]["values"]["cause_found"] == 66.6667
    own = next(row for row in found["rows"] if row["dimensions"]["root_cause"] == worked["old"])
    [records] = own["records"]
    shown = (await admin.post(records["path"], json=records["body"])).json()["data"]
    assert [(row["ticket_id"], row["number"], row["done_steps"]) for row in shown] == [
        (worked["first"], 1, 2)
    ]
    by_product = await asked(admin, "complaints", "corrective_actions", "actions_done", "actions_effective",
                             dimensions=["product"])  # fmt: skip
    assert cells(by_product, "complaints") == {("Pump",): 2, (None,): 1}
    assert cells(by_product, "corrective_actions") == {("Pump",): 2, (None,): 0}
    assert cells(by_product, "actions_done")[("Pump",)] == 50
    assert cells(by_product, "actions_effective")[("Pump",)] == 100
    pump = next(row for row in by_product["rows"] if row["dimensions"]["product"] == "Pump")
    told = {}
    for each in pump["records"]:
        answer = await admin.post(each["path"], json=each["body"])
        assert answer.status_code == 200, answer.text
        told[each["path"].split("/")[-2]] = {row["ticket_id"] for row in answer.json()["data"]}
    assert told == {"complaints": {worked["first"], worked["second"]}, "corrective_actions": {worked["first"]}}  # fmt: skip


@pytest.mark.parametrize(
    ("dimension", "first"),
    [("industry", "steel"), ("sku", "P-1"), ("category", "machines"), ("owner", None), ("month", None),
     ("queue", None), ("team", None), ("account", None), ("priority", None), ("channel", None)],
)  # fmt: skip
async def test_every_dimension_of_complaints_leads_to_its_rounds(
    worked: dict[str, str], everywhere: Organisation, client: Clients, dimension: str, first: Any
) -> None:
    admin = client(everywhere.admin)
    found = await asked(admin, "complaint_rounds", "corrective_actions", dimensions=[dimension])
    assert first is None or cells(found, "complaint_rounds")[(first,)] == 2
    assert sum(cells(found, "complaint_rounds").values()) == 3
    for row in found["rows"]:
        for records, name in zip(
            row["records"], ("complaint_rounds", "corrective_actions"), strict=True
        ):
            answer = await admin.post(records["path"], json=records["body"])
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["data"]) == row["values"][name]


async def test_a_merged_cause_is_counted_with_the_other_one_and_was_not_before(
    worked: dict[str, str], everywhere: Organisation, desk: Clients, client: Clients, hear: Hear
) -> None:
    admin, reader = desk(everywhere.admin), client(everywhere.admin)
    moment = datetime.now(UTC).isoformat()
    last = await cause(admin, "Last")
    await done(admin, "POST", f"{CAUSES}/{worked['old']}/merge", into_id=worked["new"])
    await done(admin, "POST", f"{CAUSES}/{worked['new']}/merge", into_id=last)
    await hear()
    found = await asked(reader, "complaints", dimensions=["root_cause"])
    assert cells(found, "complaints") == {(last,): 2, (None,): 1}
    assert found["names"]["root_cause"] == {last: "Last"}
    [records] = found["rows"][0]["records"]
    shown = (await reader.post(records["path"], json=records["body"])).json()["data"]
    assert {row["ticket_id"] for row in shown} == {worked["first"], worked["second"]}
    past = await asked(reader, "complaints", dimensions=["root_cause"], as_of=moment)
    assert cells(past, "complaints") == {(worked["old"],): 1, (worked["new"],): 1, (None,): 1}


async def test_tickets_are_told_apart_by_agent_queue_and_product(
    worked: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    admin = client(everywhere.admin)
    for measure, pumps in (("tickets_opened", 3), ("tickets_solved", 1), ("backlog", 2)):
        found = await asked(admin, measure, dimensions=["owner", "queue", "product"])
        rows = [row for row in found["rows"] if row["dimensions"]["product"] == "Pump"]
        assert sum(row["values"][measure] for row in rows) == pumps
        for row in rows:
            [records] = row["records"]
            answer = await admin.post(records["path"], json=records["body"])
            assert len(answer.json()["data"]) == row["values"][measure]


async def test_a_product_that_is_renamed_had_its_other_name(
    worked: dict[str, str], everywhere: Organisation, sales: Clients, client: Clients, hear: Hear
) -> None:
    admin = client(everywhere.admin)
    moment = datetime.now(UTC).isoformat()
    renamed = await done(sales(everywhere.admin), "PATCH", f"/v1/products/{worked['pump']}", name="Pump 2")  # fmt: skip
    await hear()
    found = await asked(admin, "complaints", dimensions=["product"])
    assert cells(found, "complaints") == {("Pump 2",): 2, (None,): 1}
    past = await asked(admin, "complaints", dimensions=["product"], as_of=moment)
    assert cells(past, "complaints") == {("Pump",): 2, (None,): 1}
    assert renamed["name"] == "Pump 2"


async def test_complaints_are_internal_as_notes_are(
    worked: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    """Whoever may not read notes reads none of it; whoever sees other tickets counts those."""
    blind = everywhere.rep.but(permissions=("analytics:read", "tickets:read"))
    for measure in ("complaints", "corrective_actions"):
        body = {"measures": [measure]}
        refused = await client(blind).post("/v1/analytics/query", json=body)
        assert refused.status_code == 403
        assert "ticket-notes:read" in refused.text
        path = f"/v1/analytics/facts/{measure}/search"
        assert (await client(blind).post(path, json={})).status_code == 403
    assert (await client(blind).get(f"{REPORTS}/complaints-by-product/run")).status_code == 403
    own = await asked(client(everywhere.rep), "complaints", "corrective_actions")
    assert own["totals"][0]["values"] == {"complaints": 1, "corrective_actions": 2}
    others = await asked(client(everywhere.other_rep), "complaints", "corrective_actions")
    assert others["totals"][0]["values"] == {"complaints": 0, "corrective_actions": 0}


@pytest.mark.parametrize("report", ["complaints-by-root-cause", "complaints-by-product"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_complaints_come_as_pictures_and_tables(
    worked: dict[str, str], everywhere: Organisation, client: Clients, report: str, language: str
) -> None:
    run = f"{REPORTS}/{report}/run?language={language}"
    admin = client(everywhere.admin)
    drawn = await admin.get(f"{run}&format=svg")
    assert drawn.status_code == 200, drawn.text
    assert drawn.text.startswith("<?xml")
    png = await admin.get(f"{run}&format=png")
    assert png.content.startswith(b"\x89PNG")
    table = (await admin.get(f"{run}&format=csv")).text
    assert ("Old" if "cause" in report else "Pump") in table


async def test_a_cause_that_is_not_known_here_stands_by_its_id(
    everywhere: Organisation, client: Clients, service_database: Any
) -> None:
    """Of a service that was updated and has not heard the causes yet."""
    ticket, round_, unknown = uuid4(), uuid4(), uuid4()
    common = {"version": 1, "occurred_at": "2026-03-01T10:00:00Z"}
    state = {"id": str(ticket), "account_id": None, "requester_id": None, "product_id": None, "queue_id": None,
             "assignee_id": None, "team_id": None, "kind": "complaint", "priority": "low", "status_kind": "open",
             "channel": "phone", "created_at": "2026-03-01T10:00:00Z", "first_responded_at": None, "solved_at": None,
             "reopened_count": 0, "sla": None}  # fmt: skip
    begun = {"id": str(round_), "ticket_id": str(ticket), "number": 1, "started_at": "2026-03-01T10:00:00Z",
             "ended_at": None, "done_steps": [], "skipped_steps": [], "open_steps": ["act"], "root_cause_id": str(unknown)}  # fmt: skip
    events = [
        {"type": "tickets.ticket.created", "subject_type": "ticket", "subject_id": ticket, "after": state, **common},
        {"type": "tickets.loop.round_started", "subject_type": "loop", "subject_id": round_, "after": begun, **common},
    ]  # fmt: skip
    async with service_database.transaction(everywhere.id) as connection:
        await write_facts(connection, everywhere.id, "tickets", events)
    found = await asked(client(everywhere.admin), "complaints", dimensions=["root_cause"])
    assert cells(found, "complaints") == {(str(unknown),): 1}
