"""Territories: made, found, changed, in a tree, seen by those who answer for them; and which account is in which."""

import asyncio
import csv
import io
from typing import Any
from uuid import uuid4

from guanxi_pipeline.references.heard import apply_contacts_events
from guanxi_pipeline.territories.reassigning import assign_every_night
from guanxi_shared.consumers import bind
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from tests.deadlines import until
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known
from tests.pipeline.deals import problem
from tests.pipeline.telling import account_told
from tests.pipeline.territories.conftest import PATH, QUEUED, Assigned, Made, Where
from tests.pipeline.test_references import merged_told

TOLD = """
SELECT type, version, changed, before::text, after::text FROM events
WHERE organisation_id = $2 AND subject_type = 'territory_account' ORDER BY seq
"""

DONE = "SELECT done FROM jobs WHERE organisation_id = $2 AND kind = 'assign-territories' ORDER BY created_at"
WAITING = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted) AS waiting"
)


async def told(database: Database, organisation: Organisation) -> list[str]:
    rows = await database.fetch(organisation.id, TOLD, organisation.id)
    return [row["type"].rpartition(".")[2] for row in rows]


async def test_a_territory_is_made_found_changed_put_away_and_brought_back(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    sent = {"name": "华东", "regions": [" 华东 "], "rank": 10, "grades": ["A", "B", "A"]}
    made = await admin.post(PATH, json=sent)
    assert made.status_code == 201, made.text
    shown, id = made.json(), made.json()["id"]
    assert (shown["regions"], shown["grades"], shown["cities"]) == (["华东"], ["A", "B"], [])
    assert shown["owner_id"] == str(organisation.admin.id)
    found = await admin.get(PATH, params={"regions[has]": "华东", "rank[lte]": 10})
    assert [row["id"] for row in found.json()["data"]] == [id]
    stale = await admin.patch(f"{PATH}/{id}", json={"rank": 5}, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    changed = await admin.patch(f"{PATH}/{id}", json={"rank": 5}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["rank"], changed.headers["etag"]) == (200, 5, '"2"')
    assert (await admin.delete(f"{PATH}/{id}")).status_code == 200
    assert (await admin.get(f"{PATH}/{id}")).status_code == 404
    assert (await admin.post(f"{PATH}/{id}/restore")).status_code == 200
    history = (await admin.get(f"{PATH}/{id}/history")).json()["data"]
    assert [entry["type"].rpartition(".")[2] for entry in history] == [
        "restored", "deleted", "updated", "created",
    ]  # fmt: skip
    wanted = {
        "op": "upsert",
        "match": {"field": "name", "value": "华东"},
        "data": {"name": "华东", "rank": 3},
    }
    done = await admin.post(f"{PATH}/batch", json={"operations": [wanted]})
    assert done.status_code == 200, done.text
    assert (await admin.get(f"{PATH}/{id}")).json()["rank"] == 3


async def test_of_live_territories_there_is_one_of_a_name(
    client: Clients, organisation: Organisation, territory: Made
) -> None:
    admin, first = client(organisation.admin), await territory("East")
    refused = problem(await admin.post(PATH, json={"name": "East"}), 409, "not_unique", "name")
    assert "name" in refused["errors"]
    await admin.delete(f"{PATH}/{first}")
    await territory("East")
    problem(await admin.post(f"{PATH}/{first}/restore"), 409, "not_unique", "name")
    answers = await asyncio.gather(*(admin.post(PATH, json={"name": "West"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_tree_has_no_cycle_and_loses_no_branch(
    client: Clients, organisation: Organisation, territory: Made
) -> None:
    admin = client(organisation.admin)
    top = await territory("China")
    east = await territory("East", parent_id=top)
    city = await territory("Shanghai", parent_id=east)
    for parent in (city, east, top):
        problem(await admin.patch(f"{PATH}/{top}", json={"parent_id": parent}), 409, "parent_cycle", "parent_id")  # fmt: skip
    unknown = await admin.patch(f"{PATH}/{top}", json={"parent_id": str(uuid4())})
    problem(unknown, 422, "unknown_reference", "parent_id")
    problem(await admin.delete(f"{PATH}/{east}"), 409, "territory_in_use", "parent_id")
    assert (await admin.delete(f"{PATH}/{city}")).status_code == 200
    assert (await admin.delete(f"{PATH}/{east}")).status_code == 200
    problem(await admin.post(f"{PATH}/{city}/restore"), 409, "territory_in_use", "parent_id")
    whole = str(new_id())
    both = [{"id": whole, "name": "Asia"}, {"name": "Japan", "parent_id": whole}]
    done = await admin.post(
        f"{PATH}/batch", json={"operations": [{"op": "create", "data": each} for each in both]}
    )
    assert done.json()["succeeded"] == 2, done.text
    a, b = await territory("A"), await territory("B")
    answers = await asyncio.gather(
        admin.patch(f"{PATH}/{a}", json={"parent_id": b}),
        admin.patch(f"{PATH}/{b}", json={"parent_id": a}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_what_is_sent_wrong_is_named(client: Clients, organisation: Organisation) -> None:
    admin = client(organisation.admin)
    for sent, field in (
        ({}, "name"), ({"name": "x", "rank": -1}, "rank"), ({"name": "x", "regions": "east"}, "regions"),
        ({"name": "x", "owner_id": str(uuid4())}, "owner_id"), ({"name": "x", "team_id": str(uuid4())}, "team_id"),
        ({"name": "x", "cities": [""]}, "cities.0"), ({"name": "x", "planets": []}, "planets"),
    ):  # fmt: skip
        answer = await admin.post(PATH, json=sent)
        assert answer.status_code == 422, answer.text
        assert field in answer.json()["errors"], (sent, answer.text)


async def test_a_patch_changes_what_it_sends_and_null_takes_away(
    client: Clients, organisation: Organisation, territory: Made
) -> None:
    admin = client(organisation.admin)
    top = await territory("China")
    east = await territory("East", parent_id=top, regions=["east"], rank=3)
    sent = {"parent_id": None, "regions": None, "rank": None, "description": "By the sea"}
    changed = (await admin.patch(f"{PATH}/{east}", json=sent)).json()
    assert {name: changed[name] for name in sent} == {
        "parent_id": None, "regions": [], "rank": 100, "description": "By the sea",
    }  # fmt: skip
    problem(await admin.patch(f"{PATH}/{east}", json={"name": None}), 422, "invalid", "name")


async def test_when_the_last_territory_goes_nobody_is_in_one(
    client: Clients, organisation: Organisation, service_database: Database, territory: Made, account: Known,
    assigned: Assigned, heard: Heard,
) -> None:  # fmt: skip
    east = await territory("East", regions=["east"])
    ids = [await account(f"a{n}", region="east") for n in range(3)]
    await assigned()
    await client(organisation.admin).delete(f"{PATH}/{east}")
    owner = organisation.rep.id
    await heard(account_told(organisation.id, ids[0], "a0", owner_id=owner, region="east", version=2, verb="deleted"))  # fmt: skip
    await assigned()
    assert await told(service_database, organisation) == [*["created"] * 3, *["deleted"] * 3]


async def test_a_person_sees_their_own_territories_and_their_teams(
    client: Clients, organisation: Organisation, territory: Made, account: Known, assigned: Assigned
) -> None:
    own = await territory("Own", owner_id=str(organisation.rep.id), industries=["x"])
    team = await territory("Team", team_id=str(organisation.teams["a"]), industries=["y"])
    other = await territory("Other", industries=["z"])
    mine = [await account(f"A{industry}", industry=industry) for industry in "xyz"]
    theirs = await account("B", industry="x", owner=organisation.other_rep)
    await assigned()
    rep = client(organisation.rep)
    assert {row["id"] for row in (await rep.get(PATH)).json()["data"]} == {own, team}
    assert (await rep.get(f"{PATH}/{other}")).status_code == 404
    assert (await rep.get(f"{PATH}/{other}/accounts")).status_code == 404
    listed = (await rep.get(f"{PATH}/{own}/accounts")).json()["data"]
    assert [row["id"] for row in listed] == [mine[0]]
    both = (await client(organisation.admin).get(f"{PATH}/{own}/accounts")).json()["data"]
    assert {row["id"] for row in both} == {mine[0], theirs}
    assert (await rep.get(f"{PATH}/accounts/{theirs}")).status_code == 404
    hidden = await rep.get(f"{PATH}/accounts/{mine[2]}")
    assert (hidden.status_code, hidden.json()["territory_id"]) == (200, None)
    assert (await rep.patch(f"{PATH}/{own}", json={"rank": 1})).status_code == 403
    assert (await rep.put(f"{PATH}/{own}/accounts/{mine[1]}")).status_code == 403


async def test_accounts_of_a_territory_are_paged_sorted_and_filtered_as_other_lists(
    client: Clients, organisation: Organisation, territory: Made, account: Known
) -> None:
    east, west = (
        await territory("East", regions=["east"]),
        await territory("West", regions=["west"]),
    )
    for n, grade in enumerate("ABABA"):
        await account(f"a{n}", region="east", grade=grade)
    await account("w", region="west")
    admin, path = client(organisation.admin), f"{PATH}/{east}/accounts"
    names: list[str] = []
    asked: dict[str, Any] = {"sort": "-name", "limit": 2, "fields": "id,name,is_pinned"}
    for _ in range(3):
        answer = await admin.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        names += [row["name"] for row in found["data"]]
        asked["cursor"] = found["page"]["next_cursor"]
    assert (names, asked["cursor"]) == (["a4", "a3", "a2", "a1", "a0"], None)
    for more, expected in (
        ({"grade": "A"}, 3), ({"name[starts_with]": "a1"}, 1), ({"territory_id": west}, None), ({"planet": "x"}, None),
    ):  # fmt: skip
        answer = await admin.get(path, params={**more, "total": "exact"})
        if expected is None:
            assert answer.status_code == 400, answer.text
        else:
            assert answer.json()["page"]["total"] == expected
    assert (await admin.get(f"{PATH}/{uuid4()}/accounts")).status_code == 404
    blind = organisation.admin.but(permissions=("territories:*",))
    for refused in (path, f"{PATH}/accounts/{uuid4()}"):
        assert (await client(blind).get(refused)).status_code == 403


async def test_the_first_by_rank_that_has_all_it_asks_has_the_account(
    client: Clients, organisation: Organisation, territory: Made, account: Known, assigned: Assigned, where: Where
) -> None:  # fmt: skip
    await territory("Nothing asked", rank=0)
    big = await territory("Big", rank=5, regions=["EAST"], grades=["A"])
    east = await territory("East", rank=10, regions=["east"])
    again = await territory("Also east", rank=10, regions=["east"])
    town = await territory("Town", rank=20, cities=["上海"], countries=["CN"])
    a = await account("a", region="East ", grade="A")
    b = await account("b", region="east", grade="B")
    office = {"kind": "office", "country": "cn", "state": "上海市", "city": " 上海"}
    c = await account("c", addresses=[{"kind": "billing", "city": "北京"}, office])
    d = await account("d")
    assert [await where(id) for id in (a, b, c, d)] == [big, again, town, None]
    assert await assigned() == 5  # nothing was left to be done
    assert [await where(id) for id in (a, b, c, d)] == [big, again, town, None]
    admin = client(organisation.admin)
    await admin.patch(f"{PATH}/{east}", json={"rank": 9})
    await admin.delete(f"{PATH}/{big}")
    await assigned()
    assert [await where(id) for id in (a, b, c, d)] == [east, east, town, None]
    await admin.post(f"{PATH}/{big}/restore")
    await assigned()
    assert await where(a) == big


async def test_a_change_is_told_once_and_what_changes_nothing_is_not(
    organisation: Organisation, service_database: Database, territory: Made, account: Known, heard: Heard,
    assigned: Assigned, client: Clients,
) -> None:  # fmt: skip
    east, west = (
        await territory("East", regions=["east"]),
        await territory("West", regions=["west"]),
    )
    id = await account("a", region="east")

    async def now(version: int, region: str | None, **how: Any) -> None:
        state = account_told(organisation.id, id, "a", owner_id=organisation.rep.id, region=region, version=version, **how)  # fmt: skip
        await heard(state)

    await now(2, "east", verb="updated")
    await assigned()
    assert await told(service_database, organisation) == ["created"]
    await now(3, "west", verb="updated")
    await now(2, "east", verb="updated")  # late
    await now(4, None, verb="updated")
    await now(5, "west", verb="updated")
    await now(6, "west", verb="deleted")
    await now(7, "west", verb="restored")
    assert await told(service_database, organisation) == [
        "created", "updated", "deleted", "created", "deleted", "created",
    ]  # fmt: skip
    [row, *_] = await service_database.fetch(
        organisation.id, TOLD.replace("subject_type =", "type LIKE '%updated' AND subject_type ="), organisation.id
    )  # fmt: skip
    assert (row["changed"], row["before"]) == (["territory_id"], f'{{"territory_id": "{east}"}}')
    assert f'"territory_id": "{west}"' in row["after"] and id in row["after"]  # noqa: PT018


async def test_a_pin_holds_against_the_rules_until_it_is_taken_out_or_its_territory_goes(
    client: Clients, organisation: Organisation, service_database: Database, territory: Made, account: Known,
    assigned: Assigned, where: Where, heard: Heard,
) -> None:  # fmt: skip
    admin = client(organisation.admin)
    east, key = await territory("East", regions=["east"]), await territory("Key accounts")
    id = await account("a", region="east")
    pinned = await admin.put(f"{PATH}/{key}/accounts/{id}")
    assert pinned.status_code == 200, pinned.text
    assert pinned.json() == {"account_id": id, "territory_id": key, "is_pinned": True, "version": 2}
    again = await admin.put(f"{PATH}/{key}/accounts/{id}")
    assert again.json() == pinned.json()
    await heard(account_told(organisation.id, id, "a", owner_id=organisation.rep.id, version=2, verb="updated", region="east"))  # fmt: skip
    await assigned()
    assert await where(id) == key
    [row] = (await admin.get(f"{PATH}/{key}/accounts")).json()["data"]
    assert (row["id"], row["is_pinned"], row["region"]) == (id, True, "east")
    await admin.delete(f"{PATH}/{key}")
    await assigned()
    assert await where(id) == east
    await admin.post(f"{PATH}/{key}/restore")
    await assigned()
    assert await where(id) == key
    problem(await admin.delete(f"{PATH}/{east}/accounts/{id}"), 404, "not_found")
    freed = await admin.delete(f"{PATH}/{key}/accounts/{id}")
    assert (freed.status_code, freed.json()["territory_id"], freed.json()["is_pinned"]) == (200, east, False)  # fmt: skip
    problem(await admin.delete(f"{PATH}/{key}/accounts/{id}"), 404, "not_found")
    problem(await admin.put(f"{PATH}/{key}/accounts/{new_id()}"), 404, "not_found")
    assert await told(service_database, organisation) == ["created", *["updated"] * 4]


async def test_who_is_merged_or_erased_is_in_no_territory(
    client: Clients, organisation: Organisation, service_database: Database, territory: Made, account: Known,
    heard: Heard, where: Where,
) -> None:  # fmt: skip
    east = await territory("East", regions=["east"])
    a, b = await account("a", region="east"), await account("b", region="east")
    admin = client(organisation.admin)

    async def there() -> set[str]:
        return {row["id"] for row in (await admin.get(f"{PATH}/{east}/accounts")).json()["data"]}

    for event in merged_told(organisation, "account", str(uuid4()), [b], a, "a", version=2):
        event["after"]["region"] = "east"
        await heard(event)
    assert await there() == {a}
    assert await told(service_database, organisation) == ["created", "created", "deleted"]
    gone = account_told(organisation.id, a, "", version=3, verb="erased")
    await heard(gone)
    await heard(gone)
    assert await there() == set()
    assert (await told(service_database, organisation))[3:] == ["deleted"]
    sql = "SELECT count(*) AS n FROM territory_accounts WHERE organisation_id = $2 AND deleted_at IS NULL"
    assert (await service_database.fetchrow(organisation.id, sql, organisation.id))["n"] == 0  # type: ignore[index]


async def test_changes_at_once_leave_a_true_table(
    client: Clients, organisation: Organisation, territory: Made, account: Known, heard: Heard,
    assigned: Assigned, where: Where,
) -> None:  # fmt: skip
    """Accounts move while territories change and pins are set: whatever came first, the last word is the rule's."""
    admin = client(organisation.admin)
    places = {name: await territory(name, regions=[name]) for name in ("east", "west")}
    key = await territory("key")
    ids = [await account(f"a{n}", region="east") for n in range(12)]

    async def move(n: int) -> None:
        owner = organisation.rep.id
        await heard(account_told(organisation.id, ids[n], f"a{n}", owner_id=owner, region="west", version=2, verb="updated"))  # fmt: skip

    async def change(name: str) -> None:
        answer = await admin.patch(f"{PATH}/{places[name]}", json={"regions": [name, "moon"]})
        assert answer.status_code == 200, answer.text

    async def work() -> None:
        for _ in range(3):
            await assigned()

    async def pin(n: int) -> None:
        assert (await admin.put(f"{PATH}/{key}/accounts/{ids[n]}")).status_code == 200

    await asyncio.gather(
        *map(move, range(6)), change("east"), work(), change("west"), *map(pin, (0, 7))
    )
    await assigned()
    expected = {id: places["west" if n < 6 else "east"] for n, id in enumerate(ids)}
    expected |= {ids[0]: key, ids[7]: key}
    assert {id: await where(id) for id in ids} == expected


async def test_whoever_changes_a_territory_waits_for_who_decided_by_what_it_was(
    client: Clients, organisation: Organisation, service: Edge, service_database: Database, territory: Made,
    account: Known, assigned: Assigned, where: Where,
) -> None:  # fmt: skip
    """An account comes in while its territory gives it up: without turns the job would not see the account yet, and what was
    decided by the old rule would stay."""
    east, id = await territory("East", regions=["east"]), await account("a")
    comes = account_told(organisation.id, id, "a", owner_id=organisation.rep.id, region="east", version=2, verb="updated")  # fmt: skip

    async def give_up() -> None:
        answer = await client(organisation.admin).patch(
            f"{PATH}/{east}", json={"regions": ["moon"]}
        )
        assert answer.status_code == 200, answer.text
        await assigned()

    async def is_held_or_done() -> bool:
        row = await service_database.fetchrow(organisation.id, WAITING)
        return giving.done() or (row is not None and row["waiting"])

    async with service_database.transaction(None) as connection:
        await bind(connection, organisation.id)
        files = service.state.house.settings.files_dir
        await apply_contacts_events(connection, organisation.id, [comes], files_dir=files)
        giving = asyncio.create_task(give_up())
        await until(is_held_or_done)
    await giving
    assert await where(id) is None


async def test_of_jobs_that_wait_the_last_works_and_the_night_mends_what_was_cancelled(
    client: Clients, organisation: Organisation, service_database: Database, territory: Made, account: Known,
    assigned: Assigned, where: Where,
) -> None:  # fmt: skip
    id = await account("a", region="east")
    first, second = (
        await territory("First", regions=["east"], rank=9),
        await territory("Second", regions=["east"]),
    )
    assert await assigned() == 2
    assert await where(id) == first
    done = await service_database.fetch(organisation.id, DONE, organisation.id)
    assert [row["done"] for row in done] == [0, 1]
    admin = client(organisation.admin)
    await admin.patch(f"{PATH}/{second}", json={"rank": 1})
    [job] = await service_database.fetch(organisation.id, QUEUED, organisation.id)
    assert (await admin.post(f"/v1/jobs/{job['id']}/cancel")).status_code == 200
    await assigned()
    assert await where(id) == first
    await assign_every_night.duty(service_database)
    assert await where(id) == second


async def test_who_answers_for_a_territory_sees_who_is_told_to_be_in_it(
    client: Clients,
    organisation: Organisation,
    service_database: Database,
    territory: Made,
    account: Known,
) -> None:
    east = await territory("East", regions=["east"])
    await account("a", region="east")
    sent = {"owner_id": str(organisation.rep.id)}
    assert (await client(organisation.admin).patch(f"{PATH}/{east}", json=sent)).status_code == 200
    sql = "SELECT owner_id, version FROM territory_accounts WHERE organisation_id = $2"
    row = await service_database.fetchrow(organisation.id, sql, organisation.id)
    assert row is not None
    assert (row["owner_id"], row["version"]) == (organisation.rep.id, 1)


async def test_territories_are_exported_under_the_names_of_their_fields(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    sent = {"name": "华东", "provinces": ["江苏", "浙江"], "rank": 10}
    assert (await admin.post(PATH, json=sent)).status_code == 201
    answer = await admin.get(f"{PATH}/export", params={"format": "csv"})
    [row] = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["name"], row["provinces"], row["rank"]) == ("华东", "江苏; 浙江", "10")
    assert row["owner_id"] == str(organisation.admin.id)
