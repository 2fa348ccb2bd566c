"""Calendars, policies, and the clocks of tickets explained."""

from datetime import datetime
from typing import Any

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved
from tests.tickets.conftest import Known
from tests.tickets.past import setting_back
from tests.tickets.promising import (
    CALENDARS,
    OFFICE,
    POLICIES,
    SHANGHAI,
    clocks,
    policy,
    sent,
)


def adds_up(clock: dict[str, Any]) -> None:
    counted = [each for each in clock["stretches"] if each["state"] == "counted"]
    assert sum(each["seconds"] for each in counted) == clock["elapsed_seconds"]
    for before, after in zip(clock["stretches"], clock["stretches"][1:], strict=False):
        assert before["to"] == after["from"]
    for each in clock["stretches"]:
        length = datetime.fromisoformat(each["to"]) - datetime.fromisoformat(each["from"])
        assert length.total_seconds() == each["seconds"]


async def test_a_calendar_is_kept_as_it_was_said(client: Clients, company: Organisation) -> None:
    admin, rep = client(company.admin), client(company.rep)
    kept = await sent(admin, CALENDARS, SHANGHAI)
    assert {name: kept[name] for name in SHANGHAI} == SHANGHAI
    path = f"{CALENDARS}/{kept['id']}"
    assert (await rep.get(path)).json() == kept
    assert (await rep.patch(path, json={"name": "x"})).status_code == 403
    changed = await admin.patch(
        path, json={"hours": {"monday": OFFICE}}, headers={"if-match": '"1"'}
    )
    assert (changed.status_code, changed.json()["hours"]) == (200, {"monday": OFFICE})
    assert (await admin.post(CALENDARS, json=SHANGHAI)).status_code == 409  # the name is taken
    assert (await admin.delete(path)).status_code == 200
    assert (await rep.get(path)).status_code == 404


async def test_what_is_wrong_with_a_calendar_or_a_policy_is_named(
    client: Clients, company: Organisation, always: str
) -> None:
    admin = client(company.admin)
    overlapping = {"monday": [OFFICE[0], {"from": "11:00", "to": "13:00"}]}
    broken = [{"filters": [{"field": "nothing", "operator": "eq", "value": 1}]}]
    for path, base, more, field in (
        (CALENDARS, SHANGHAI, {"time_zone": "Mars/Olympus"}, "time_zone"),
        (CALENDARS, SHANGHAI, {"hours": overlapping}, "hours.monday.1"),
        (CALENDARS, SHANGHAI, {"always": True}, "hours"),
        (POLICIES, {}, {"calendar_id": str(new_id())}, "calendar_id"),
        (POLICIES, {}, {"pauses": {"nowhere": ["resolution"]}}, "pauses.nowhere"),
        (POLICIES, {}, {"filter_groups": broken}, "filter_groups"),
        (POLICIES, {}, {"targets": {"normal": {"resolution": {"seconds": 5}}}},
         "targets.normal.resolution.seconds"),
    ):  # fmt: skip
        whole = (
            {"name": "x", "calendar_id": always, **more} if path == POLICIES else {**base, **more}
        )
        answer = await admin.post(path, json=whole)
        assert answer.status_code == 422, (more, answer.text)
        assert list(answer.json()["errors"]) == [field], (more, answer.text)


async def test_the_first_policy_that_fits_a_new_ticket_is_its(
    client: Clients, company: Organisation, always: str, account: Known
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    assert (await made(rep))["sla_policy_id"] is None

    def where(field: str, value: Any) -> list[dict[str, Any]]:
        return [{"filters": [{"field": field, "operator": "eq", "value": value}]}]

    rest = await policy(admin, always, name="Rest", position=9)
    graded = await policy(
        admin, always, name="A", position=1, filter_groups=where("account_grade", "A")
    )
    tagged = [{"filters": [{"field": "tags", "operator": "has", "value": "vip"}]}]
    vip = await policy(admin, always, name="VIP", position=0, filter_groups=tagged)
    await policy(admin, always, name="Off", position=0, is_active=False)
    best = await account("Best", grade="A")
    for more, wanted in (
        ({}, rest), ({"account_id": best}, graded), ({"account_id": best, "tags": ["vip"]}, vip),
    ):  # fmt: skip
        ticket = await made(rep, **more)
        assert ticket["sla_policy_id"] == wanted["id"], more
    listed = (await rep.get(f"{PATH}?sla_policy_id={vip['id']}")).json()["data"]
    assert [row["id"] for row in listed] == [ticket["id"]]


async def test_the_clocks_add_up_and_say_why(
    client: Clients, company: Organisation, always: str, person: Known
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    gold = await policy(admin, always, pauses={"pending": ["resolution"]})
    ticket = await made(rep, requester_id=await person())
    begun = await clocks(rep, ticket)
    assert (begun["policy_id"], begun["policy_version"]) == (gold["id"], 1)
    assert [c["kind"] for c in begun["clocks"]] == ["first_response", "resolution"]
    assert {c["state"] for c in begun["clocks"]} == {"running"}
    await sent(rep, f"{PATH}/{ticket['id']}/comments", {"body": "We look into it"})
    await sent(rep, f"{PATH}/{ticket['id']}/comments", {"body": "x", "visibility": "internal"})
    await moved(rep, ticket, "pending")
    found = {c["kind"]: c for c in (await clocks(rep, ticket))["clocks"]}
    assert found["first_response"]["state"] == "met"
    assert (found["resolution"]["state"], found["resolution"]["due_at"]) == ("paused", None)
    await moved(rep, ticket, "solved")
    found = {c["kind"]: c for c in (await clocks(rep, ticket))["clocks"]}
    assert found["resolution"]["state"] == "met"
    await moved(rep, ticket, "open")
    for clock in (await clocks(rep, ticket))["clocks"]:
        adds_up(clock)


async def test_what_took_too_long_is_breached_with_every_stretch_told(
    client: Clients, company: Organisation, always: str, database: Any
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    await policy(admin, always)
    ticket = await made(rep)
    await setting_back(database, company)(ticket, hours=3)
    await moved(rep, ticket, "solved")
    for clock in (await clocks(rep, ticket))["clocks"]:
        adds_up(clock)
        if clock["kind"] == "resolution":
            assert (clock["state"], clock["target_seconds"]) == ("breached", 7200)
            assert 3 * 3600 <= clock["elapsed_seconds"] < 3 * 3600 + 60
            assert clock["remaining_seconds"] == 7200 - clock["elapsed_seconds"]
            assert clock["met_at"] is not None
        else:
            assert (clock["state"], [w["percent"] for w in clock["warned"]]) == ("breached", [50])


async def test_a_changed_policy_or_calendar_does_not_rewrite_what_was_promised(
    client: Clients, company: Organisation, always: str
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    gold = await policy(admin, always)
    old = await made(rep)
    before = await clocks(rep, old)
    shorter = {"normal": {"resolution": {"seconds": 60}}}
    for path, change in (
        (f"{POLICIES}/{gold['id']}", {"targets": shorter}),
        (f"{CALENDARS}/{always}", {"always": False, "hours": {}}),
    ):
        assert (await admin.patch(path, json=change)).status_code == 200
    after = await clocks(rep, old)
    for name in ("policy_version", "calendar_version"):
        assert after[name] == before[name] == 1
    assert [c["target_seconds"] for c in after["clocks"]] == [3600, 7200]
    assert [c["state"] for c in after["clocks"]] == ["running", "running"]
    new = await clocks(rep, await made(rep))
    assert (new["policy_version"], new["calendar_version"]) == (2, 2)
    assert [c["target_seconds"] for c in new["clocks"]] == [60]
    in_use = await admin.delete(f"{CALENDARS}/{always}")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "calendar_in_use")
    assert (await admin.delete(f"{POLICIES}/{gold['id']}")).status_code == 200
    assert (await made(rep))["sla_policy_id"] is None
    assert [c["target_seconds"] for c in (await clocks(rep, old))["clocks"]] == [3600, 7200]


async def test_clocks_are_shown_to_those_who_see_the_ticket(
    client: Clients, company: Organisation, always: str, service_database: Database
) -> None:
    await policy(client(company.admin), always)
    ticket = await made(client(company.rep))
    path = f"{PATH}/{ticket['id']}/sla/explain"
    assert (await client(company.rep2).get(path)).status_code == 200
    assert (await client(company.other_rep).get(path)).status_code == 404
