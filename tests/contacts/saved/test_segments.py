"""Segments: dynamic or frozen, counted and shown as far as one sees, and a field to filter by."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from guanxi_contacts.segments import members
from guanxi_shared.errors import Conflict
from tests.contacts.saved.conftest import Make, Record, filtered
from tests.factories import Clients, Organisation

Names = Callable[..., Awaitable[list[str]]]
NOWHERE = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"


async def retail(post: Make, organisation: Organisation, **more: Any) -> Record:
    return await post(
        organisation.manager, "/v1/segments", name="Retail", resource="accounts",
        document=filtered("industry", "eq", "retail"), shared_with="all", **more,
    )  # fmt: skip


async def count_of(client: Clients, user: Any, segment: Record) -> int | None:
    found: Record = (await client(user).get(f"/v1/segments/{segment['id']}")).json()
    count: int | None = found["count"]
    return count


async def test_a_dynamic_segment_is_what_it_is_now_and_each_sees_their_own_of_it(
    client: Clients, organisation: Organisation, post: Make, names: Names, accounts: dict[str, str]
) -> None:
    segment = await retail(post, organisation)
    path = f"/v1/segments/{segment['id']}/members"
    assert await names(organisation.rep, path) == ["a", "b"]
    assert await names(organisation.rep2, path) == ["z"]
    assert [await count_of(client, u, segment) for u in (
        organisation.rep, organisation.rep2, organisation.junior, organisation.admin
    )] == [2, 1, 0, 3]  # fmt: skip
    await client(organisation.rep).patch(
        f"/v1/accounts/{accounts['c']}", json={"industry": "retail"}
    )
    assert await names(organisation.rep, path) == ["a", "b", "c"]
    assert await names(organisation.rep, path, **{"staff_count[lt]": 10}) == ["a", "c"]


async def test_a_frozen_copy_stays_as_it_was_taken_by_whoever_took_it(
    client: Clients, organisation: Organisation, post: Make, names: Names, accounts: dict[str, str]
) -> None:
    segment = await retail(post, organisation)
    frozen = await post(organisation.manager, f"/v1/segments/{segment['id']}/freeze", name="Then")
    rep = client(organisation.rep)
    await rep.patch(f"/v1/accounts/{accounts['a']}", json={"industry": "steel"})
    await rep.patch(f"/v1/accounts/{accounts['c']}", json={"industry": "retail"})
    path = f"/v1/segments/{frozen['id']}/members"
    assert await names(organisation.manager, path) == ["a", "b", "z"]
    assert (await rep.get(path)).status_code == 404
    taken = await rep.post(f"/v1/segments/{segment['id']}/freeze", json={})
    assert taken.status_code == 403  # sales may not make segments
    own = await post(organisation.rep.but(permissions=(
        *organisation.rep.grant.permissions, "segments:create")),
        f"/v1/segments/{segment['id']}/freeze",
    )  # fmt: skip
    seen_by_all = await names(organisation.admin, f"/v1/segments/{own['id']}/members")
    assert seen_by_all == ["b", "c"]  # not z, which its taker does not see


async def test_segment_id_is_a_field_of_lists_searches_views_exports_and_counts(
    client: Clients, organisation: Organisation, post: Make, names: Names, accounts: dict[str, str]
) -> None:
    dynamic = await retail(post, organisation)
    frozen = await post(
        organisation.manager, "/v1/segments", name="f", resource="accounts", kind="frozen",
        shared_with="all", document=filtered("name", "in", ["c", "d"]),
    )  # fmt: skip
    rep = organisation.rep
    assert await names(rep, "/v1/accounts", segment_id=dynamic["id"]) == ["a", "b"]
    assert await names(rep, "/v1/accounts", segment_id=frozen["id"]) == ["c", "d"]
    both = f"{dynamic['id']},{frozen['id']}"
    assert await names(rep, "/v1/accounts", **{"segment_id[in]": both}) == ["a", "b", "c", "d"]
    assert await names(rep, "/v1/accounts", **{"segment_id[nin]": dynamic["id"]}) == ["c", "d"]
    view = await post(
        rep, "/v1/views", name="v", resource="accounts",
        document=filtered("segment_id", "eq", dynamic["id"]),
    )  # fmt: skip
    assert await names(rep, f"/v1/views/{view['id']}/records") == ["a", "b"]
    counted = await client(rep).get(
        "/v1/accounts", params={"segment_id": dynamic["id"], "total": "exact", "limit": 1}
    )
    assert counted.json()["page"]["total"] == 2
    following = await client(rep).get(
        "/v1/accounts",
        params={"segment_id": dynamic["id"], "limit": 1, "cursor": counted.json()["page"]["next_cursor"]},
    )  # fmt: skip
    assert len(following.json()["data"]) == 1
    exported = await client(rep).get(
        "/v1/accounts/export", params={"segment_id": frozen["id"], "format": "ndjson"}
    )
    assert len(exported.text.splitlines()) == 2


async def test_two_segments_of_one_length_are_not_taken_for_each_other(
    organisation: Organisation, post: Make, names: Names, accounts: dict[str, str]
) -> None:
    """Statements are cached by their shape: the text of a condition inside counts, too."""
    for field, operator, value, found in (
        ("name", "eq", "a", ["a"]),
        ("industry", "eq", "steel", ["c"]),
        ("industry", "is_null", True, ["d"]),
        ("industry", "is_null", False, ["a", "b", "c"]),
        ("name", "ne", "a", ["b", "c", "d"]),
    ):
        segment = await post(
            organisation.manager, "/v1/segments", name="s", resource="accounts",
            document=filtered(field, operator, value), shared_with="all",
        )  # fmt: skip
        assert await names(organisation.rep, "/v1/accounts", segment_id=segment["id"]) == found
        path = f"/v1/segments/{segment['id']}/members"
        assert await names(organisation.rep, path) == found


async def test_a_segment_one_does_not_see_or_that_is_of_other_things_is_no_value_to_filter_by(
    client: Clients, organisation: Organisation, other_organisation: Organisation, post: Make
) -> None:
    own = await post(organisation.manager, "/v1/segments", name="own", resource="accounts")
    people = await post(
        organisation.manager, "/v1/segments", name="p", resource="contacts", shared_with="all"
    )
    without = organisation.rep.but(permissions=("accounts:read",))
    for user, segment_id, status in (
        (organisation.rep, own["id"], 400), (organisation.rep, NOWHERE, 400),
        (organisation.rep, people["id"], 400), (organisation.manager, own["id"], 200),
        (other_organisation.admin, own["id"], 400), (without, people["id"], 403),
    ):  # fmt: skip
        answer = await client(user).get("/v1/accounts", params={"segment_id": segment_id})
        assert answer.status_code == status, (user.name, answer.text)
    unseen = await client(organisation.rep).get("/v1/accounts", params={"segment_id": own["id"]})
    unknown = await client(organisation.rep).get("/v1/accounts", params={"segment_id": NOWHERE})
    assert unseen.json()["code"] == unknown.json()["code"] == "unknown_reference"


async def test_segments_of_segments_and_no_circle_not_even_of_two_changes_at_once(
    client: Clients, organisation: Organisation, post: Make, names: Names, accounts: dict[str, str]
) -> None:
    manager = organisation.manager
    inner = await retail(post, organisation)
    document = {"filter_groups": [{"filters": [
        {"field": "segment_id", "operator": "eq", "value": inner["id"]},
        {"field": "staff_count", "operator": "gt", "value": 5},
    ]}]}  # fmt: skip
    outer = await post(
        manager, "/v1/segments", name="o", resource="accounts", document=document, shared_with="all"
    )
    assert await names(organisation.rep, "/v1/accounts", segment_id=outer["id"]) == ["b"]
    boss = client(manager)
    back = {"document": filtered("segment_id", "eq", outer["id"])}
    refused = await boss.patch(f"/v1/segments/{inner['id']}", json=back)
    assert (refused.status_code, refused.json()["code"]) == (409, "segment_cycle")
    itself = {"document": filtered("segment_id", "eq", inner["id"])}
    assert (await boss.patch(f"/v1/segments/{inner['id']}", json=itself)).status_code == 409
    one, two = [
        await post(manager, "/v1/segments", name=name, resource="accounts") for name in "12"
    ]
    answers = await asyncio.gather(
        *(
            boss.patch(
                f"/v1/segments/{each['id']}",
                json={"document": filtered("segment_id", "eq", other["id"])},
            )
            for each, other in ((one, two), (two, one))
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_members_of_a_frozen_one_come_and_go_one_by_one(
    client: Clients, organisation: Organisation, post: Make, names: Names, accounts: dict[str, str]
) -> None:
    segment = await post(
        organisation.manager, "/v1/segments", name="f", resource="accounts", kind="frozen"
    )
    path, boss = f"/v1/segments/{segment['id']}", client(organisation.manager)
    changed = await boss.post(f"{path}/members", json={"add": [accounts["a"], accounts["b"]]})
    assert changed.status_code == 200, changed.text
    assert changed.json()["version"] == 2
    again = await boss.post(f"{path}/members", json={"add": [accounts["a"]]})
    assert again.json()["version"] == 2
    await boss.post(f"{path}/members", json={"add": [accounts["z"]], "remove": [accounts["a"]]})
    assert await names(organisation.manager, f"{path}/members") == ["b", "z"]
    history = (await boss.get(f"{path}/history")).json()["data"]
    assert [entry["type"] for entry in history] == [
        "contacts.segment.updated", "contacts.segment.updated", "contacts.segment.created",
    ]  # fmt: skip
    foreign = await post(organisation.other_rep, "/v1/accounts", name="foreign")
    for sent, field in (
        ({"add": [foreign["id"]]}, "add"), ({"add": [NOWHERE]}, "add"), ({}, "body"),
        ({"add": [accounts["a"]], "remove": [accounts["a"]]}, "body"),
    ):  # fmt: skip
        answer = await boss.post(f"{path}/members", json=sent)
        assert answer.status_code == 422, answer.text
        assert field in answer.json()["errors"]
    dynamic = await retail(post, organisation)
    refused = await client(organisation.admin).post(
        f"/v1/segments/{dynamic['id']}/members", json={"add": [accounts["a"]]}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "not_frozen")


async def test_two_segments_combine_to_a_frozen_one(
    organisation: Organisation, post: Make, names: Names, accounts: dict[str, str]
) -> None:
    manager = organisation.manager
    one = await retail(post, organisation)
    two = await post(
        manager, "/v1/segments", name="small", resource="accounts",
        document=filtered("staff_count", "lt", 10),
    )  # fmt: skip
    for operation, found in (
        ("union", ["a", "b", "c", "z"]), ("intersect", ["a"]), ("except", ["b", "z"]),
    ):  # fmt: skip
        made = await post(
            manager, f"/v1/segments/{one['id']}/combine",
            operation=operation, segment_id=two["id"], name=operation,
        )  # fmt: skip
        assert made["kind"] == "frozen"
        assert await names(manager, f"/v1/segments/{made['id']}/members") == found


async def test_the_segments_of_a_record_are_those_shown_to_one_that_it_is_in(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str]
) -> None:
    manager = organisation.manager
    await retail(post, organisation)
    frozen = await post(
        manager,
        "/v1/segments",
        name="Frozen",
        resource="accounts",
        kind="frozen",
        shared_with="all",
    )
    await client(manager).post(
        f"/v1/segments/{frozen['id']}/members", json={"add": [accounts["a"]]}
    )
    await post(manager, "/v1/segments", name="Secret", resource="accounts")
    await post(
        manager, "/v1/segments", name="Steel", resource="accounts", shared_with="all",
        document=filtered("industry", "eq", "steel"),
    )  # fmt: skip
    path = f"/v1/accounts/{accounts['a']}/segments"
    mine = (await client(organisation.rep).get(path)).json()["data"]
    assert [(each["name"], each["kind"]) for each in mine] == [
        ("Frozen", "frozen"), ("Retail", "dynamic"),
    ]  # fmt: skip
    assert len((await client(manager).get(path)).json()["data"]) == 3
    assert (await client(organisation.rep2).get(path)).status_code == 404
    person = await post(organisation.rep, "/v1/contacts", name="张三")
    of_person = await client(organisation.rep).get(f"/v1/contacts/{person['id']}/segments")
    assert of_person.json() == {"data": []}


async def test_a_segment_whose_field_is_gone_says_so_and_breaks_nothing_else(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str]
) -> None:
    field = await post(
        organisation.admin, "/v1/fields", resource="accounts", key="own", kind="text"
    )
    segment = await post(
        organisation.manager, "/v1/segments", name="s", resource="accounts", shared_with="all",
        document=filtered("custom.own", "eq", "x"),
    )  # fmt: skip
    await client(organisation.admin).delete(f"/v1/fields/{field['id']}")
    rep, path = client(organisation.rep), f"/v1/segments/{segment['id']}"
    shown = (await rep.get(path)).json()
    assert shown["count"] is None
    assert "custom.own" in shown["problem"]
    assert (await rep.get(f"{path}/members")).status_code == 422
    asked = await rep.get("/v1/accounts", params={"segment_id": segment["id"]})
    assert asked.status_code == 400
    assert "custom.own" in asked.text
    of_record = await rep.get(f"/v1/accounts/{accounts['a']}/segments")
    assert of_record.json() == {"data": []}
    assert len((await rep.get("/v1/segments")).json()["data"]) == 1


async def test_a_deleted_segment_comes_back_and_meanwhile_filters_nothing(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str]
) -> None:
    segment = await retail(post, organisation)
    boss, path = client(organisation.manager), f"/v1/segments/{segment['id']}"
    assert (await client(organisation.rep2).delete(path)).status_code == 403
    assert (await boss.delete(path)).status_code == 200
    assert (await boss.get(path)).status_code == 404
    asked = await boss.get("/v1/accounts", params={"segment_id": segment["id"]})
    assert asked.status_code == 400
    assert (await boss.post(f"{path}/restore")).status_code == 200
    assert (await boss.get(path)).json()["count"] == 3


async def test_a_frozen_segment_is_kept_with_its_members_or_not_at_all(
    client: Clients, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> int:
        raise Conflict("in the middle")

    monkeypatch.setattr(members, "take", fail)
    sent = {"name": "f", "resource": "accounts", "kind": "frozen"}
    document = filtered("industry", "eq", "retail")
    boss = client(organisation.manager)
    refused = await boss.post("/v1/segments", json=sent | {"document": document})
    assert refused.status_code == 409
    assert (await boss.get("/v1/segments")).json()["data"] == []


async def test_who_keeps_a_pool_or_a_view_vouches_for_the_segments_in_it(
    client: Clients, organisation: Organisation, post: Make, names: Names, accounts: dict[str, str]
) -> None:
    own = await post(
        organisation.manager, "/v1/segments", name="own", resource="accounts",
        document=filtered("industry", "eq", "retail"),
    )  # fmt: skip
    inside = filtered("segment_id", "eq", own["id"])
    view = await post(
        organisation.manager, "/v1/views", name="v", resource="accounts", document=inside,
        shared_with="all",
    )  # fmt: skip
    pool = await post(organisation.manager, "/v1/pools", name="p", entry_filter=inside)
    admin = client(organisation.admin)
    await admin.patch(f"/v1/accounts/{accounts['z']}", json={"owner_id": None})
    rep = organisation.rep
    assert await names(rep, f"/v1/views/{view['id']}/records") == ["a", "b"]
    assert await names(rep, f"/v1/views/{view['id']}/records", limit=5) == ["a", "b"]
    assert await names(rep, f"/v1/pools/{pool['id']}/records") == ["z"]
    claimed = await client(rep).post(f"/v1/pools/{pool['id']}/claim-next", json={})
    assert [row["name"] for row in claimed.json()["data"]] == ["z"]
    assert (await client(rep).get(f"/v1/segments/{own['id']}")).status_code == 404
    unseen = filtered("segment_id", "eq", own["id"])
    sent = {"name": "mine", "resource": "accounts", "document": unseen}
    assert (await client(rep).post("/v1/views", json=sent)).status_code == 422
