"""Devices: registered, seen, wiped from afar; nothing goes to one after its wipe."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from guanxi_gateway.identity.revocations import read_revocations
from guanxi_gateway.sync.asking import Services
from guanxi_shared.calls import House
from tests.gateway.identity.people import Company, Person, unique

Found = Callable[[], Awaitable[Company]]
SENT = {
    "name": "小王的手机",
    "platform": "android",
    "app_version": "2.4.1",
    "push_token": "fcm:secret-canary",
}


async def registered(person: Person, device: str, **more: Any) -> dict[str, Any]:
    answer = await person.post("/v1/devices", {"device_id": device, **SENT, **more})
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def another_session(person: Person) -> Person:
    found = Person(person.client, id=person.id, email=person.email)
    assert (await found.sign_in()).status_code == 200
    return found


async def pulled(person: Person, device: str, **more: Any) -> Any:
    return await person.get("/v1/sync/pull", headers={"x-device-id": device}, **more)


async def audit_of(admin: Person, device: dict[str, Any]) -> list[str]:
    listed = (await admin.get("/v1/audit", params={"limit": "200"})).json()["data"]
    entries = sorted(listed, key=lambda e: int(e["position"]))
    subject = f"device/{device['id']}"
    return [e["entry"]["action"] for e in entries if e["entry"]["subject"] == subject]


async def test_a_device_is_registered_once_and_told_of_again(company: Company) -> None:
    rep = await company.hire("sales")
    name = unique()
    first = await rep.post("/v1/devices", {"device_id": name, **SENT})
    assert first.status_code == 201
    made = first.json()
    assert first.headers["location"] == f"/v1/devices/{made['id']}"
    assert (made["owner_id"], made["takes_hints"], made["last_pulled_at"]) == (rep.id, True, None)
    assert "secret-canary" not in first.text
    again = await rep.post("/v1/devices", {"device_id": name, "name": "Neu", "platform": "ios"})
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert (again.json()["takes_hints"], again.json()["app_version"]) == (False, None)
    assert (await rep.get(f"/v1/devices/{made['id']}")).json() == again.json()
    assert await audit_of(company.admin, made) == ["device.registered", "device.updated"]


async def test_users_list_their_own_devices_and_the_admin_all(company: Company) -> None:
    rep, other = await company.hire("sales"), await company.hire("manager")
    made, others = await registered(rep, unique()), await registered(other, unique())
    listed = (await rep.get("/v1/devices")).json()["data"]
    assert [row["id"] for row in listed] == [made["id"]]
    everybody = (await company.admin.get("/v1/devices")).json()["data"]
    assert {made["id"], others["id"]} <= {row["id"] for row in everybody}
    of_one = await company.admin.get("/v1/devices", params={"owner_id": rep.id})
    assert [row["id"] for row in of_one.json()["data"]] == [made["id"]]
    assert (await other.get(f"/v1/devices/{made['id']}")).status_code == 404
    assert (await other.post(f"/v1/devices/{made['id']}/wipe")).status_code == 404


async def test_another_organisation_sees_and_does_nothing(
    company: Company, found_company: Found
) -> None:
    rep, name = await company.hire("sales"), unique()
    made = await registered(rep, name)
    stranger = (await found_company()).admin
    assert (await stranger.get(f"/v1/devices/{made['id']}")).status_code == 404
    assert (await stranger.post(f"/v1/devices/{made['id']}/wipe")).status_code == 404
    assert made["id"] not in (await stranger.get("/v1/devices")).text
    assert (await pulled(stranger, name)).status_code == 200  # a name is whose device it is
    assert (await pulled(rep, name)).status_code == 200


async def test_a_sync_that_names_its_device_is_seen(company: Company) -> None:
    rep, name = await company.hire("sales"), unique()
    made = await registered(rep, name)
    cursor = (await pulled(rep, name)).json()["timestamp"]
    seen = (await rep.get(f"/v1/devices/{made['id']}")).json()
    assert seen["last_pulled_at"] is not None
    assert seen["last_pushed_at"] is None
    headers = {"x-device-id": name}
    pushed = await rep.post("/v1/sync/push", {}, params={"last_pulled_at": cursor}, headers=headers)
    assert pushed.status_code == 200, pushed.text
    assert (await rep.get(f"/v1/devices/{made['id']}")).json()["last_pushed_at"] is not None
    unknown = unique()
    await pulled(rep, unknown)
    (found,) = (await rep.get("/v1/devices", params={"device_id": unknown})).json()["data"]
    assert (found["platform"], found["takes_hints"]) == ("unknown", False)


async def test_a_wipe_ends_the_tokens_at_once_and_the_next_pull_hears_of_it(
    company: Company,
) -> None:
    rep, name = await company.hire("sales"), unique()
    made = await registered(rep, name)
    refresh = rep.tokens["refresh_token"]
    elsewhere = await another_session(rep)
    wiped = await company.admin.post(f"/v1/devices/{made['id']}/wipe")
    assert wiped.status_code == 200, wiped.text
    assert wiped.json()["wipe_ordered_by_id"] == company.admin.id
    heard = await pulled(rep, name)
    assert (heard.status_code, heard.json()["code"]) == (410, "device_wiped")
    assert heard.json()["wipe"]["device_id"] == name
    assert heard.json()["wipe"]["ordered_at"] == wiped.json()["wipe_ordered_at"]
    assert "changes" not in heard.json()
    assert (await rep.post("/v1/sync/push", {}, headers={"x-device-id": name})).status_code == 410
    assert (await rep.get("/v1/me")).status_code == 401
    renewed = await rep.client.post("/v1/auth/refresh", json={"refresh_token": refresh})
    assert (renewed.status_code, renewed.json()["code"]) == (401, "device_wiped")
    assert renewed.json()["wipe"]["acknowledge"] == "/v1/auth/device-wiped"
    assert (await elsewhere.get("/v1/me")).status_code == 200  # another device of the same person
    again = await company.admin.post(f"/v1/devices/{made['id']}/wipe")
    assert again.json() == wiped.json()
    done = await rep.client.post("/v1/auth/device-wiped", json={"refresh_token": refresh})
    assert done.status_code == 204, done.text
    assert (
        await rep.client.post("/v1/auth/device-wiped", json={"refresh_token": refresh})
    ).status_code == 204
    shown = (await company.admin.get(f"/v1/devices/{made['id']}")).json()
    assert shown["wiped_at"] is not None
    assert shown["takes_hints"] is False
    assert await audit_of(company.admin, made) == [
        "device.registered",
        "device.wipe_ordered",
        "device.wiped",
    ]
    proven = await company.admin.get("/v1/audit/verify")
    assert proven.json()["is_intact"] is True, proven.text


async def test_a_wiped_device_is_registered_anew_only_after_its_wipe_and_a_new_sign_in(
    company: Company,
) -> None:
    rep, name = await company.hire("sales"), unique()
    before = await another_session(rep)  # signed in before, on something that never said its name
    made = await registered(rep, name)
    await company.admin.post(f"/v1/devices/{made['id']}/wipe")
    again = {"device_id": name, **SENT}
    assert (await before.post("/v1/devices", again)).json()["code"] == "device_wiped"
    assert (await pulled(before, name)).status_code == 410
    anew = await another_session(rep)
    refused = await anew.post("/v1/devices", again)  # it holds everything still
    assert (refused.status_code, refused.json()["code"]) == (410, "device_wiped")
    assert (await pulled(anew, name)).status_code == 410
    sent = {"refresh_token": anew.tokens["refresh_token"], "device_id": name}
    assert (await anew.client.post("/v1/auth/device-wiped", json=sent)).status_code == 204
    assert (await pulled(anew, name)).status_code == 410  # not registered yet
    assert (await before.post("/v1/devices", again)).status_code == 410
    back = await anew.post("/v1/devices", again)
    assert (back.status_code, back.json()["id"]) == (200, made["id"])
    assert (back.json()["wipe_ordered_at"], back.json()["wiped_at"]) == (None, None)
    assert (await pulled(anew, name)).status_code == 200
    assert (
        await pulled(rep, name)
    ).status_code == 401  # its old tokens stay dead, and order nothing any more


async def test_a_wipe_during_a_pull_hands_nothing_out(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    rep, name = await company.hire("sales"), unique()
    made = await registered(rep, name)
    asked, may_answer = asyncio.Event(), asyncio.Event()
    each = Services.each

    async def slow(self: Services, *more: Any) -> Any:
        asked.set()
        await may_answer.wait()
        return await each(self, *more)

    monkeypatch.setattr(Services, "each", slow)
    pull = asyncio.create_task(pulled(rep, name))
    await asked.wait()
    assert (await company.admin.post(f"/v1/devices/{made['id']}/wipe")).status_code == 200
    may_answer.set()
    answer = await pull
    assert (answer.status_code, answer.json()["code"]) == (410, "device_wiped")
    assert "changes" not in answer.json()


async def test_wipes_pulls_and_registrations_at_once_leave_it_wiped(
    company: Company, house: House
) -> None:
    rep, name = await company.hire("sales"), unique()
    made = await registered(rep, name)
    admin, path = company.admin, f"/v1/devices/{made['id']}/wipe"
    calls = [
        *(pulled(rep, name) for _ in range(6)),
        *(admin.post(path) for _ in range(3)),
        *(rep.post("/v1/devices", {"device_id": name, **SENT}) for _ in range(3)),
    ]
    answers = await asyncio.gather(*calls)
    assert {a.status_code for a in answers} <= {200, 401, 410}, [a.text for a in answers]
    await read_revocations(house.db)
    assert (await rep.get("/v1/me")).status_code == 401
    assert (await pulled(rep, name)).status_code == 410
    assert (await admin.get(f"/v1/devices/{made['id']}")).json()["wipe_ordered_at"] is not None
    assert (await audit_of(admin, made)).count("device.wipe_ordered") == 1


async def test_a_wipe_is_acknowledged_by_nobody_else(
    company: Company, found_company: Found
) -> None:
    rep, name = await company.hire("sales"), unique()
    made = await registered(rep, name)
    await company.admin.post(f"/v1/devices/{made['id']}/wipe")
    client = rep.client
    for person in (company.admin, (await found_company()).admin):
        sent = {"refresh_token": person.tokens["refresh_token"], "device_id": name}
        assert (await client.post("/v1/auth/device-wiped", json=sent)).status_code == 404
    unknown = await client.post("/v1/auth/device-wiped", json={"refresh_token": "gxr_unknown"})
    assert unknown.status_code == 401
    assert (await company.admin.get(f"/v1/devices/{made['id']}")).json()["wiped_at"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"device_id": ""}, "device_id"),
        ({"device_id": "x" * 65}, "device_id"),
        ({"device_id": "a\nb"}, "device_id"),
        ({"platform": "palm"}, "platform"),
        ({"push_token": "x" * 4097}, "push_token"),
        ({"push_token": "a b"}, "push_token"),
        ({"name": " "}, "name"),
        ({"owner_id": "someone"}, "owner_id"),
    ],
)
async def test_what_makes_no_device_is_refused_by_field(
    company: Company, change: dict[str, Any], field: str
) -> None:
    rep = await company.hire("sales")
    answer = await rep.post("/v1/devices", {"device_id": unique(), **SENT, **change})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])


async def test_who_does_not_sync_has_no_devices(company: Company) -> None:
    partner = await company.hire("partner")
    assert (await partner.get("/v1/devices")).status_code == 403
    assert (await partner.post("/v1/devices", {"device_id": "x", **SENT})).status_code == 403


async def test_a_forgotten_device_is_gone_and_so_are_its_sessions(company: Company) -> None:
    rep, name = await company.hire("sales"), unique()
    made = await registered(rep, name)
    elsewhere = await another_session(rep)
    cursor = (await pulled(rep, name)).json()["timestamp"]
    refresh = rep.tokens["refresh_token"]
    forgotten = await company.admin.delete(f"/v1/devices/{made['id']}")
    assert (forgotten.status_code, forgotten.json()["id"]) == (200, made["id"])
    assert (await pulled(rep, name)).status_code == 401
    again = await rep.client.post("/v1/auth/refresh", json={"refresh_token": refresh})
    assert (again.status_code, again.json()["code"]) == (401, "refresh_refused")
    assert (await elsewhere.get(f"/v1/devices/{made['id']}")).status_code == 404
    assert (await company.admin.delete(f"/v1/devices/{made['id']}")).status_code == 404
    assert await audit_of(company.admin, made) == ["device.registered", "device.forgotten"]
    asked = {"last_pulled_at": cursor}
    anew = await pulled(elsewhere, name, params=asked)  # by a sign-in that it was not seen with
    assert anew.json()["experimentalStrategy"] == "replacement"
    assert (await registered(elsewhere, name))["id"] != made["id"]


async def test_nobody_forgets_the_device_of_somebody_else(
    company: Company, found_company: Found
) -> None:
    rep, other = await company.hire("sales"), await company.hire("manager")
    made = await registered(rep, unique())
    path = f"/v1/devices/{made['id']}"
    for stranger in (other, (await found_company()).admin):
        assert (await stranger.delete(path)).status_code == 404
    stale = await rep.delete(path, headers={"if-match": '"9"'})
    assert stale.status_code == 412
    assert (await rep.get(path)).status_code == 200
    assert (await rep.delete(path)).status_code == 200  # their own, by which they are signed in
    assert (await rep.get("/v1/me")).status_code == 401


async def test_a_wipe_that_was_not_carried_out_is_not_forgotten(company: Company) -> None:
    rep, name = await company.hire("sales"), unique()
    made = await registered(rep, name)
    refresh = rep.tokens["refresh_token"]
    await company.admin.post(f"/v1/devices/{made['id']}/wipe")
    refused = await company.admin.delete(f"/v1/devices/{made['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "wipe_pending")
    assert (await pulled(rep, name)).status_code == 410
    told = await rep.client.post("/v1/auth/device-wiped", json={"refresh_token": refresh})
    assert told.status_code == 204
    assert (await company.admin.delete(f"/v1/devices/{made['id']}")).status_code == 200


async def test_a_pull_under_way_when_its_device_is_forgotten_hands_nothing_out(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    rep, name = await company.hire("sales"), unique()
    made = await registered(rep, name)
    reached, forgotten = asyncio.Event(), asyncio.Event()
    each = Services.each

    async def slow(self: Services, call: Any, verb: str, parts: Any) -> Any:
        found = await each(self, call, verb, parts)
        reached.set()
        await forgotten.wait()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Services, "each", slow)
        pull = asyncio.create_task(pulled(rep, name))
        await reached.wait()
        assert (await company.admin.delete(f"/v1/devices/{made['id']}")).status_code == 200
        forgotten.set()
        assert (await pull).status_code == 401
    listed = await company.admin.get("/v1/devices", params={"device_id": name})
    assert listed.json()["data"] == []
