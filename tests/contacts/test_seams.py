"""Where parts that were built apart meet: whatever way a record is read, it is the same record."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from guanxi_contacts.pools.pooled import POOLED
from tests.contacts.merges.merging import make, merged, read, undo
from tests.factories import (
    Clients,
    Organisation,
)

FIELDS = {
    "accounts": ("id,name,revenue,custom,phones,tags,latitude", "include=contacts"),
    "contacts": ("id,name,accounts,custom,birthday,tags", ""),
    "activities": ("id,subject,account_ids,participants,custom,tags", ""),
}  # fmt: skip


async def found(user: httpx.AsyncClient, path: str, text: str) -> set[str]:
    answer = await user.get(path, params={"q": text})
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["data"]}


@pytest.mark.parametrize("resource", ["accounts", "contacts", "activities"])
async def test_a_record_that_is_handed_on_is_found_by_the_new_owner_alone(
    client: Clients, organisation: Organisation, resource: str
) -> None:
    admin, path = client(organisation.admin), f"/v1/{resource}"
    rep, rep2 = client(organisation.rep), client(organisation.rep2)
    sent = {"kind": "note", "subject": "Needle"} if resource == "activities" else {"name": "Needle"}
    made = (await rep.post(path, json=sent)).json()["id"]
    assert (await found(rep, path, "needle"), await found(rep2, path, "needle")) == ({made}, set())
    handed = {"owner_id": str(organisation.rep2.id)}
    one = {"op": "update", "id": made, "data": {"owner_id": str(organisation.rep.id)}}
    assert (await admin.patch(f"{path}/{made}", json=handed)).status_code == 200
    assert (await found(rep, path, "needle"), await found(rep2, path, "needle")) == (set(), {made})
    back = await admin.post(f"{path}/batch", json={"operations": [one]})
    assert back.json()["succeeded"] == 1, back.text
    assert (await found(rep, path, "needle"), await found(rep2, path, "needle")) == ({made}, set())
    assert (await rep.delete(f"{path}/{made}")).status_code == 200
    assert await found(rep, path, "needle") == set()
    assert (await rep.post(f"{path}/{made}/restore")).status_code == 200
    assert await found(rep, path, "needle") == {made}


@pytest.mark.parametrize("resource", sorted(FIELDS))
async def test_lists_show_the_same_records_whatever_of_them_is_asked_for(
    client: Clients, organisation: Organisation, resource: str
) -> None:
    rep, path = client(organisation.rep), f"/v1/{resource}"
    account = await make(client, organisation.rep, revenue={"amount": "1.50", "currency": "CNY"})
    places = [{"account_id": account["id"], "role": "buyer"}]
    field = {"resource": resource, "key": "note", "kind": "text"}
    assert (await client(organisation.admin).post("/v1/fields", json=field)).status_code == 201
    for number in range(5):
        sent: dict[str, Any] = {"tags": ["x"], "custom": {"note": "n"}}
        if resource == "activities":
            sent |= {"kind": "note", "subject": f"Needle {number}", "account_ids": [account["id"]]}
        else:
            sent |= {
                "name": f"Needle {number}",
                **({"accounts": places} if resource == "contacts" else {}),
            }
        answer = await rep.post(path, json=sent)
        assert answer.status_code == 201, answer.text
    fields, include = FIELDS[resource]
    for asked in (
        "",
        "q=needle",
        "q=needle&sort=-created_at",
        "tags[has]=x",
        "q=needle&tags[has]=x",
    ):
        plain = await pages(rep, f"{path}?{asked}")
        assert len(plain) >= 5
        for id, row in plain.items():
            assert (await rep.get(f"{path}/{id}")).json() == row
        for more in (f"fields={fields}", include, f"fields={fields}&{include}"):
            shown = await pages(rep, f"{path}?{asked}&{more}")
            assert list(shown) == list(plain)
            for id, row in shown.items():
                row.pop("contacts", None)
                assert row == {name: plain[id][name] for name in row}
                assert row.keys() == (
                    set(fields.split(",")) if "fields" in more else plain[id].keys()
                )


async def pages(user: httpx.AsyncClient, path: str) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    cursor = ""
    while True:
        answer = await user.get(f"{path}&limit=2" + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert not rows.keys() & {row["id"] for row in page["data"]}
        rows |= {row["id"]: row for row in page["data"]}
        if not page["page"]["has_more"]:
            return rows
        cursor = page["page"]["next_cursor"]


async def test_a_pool_shows_its_own_fields_and_no_others(
    client: Clients, organisation: Organisation
) -> None:
    admin, rep = client(organisation.admin), client(organisation.rep)
    pool = (await admin.post("/v1/pools", json={"name": "all"})).json()["id"]
    phone = [{"number": "010-65544321"}]
    account = await make(client, organisation.admin, phones=phone, legal_name="Needle")
    await admin.patch(f"/v1/accounts/{account['id']}", json={"owner_id": None})
    path = f"/v1/pools/{pool}/records"
    for more in ("", "?fields=" + ",".join(POOLED.shown), "?sort=-created_at", "?fields=id,name"):
        answer = await rep.get(path + more)
        assert answer.status_code == 200, answer.text
        (row,) = answer.json()["data"]
        assert row.keys() <= set(POOLED.shown)
        assert "65544321" not in answer.text
        assert "as_shown" not in answer.text
    for more in (
        "fields=as_shown",
        "fields=phones",
        "q=needle",
        "sort=as_shown",
        "phone=01065544321",
    ):
        assert (await rep.get(f"{path}?{more}")).status_code == 400, more


async def test_what_a_custom_field_held_is_shown_alike_once_it_is_gone(
    client: Clients, organisation: Organisation
) -> None:
    admin, rep = client(organisation.admin), client(organisation.rep)
    field = {"resource": "accounts", "key": "rating", "kind": "text"}
    made = (await admin.post("/v1/fields", json=field)).json()
    account = await make(client, organisation.rep, custom={"rating": "A"})
    path = f"/v1/accounts/{account['id']}"
    assert (await admin.delete(f"/v1/fields/{made['id']}")).status_code == 200
    for change in ({}, {"name": "Other"}):
        await rep.patch(path, json=change)
        whole = (await rep.get(path)).json()
        listed = (await rep.get("/v1/accounts")).json()["data"][0]
        columns = (await rep.get("/v1/accounts", params={"fields": "id,custom"})).json()["data"][0]
        assert whole == listed
        assert whole["custom"] == columns["custom"] == {"rating": "A"}


async def test_the_past_of_merged_records_stays_theirs(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source = [await make(client, rep, name=n) for n in ("survivor", "source")]
    path, gone = f"/v1/accounts/{survivor['id']}", f"/v1/accounts/{source['id']}"
    before = datetime.now(UTC).isoformat()
    done = await merged(client, rep, survivor, source)
    while_merged = datetime.now(UTC).isoformat()
    assert (await undo(client, rep, done)).status_code == 200
    after = datetime.now(UTC).isoformat()
    seen = {
        (each, moment): (await client(rep).get(each, params={"as_of": moment})).status_code
        for each in (path, gone)
        for moment in (before, while_merged, after)
    }
    assert [moment for (_, moment), status in seen.items() if status != 200] == [while_merged]
    assert seen[gone, while_merged] == 404
    for each, verbs in ((path, ["unmerged", "merged"]), (gone, ["restored", "deleted"])):
        history = (await client(rep).get(f"{each}/history")).json()["data"]
        assert [e["type"].rpartition(".")[2] for e in history] == [*verbs, "created"]
        assert history[0]["after"] == (await client(rep).get(each)).json()


async def test_a_frozen_segment_has_the_members_it_had_once_a_merge_is_undone(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    one, two, three = [await make(client, organisation.admin, name=n) for n in "abc"]
    asked = {"name": "s", "resource": "accounts", "kind": "frozen"}
    segment = (await admin.post("/v1/segments", json=asked)).json()["id"]
    added = {"add": [two["id"], three["id"]]}
    assert (await admin.post(f"/v1/segments/{segment}/members", json=added)).status_code == 200

    async def members() -> set[str]:
        page = (await admin.get("/v1/accounts", params={"segment_id": segment})).json()
        listed = (await admin.get(f"/v1/segments/{segment}/members")).json()
        assert {row["id"] for row in listed["data"]} == {row["id"] for row in page["data"]}
        return {row["id"] for row in page["data"]}

    done = await merged(client, organisation.admin, one, two)
    assert await members() == {one["id"], three["id"]}
    again = await merged(client, organisation.admin, one, three)
    assert await members() == {one["id"]}
    assert (await undo(client, organisation.admin, again)).status_code == 200
    assert await members() == {one["id"], three["id"]}
    assert (await undo(client, organisation.admin, done)).status_code == 200
    assert await members() == {two["id"], three["id"]}


async def test_a_file_of_a_merged_record_is_seen_by_who_sees_the_survivor(
    client: Clients, organisation: Organisation
) -> None:
    admin = organisation.admin
    survivor = await make(client, organisation.rep, name="survivor")
    source = await make(client, organisation.rep2, name="source")
    asked = {"name": "a.txt", "account_id": source["id"]}
    file = (await client(admin).post("/v1/files", params=asked, content=b"a")).json()
    path = f"/v1/files/{file['id']}"

    async def seen() -> tuple[int, int]:
        rep, rep2 = client(organisation.rep), client(organisation.rep2)
        return (await rep.get(path)).status_code, (await rep2.get(f"{path}/content")).status_code

    assert await seen() == (404, 200)
    done = await merged(client, admin, survivor, source)
    assert await seen() == (200, 404)
    assert (await read(client, admin, file, "files"))["links"][0]["id"] == survivor["id"]
    assert (await undo(client, admin, done)).status_code == 200
    assert await seen() == (404, 200)


async def test_a_calendar_feed_follows_the_owner_of_what_is_in_it(
    client: Clients, organisation: Organisation
) -> None:
    rep, rep2 = client(organisation.rep), client(organisation.rep2)
    urls = [(await u.post("/v1/calendar/feeds", json={})).json()["url"] for u in (rep, rep2)]
    soon = datetime.now(UTC).replace(microsecond=0).isoformat()
    sent = {"kind": "call", "subject": "Needle", "starts_at": soon, "duration_minutes": 5}
    made = (await rep.post("/v1/activities", json=sent)).json()

    async def shown() -> list[bool]:
        return ["Needle" in (await client().get(url)).text for url in urls]

    assert await shown() == [True, False]
    handed = {"owner_id": str(organisation.rep2.id)}
    admin = client(organisation.admin)
    assert (await admin.patch(f"/v1/activities/{made['id']}", json=handed)).status_code == 200
    assert await shown() == [False, True]
