"""What accounts may claim: found when a ticket is made, used up exactly, given back, renewed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from guanxi_shared.db import Database
from guanxi_tickets.entitlements.reminding import remind_of_entitlements
from tests.factories import Clients, Organisation
from tests.pipeline.telling import account_told
from tests.tickets.company import PATH, made, told_of
from tests.tickets.conftest import Heard, Known
from tests.tickets.past import owning
from tests.tickets.test_references import merged_told

ENTITLEMENTS, SETTINGS = "/v1/entitlements", f"{PATH}/settings"
TODAY = datetime.now(UTC).date()


async def granted(user: httpx.AsyncClient, account_id: str, **sent: Any) -> dict[str, Any]:
    body = {
        "name": "Gold", "account_id": account_id, "unit": "incidents", "granted": "5", "time_zone": "UTC",
        "valid_from": str(TODAY - timedelta(days=10)), "valid_until": str(TODAY + timedelta(days=100)),
        **sent,
    }  # fmt: skip
    answer = await user.post(ENTITLEMENTS, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def state(user: httpx.AsyncClient, one: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await user.get(f"{ENTITLEMENTS}/{one['id']}")).json()
    return found


async def lines(user: httpx.AsyncClient, one: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await user.get(f"{ENTITLEMENTS}/{one['id']}/usage")).json()[
        "data"
    ]
    return found


async def decide(user: httpx.AsyncClient, what: str) -> None:
    assert (await user.patch(SETTINGS, json={"without_entitlement": what})).status_code == 200


async def test_of_twenty_tickets_at_once_on_five_incidents_five_are_entitled(
    client: Clients, company: Organisation, account: Known
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    account_id = await account()
    one = await granted(admin, account_id)
    await decide(admin, "mark")
    tickets = await asyncio.gather(*(made(rep, account_id=account_id) for _ in range(20)))
    entitled = [each for each in tickets if each["is_entitled"]]
    assert len(entitled) == 5
    assert {each["entitlement_id"] for each in entitled} == {one["id"]}
    assert [each["is_entitled"] for each in tickets].count(False) == 15
    now = await state(admin, one)
    assert (now["used"], now["remaining"], now["version"]) == (5, 0, 6)
    booked = await lines(admin, one)
    assert sorted(each["ticket_id"] for each in booked) == sorted(each["id"] for each in entitled)
    assert {(each["amount"], each["why"]) for each in booked} == {(1, "ticket")}


async def test_a_ticket_without_is_allowed_marked_or_refused_with_the_reason(
    client: Clients, company: Organisation, account: Known
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    account_id = await account()
    assert (await made(rep, account_id=account_id))["is_entitled"] is None
    await granted(admin, account_id, valid_from="2020-01-01", valid_until="2020-12-31")
    assert (await made(rep, account_id=account_id))["is_entitled"] is None
    await decide(admin, "mark")
    assert (await made(rep, account_id=account_id))["is_entitled"] is False
    await decide(admin, "refuse")
    before = (await rep.get(f"{PATH}?total=exact")).json()["page"]["total"]
    answer = await rep.post(PATH, json={"subject": "x", "account_id": account_id})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_entitled")
    assert "Gold ended on 2020-12-31" in answer.json()["errors"]["account_id"]
    other = await rep.post(PATH, json={"subject": "x", "account_id": await account("Other")})
    assert "no entitlement" in other.json()["errors"]["account_id"]
    assert (await rep.get(f"{PATH}?total=exact")).json()["page"]["total"] == before


async def test_it_covers_kinds_products_hours_and_accounts_below(
    client: Clients, company: Organisation, account: Known, heard: Heard, always: str
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    await decide(admin, "mark")
    parent, child, product = await account("Parent"), str(uuid4()), str(uuid4())
    told = account_told(company.id, child, "Child", owner_id=company.rep.id)
    told["after"]["parent_id"] = parent
    await heard(told)
    one = await granted(admin, parent, kinds=["incident"], granted=None, name="Own")
    assert (await made(rep, account_id=parent))["is_entitled"] is False
    assert (await made(rep, account_id=parent, kind="incident"))["entitlement_id"] == one["id"]
    assert (await made(rep, account_id=child, kind="incident"))["is_entitled"] is False
    whole = await granted(admin, parent, covers_children=True, product_id=product, name="Product")
    below = await made(rep, account_id=child, product_id=product)
    assert below["entitlement_id"] == whole["id"]
    assert (await made(rep, account_id=child))["is_entitled"] is False
    closed = {"name": "Never", "time_zone": "UTC", "hours": {}}
    calendar = (await admin.post("/v1/business-calendars", json=closed)).json()
    await granted(admin, child, calendar_id=calendar["id"])
    assert (await made(rep, account_id=child))["is_entitled"] is False
    opened = await granted(admin, child, calendar_id=always)
    assert (await made(rep, account_id=child))["entitlement_id"] == opened["id"]


async def test_its_policy_is_the_tickets_whatever_filters_say(
    client: Clients, company: Organisation, account: Known, always: str
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    targets = {"normal": {"resolution": {"seconds": 3600}}}
    policies = [
        (await admin.post(
            "/v1/sla-policies",
            json={"name": name, "position": n, "calendar_id": always, "targets": targets},
        )).json()["id"]
        for n, name in enumerate(("All", "Gold"))
    ]  # fmt: skip
    account_id = await account()
    await granted(admin, account_id, granted="1", sla_policy_id=policies[1])
    first, second = [await made(rep, account_id=account_id) for _ in range(2)]
    assert [each["sla_policy_id"] for each in (first, second)] == [policies[1], policies[0]]
    unknown = await admin.post(
        ENTITLEMENTS,
        json={
            "name": "x", "account_id": account_id, "unit": "hours", "valid_from": "2026-01-01",
            "valid_until": "2026-01-02", "sla_policy_id": str(uuid4()),
        },
    )  # fmt: skip
    assert list(unknown.json()["errors"]) == ["sla_policy_id"]


async def test_deleted_and_merged_tickets_give_their_incident_back(
    client: Clients, company: Organisation, account: Known
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    account_id = await account()
    one = await granted(admin, account_id, granted="2")
    first, second = [await made(rep, account_id=account_id) for _ in range(2)]
    path = f"{PATH}/{first['id']}"
    await rep.delete(path)
    assert (await state(admin, one))["used"] == 1
    assert (await rep.post(f"{path}/restore")).json()["is_entitled"] is True
    assert (await state(admin, one))["used"] == 2
    await rep.delete(path)
    third = await made(rep, account_id=account_id)
    assert third["is_entitled"] is True
    gone = (await rep.post(f"{path}/restore")).json()  # another one has it now
    assert (gone["is_entitled"], gone["entitlement_id"]) == (False, None)
    merge = {"survivor_id": second["id"], "source_ids": [third["id"]]}
    merged = (await rep.post(f"{PATH}/merges", json=merge)).json()
    assert (await state(admin, one))["used"] == 1
    assert (await rep.post(f"{PATH}/merges/{merged['id']}/undo")).status_code == 200
    assert (await state(admin, one))["used"] == 2
    whys = [(each["why"], each["amount"]) for each in await lines(admin, one)]
    assert whys == [
        ("ticket", 1), ("ticket", 1), ("deleted", -1), ("restored", 1), ("deleted", -1), ("ticket", 1),
        ("merged", -1), ("unmerged", 1),
    ]  # fmt: skip


async def test_hours_are_booked_by_hand_and_corrected_by_a_contra_entry(
    client: Clients, company: Organisation, account: Known
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    account_id = await account()
    one = await granted(admin, account_id, unit="hours", granted="10.50")
    ticket = await made(rep, account_id=account_id)
    assert (ticket["entitlement_id"], (await state(admin, one))["used"]) == (one["id"], 0)
    usage = f"{ENTITLEMENTS}/{one['id']}/usage"
    body = {"amount": "0.1", "ticket_id": ticket["id"], "note": "phone"}
    answers = await asyncio.gather(*(admin.post(usage, json=body) for _ in range(3)))
    assert [each.status_code for each in answers] == [200] * 3
    assert (await state(admin, one))["remaining"] == 10.2
    more = await admin.post(usage, json={"amount": "10.21"})
    assert (more.status_code, more.json()["code"]) == (409, "entitlement_used_up")
    first = (await lines(admin, one))[0]
    reverse = f"{usage}/{first['id']}/reverse"
    answers = await asyncio.gather(*(admin.post(reverse, json={"note": "x"}) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    last = (await lines(admin, one))[-1]
    assert (last["amount"], last["reverses_id"]) == (-0.1, first["id"])
    again = await admin.post(f"{usage}/{last['id']}/reverse", json={"note": "x"})
    assert again.json()["code"] == "booking_reversed"
    assert (await state(admin, one))["used"] == 0.2
    for sent, named in (
        ({"amount": "0"}, "amount"), ({"amount": "0.001"}, "amount"), ({"amount": "1", "ticket_id": str(uuid4())}, "ticket_id"),
    ):  # fmt: skip
        answer = await admin.post(usage, json=sent)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [named])
    less = await admin.patch(f"{ENTITLEMENTS}/{one['id']}", json={"granted": "0.1"})
    assert list(less.json()["errors"]) == ["granted"]
    page = (await admin.get(f"{usage}?limit=1")).json()
    rest = (await admin.get(f"{usage}?cursor={page['page']['next_cursor']}")).json()
    assert [each["id"] for each in page["data"] + rest["data"]] == [
        each["id"] for each in await lines(admin, one)
    ]
    assert (await rep.post(usage, json=body)).status_code == 403


async def test_it_is_renewed_once_and_its_end_is_told_once(
    client: Clients,
    company: Organisation,
    account: Known,
    database: Any,
    service_database: Database,
) -> None:
    admin = client(company.admin)
    account_id = await account()
    one, two = [
        await granted(admin, account_id, valid_until=str(TODAY + timedelta(days=20)), name=name)
        for name in ("One", "Two")
    ]
    later = await granted(admin, account_id)
    path = f"{ENTITLEMENTS}/{one['id']}/renew"
    sent = {"valid_until": str(TODAY + timedelta(days=385)), "granted": "7"}
    answers = await asyncio.gather(*(admin.post(path, json=sent) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409]
    following = next(each.json() for each in answers if each.status_code == 201)
    assert following["renewed_from_id"] == one["id"]
    assert following["valid_from"] == str(TODAY + timedelta(days=21))
    assert (following["granted"], following["used"], following["name"]) == (7, 0, "One")
    for again in (
        admin.delete(f"{ENTITLEMENTS}/{one['id']}"), admin.post(f"{ENTITLEMENTS}/{one['id']}/restore")
    ):  # fmt: skip
        assert (await again).status_code == 200
    for _ in range(2):
        await asyncio.gather(*(remind_of_entitlements.duty(service_database) for _ in range(3)))
    assert (await told_of(admin, two["id"])).count("tickets.entitlement.ending") == 1
    assert (await state(admin, two))["reminded_at"]
    for each in (one, later, following):
        assert "tickets.entitlement.ending" not in await told_of(admin, each["id"])
    async with owning(database.admin_url) as owner:
        await owner.execute("SET enable_seqscan = off")
        plan = "\n".join(
            row[0] for row in await owner.fetch(
                "EXPLAIN SELECT id FROM entitlements WHERE next_at IS NOT NULL AND next_at <= now() ORDER BY next_at LIMIT 200"
            )
        )  # fmt: skip
    assert "ix_entitlements_next_at" in plan


async def test_it_follows_merges_of_accounts_there_and_back(
    client: Clients, company: Organisation, account: Known, heard: Heard
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    source, survivor = await account("Source"), await account("Survivor")
    one = await granted(admin, source)
    merge = str(uuid4())
    for event in merged_told(company, "account", merge, [source], survivor, version=2):
        await heard(event)
    assert (await state(admin, one))["account_id"] == survivor
    assert (await made(rep, account_id=survivor))["entitlement_id"] == one["id"]
    back = merged_told(company, "account", merge, [source], survivor, version=3, verb="unmerged")
    for event in back:
        await heard(event)
    assert (await state(admin, one))["account_id"] == source


async def test_it_keeps_its_past_and_is_seen_by_those_who_serve(
    client: Clients, company: Organisation, account: Known, other_organisation: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    one = await granted(admin, await account())
    path = f"{ENTITLEMENTS}/{one['id']}"
    changed = await admin.patch(path, json={"name": "Silver"}, headers={"if-match": '"1"'})
    assert changed.json()["name"] == "Silver"
    assert (await admin.get(f"{path}?as_of={one['created_at']}")).json()["name"] == "Gold"
    assert (await rep.get(path)).status_code == 200  # agents see what customers may claim
    assert (await client(other_organisation.admin).get(path)).status_code == 404
    assert (await client(company.users["read_only"]).get(path)).status_code == 404
    for day in ("2000-01-01", None):
        wrong = await admin.patch(path, json={"valid_until": day})
        assert list(wrong.json()["errors"]) == ["valid_until"]
    assert (await admin.delete(path)).status_code == 200
    assert (await admin.post(f"{path}/restore")).status_code == 200


@pytest.mark.parametrize("unit", ["incidents", "hours"])
async def test_a_batch_grants_many(
    client: Clients, company: Organisation, account: Known, unit: str
) -> None:
    admin, account_id = client(company.admin), await account()
    data = {
        "name": "x", "account_id": account_id, "unit": unit, "valid_from": "2026-01-01", "valid_until": "2026-12-31",
    }  # fmt: skip
    operations = [{"op": "create", "data": {**data, "external_id": str(n)}} for n in range(3)]
    body = {"mode": "all_or_nothing", "operations": operations}
    answer = await admin.post(f"{ENTITLEMENTS}/batch", json=body)
    assert answer.status_code == 200, answer.text
    found = (await admin.get(f"{ENTITLEMENTS}?unit={unit}&total=exact")).json()
    assert found["page"]["total"] == 3
