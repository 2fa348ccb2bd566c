"""Copies of accounts and people: by version, merges followed there and back, trusted and settled, erased."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from guanxi_pipeline.references.settling import settle_organisation
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation, User
from tests.pipeline.conftest import Heard, Known, Stages
from tests.pipeline.deals import PATH, events_of, got, made, problem
from tests.pipeline.telling import account_told, told
from tests.stand_in import SECRET

WORDS = """
SELECT search_text || ' ' || array_to_string(search_grams, ' ') AS words FROM opportunities_search
WHERE organisation_id = $2 AND id = $3::text::uuid
"""


def merged_told(
    organisation: Organisation, noun: str, merge_id: str, sources: Sequence[str], survivor: str,
    name: str, *, version: int, verb: str = "merged", owner: User | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """What contacts tells of a merge: each source goes (or comes back), then the survivor."""
    state = {"owner_id": str((owner or organisation.rep).id), "team_id": None}
    own = "deleted" if verb == "merged" else "restored"
    before = {"merged_into_id": survivor} if verb == "merged" else {}
    gone = [
        told(organisation.id, noun, id, state | {"id": id, "name": f"Source {id[-4:]}"},
             version=version, verb=own, before=before)
        for id in sources
    ]  # fmt: skip
    merge = {"id": merge_id, "source_ids": list(sources)}
    whole = told(
        organisation.id, noun, survivor, state | {"id": survivor, "name": name}, version=version,
        verb=verb, before={"merge": merge},
    )  # fmt: skip
    return [*gone, whole]


async def found(user: httpx.AsyncClient, words: str) -> list[str]:
    answer = await user.get(PATH, params={"q": words})
    return [row["id"] for row in answer.json()["data"]]


async def test_an_older_version_never_overwrites_a_newer_one(
    client: Clients, organisation: Organisation, stages: Stages, heard: Heard
) -> None:
    rep, id = client(organisation.rep), str(new_id())
    owner = organisation.rep.id
    for version, name in ((3, "Third"), (1, "First"), (2, "Second"), (3, "Other third")):
        await heard(account_told(organisation.id, id, name, owner_id=owner, version=version))
    deal = await made(rep, account_id=id)
    shown = (await rep.get(PATH, params={"include": "account"})).json()["data"][0]["account"]
    assert shown["name"] == "Third"
    assert await found(rep, "third") == [deal["id"]]


async def test_a_renamed_account_is_found_by_its_new_name_alone(
    client: Clients, organisation: Organisation, stages: Stages, account: Known, heard: Heard
) -> None:
    rep = client(organisation.rep)
    id = await account("Oldhouse")
    deals = [(await made(rep, f"Deal {n}", account_id=id))["id"] for n in range(3)]
    gone = deals[0]
    await rep.delete(f"{PATH}/{gone}")
    await heard(
        account_told(organisation.id, id, "新房子", owner_id=organisation.rep.id, version=2,
                     verb="updated", changed=["name"])
    )  # fmt: skip
    await rep.post(f"{PATH}/{gone}/restore")
    assert sorted(await found(rep, "新房子")) == sorted(deals)
    assert sorted(await found(rep, "xfz")) == sorted(deals)
    assert await found(rep, "oldhouse") == []
    assert (await got(rep, deals[1]))["version"] == 1  # no record of ours changed by it


async def test_what_is_erased_there_is_not_found_here_any_more(
    client: Clients, organisation: Organisation, stages: Stages, account: Known, person: Known,
    heard: Heard, service_database: Database,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    id, somebody = await account("王小明 Wang"), await person("李雷")
    deal = await made(rep, account_id=id, contacts=[{"contact_id": somebody}])
    assert await found(rep, "王小明") == [deal["id"]]
    # As contacts tells it: an empty record, and no names of fields.
    for noun, subject in (("account", id), ("contact", somebody)):
        nothing = {"id": subject, "name": None, "erased_at": datetime.now(UTC).isoformat()}
        await heard(told(organisation.id, noun, subject, nothing, version=2, verb="erased"))
    assert await found(rep, "王小明") == []
    rows = await service_database.fetch(organisation.id, WORDS, organisation.id, deal["id"])
    assert "wang" not in rows[0]["words"].casefold()
    assert "王" not in rows[0]["words"]
    for table in ("known_accounts", "known_contacts"):
        sql = f"SELECT name FROM {table} WHERE organisation_id = $2"
        assert [
            r["name"] for r in await service_database.fetch(organisation.id, sql, organisation.id)
        ] == [""]
    again = await rep.post(PATH, json={"name": "x", "account_id": id})
    problem(again, 422, "unknown_reference", "account_id")


async def test_a_deleted_account_is_named_by_nothing_new(
    client: Clients, organisation: Organisation, stages: Stages, account: Known, heard: Heard
) -> None:
    rep, id = client(organisation.rep), await account()
    deal = await made(rep, account_id=id)
    await heard(
        account_told(
            organisation.id, id, "Acme", owner_id=organisation.rep.id, version=2, verb="deleted"
        )
    )
    problem(await rep.post(PATH, json={"name": "x", "account_id": id}), 422, "unknown_reference")
    kept = await rep.patch(f"{PATH}/{deal['id']}", json={"next_step": "Call"})
    assert kept.json()["account_id"] == id
    await heard(
        account_told(
            organisation.id, id, "Acme", owner_id=organisation.rep.id, version=3, verb="restored"
        )
    )
    assert (await rep.post(PATH, json={"name": "x", "account_id": id})).status_code == 201


async def test_a_merge_is_followed_there_and_back(
    client: Clients, organisation: Organisation, stages: Stages, account: Known, heard: Heard
) -> None:
    rep = client(organisation.rep)
    a, b, other = await account("Alpha"), await account("Beta"), await account("Other")
    deals = [await made(rep, f"Deal {n}", account_id=a) for n in range(4)]
    own = await made(rep, "Own", account_id=b)
    deleted, changed = deals[1], deals[2]
    await rep.delete(f"{PATH}/{deleted['id']}")
    merge = str(new_id())
    for event in merged_told(organisation, "account", merge, [a], b, "Beta", version=2):
        await heard(event)
    for deal in deals:
        if deal is not deleted:
            assert (await got(rep, deal["id"]))["account_id"] == b
    assert sorted(await found(rep, "beta")) == sorted(
        [own["id"], *(deal["id"] for deal in deals if deal is not deleted)]
    )
    assert await found(rep, "alpha") == []
    by = (await events_of(rep, deals[0]["id"]))[-1]
    assert (by["type"], by["changed"]) == ("pipeline.opportunity.updated", ["account_id"])
    new = await made(rep, "New", account_id=a)  # means the survivor
    assert new["account_id"] == b
    await rep.patch(f"{PATH}/{changed['id']}", json={"account_id": other})
    for event in merged_told(
        organisation, "account", merge, [a], b, "Beta", version=3, verb="unmerged"
    ):
        await heard(event)
    await rep.post(f"{PATH}/{deleted['id']}/restore")
    for deal in deals:
        expected = other if deal is changed else a
        assert (await got(rep, deal["id"]))["account_id"] == expected
    assert (await got(rep, new["id"]))["account_id"] == b
    assert sorted(await found(rep, "beta")) == sorted([own["id"], new["id"]])
    names = await found(rep, f"source {a[-4:]}")
    assert sorted(names) == sorted(d["id"] for d in deals if d is not changed)


async def test_chains_of_merges_end_at_the_last_survivor(
    client: Clients, organisation: Organisation, stages: Stages, account: Known, heard: Heard
) -> None:
    rep = client(organisation.rep)
    a, b, c = [await account(name) for name in ("A1", "B1", "C1")]
    deal = await made(rep, account_id=a)
    first, second = str(new_id()), str(new_id())
    for event in merged_told(organisation, "account", first, [a], b, "B1", version=2):
        await heard(event)
    for event in merged_told(organisation, "account", second, [b], c, "C1", version=3):
        await heard(event)
    assert (await got(rep, deal["id"]))["account_id"] == c
    assert (await made(rep, "New", account_id=a))["account_id"] == c
    for merge, source, survivor, version in ((second, b, c, 4), (first, a, b, 5)):
        for event in merged_told(
            organisation,
            "account",
            merge,
            [source],
            survivor,
            "X",
            version=version,
            verb="unmerged",
        ):
            await heard(event)
        assert (await got(rep, deal["id"]))["account_id"] == source


async def test_people_who_become_one_have_one_role(
    client: Clients, organisation: Organisation, stages: Stages, person: Known, heard: Heard
) -> None:
    rep = client(organisation.rep)
    ann, anne, bob = [await person(name) for name in ("Ann", "Anne", "Bob")]
    links = [
        {"contact_id": bob, "role": "user", "is_primary": False},
        {"contact_id": anne, "role": "buyer", "is_primary": True},
        {"contact_id": ann, "role": "champion", "is_primary": False},
    ]
    deal = await made(rep, contacts=links)
    single = await made(rep, "Single", contacts=links[:2])
    merge = str(new_id())
    for event in merged_told(organisation, "contact", merge, [anne], ann, "Ann", version=2):
        await heard(event)
    after = await got(rep, deal["id"])
    roles = {link["contact_id"]: (link["role"], link["is_primary"]) for link in after["contacts"]}
    assert roles == {bob: ("user", False), ann: ("champion", True)}
    assert after["contacts"][0]["contact_id"] == bob  # in their order
    assert [link["contact_id"] for link in (await got(rep, single["id"]))["contacts"]] == [bob, ann]
    for id, count in ((ann, 2), (anne, 0), (bob, 2)):
        listed = (await rep.get(PATH, params={"contact_id": id})).json()["data"]
        assert len(listed) == count
    await rep.patch(f"{PATH}/{single['id']}", json={"contacts": [{"contact_id": ann}]})
    for event in merged_told(
        organisation, "contact", merge, [anne], ann, "Ann", version=3, verb="unmerged"
    ):
        await heard(event)
    assert (await got(rep, deal["id"]))["contacts"] == links
    assert len((await got(rep, single["id"]))["contacts"]) == 1  # changed since, and meant


async def test_a_feed_that_is_replayed_from_its_start_changes_nothing(
    client: Clients, organisation: Organisation, stages: Stages, heard: Heard,
    service_database: Database,
) -> None:  # fmt: skip
    """After a restore of contacts everything is told again."""
    rep, owner = client(organisation.rep), organisation.rep.id
    a, b, c = str(new_id()), str(new_id()), str(new_id())
    merge, undone = str(new_id()), str(new_id())
    story = [
        *(account_told(organisation.id, id, name, owner_id=owner) for id, name in ((a, "A2"), (b, "B2"), (c, "C2"))),
        *merged_told(organisation, "account", undone, [a], c, "C2", version=2),
        *merged_told(organisation, "account", undone, [a], c, "C2", version=3, verb="unmerged"),
        *merged_told(organisation, "account", merge, [a], b, "B2", version=4),
        account_told(organisation.id, b, "Renamed", owner_id=owner, version=5, verb="updated", changed=["name"]),
    ]  # fmt: skip
    deal = None
    for event in story:
        await heard(event)
        if deal is None and event["subject_id"] == c:
            deal = await made(rep, account_id=a)
    assert deal is not None

    async def everything() -> Any:
        sql = "SELECT id, name, version, merged_into_id, deleted_at FROM known_accounts WHERE organisation_id = $2 ORDER BY id"
        copies = await service_database.fetch(organisation.id, sql, organisation.id)
        words = await service_database.fetch(organisation.id, WORDS, organisation.id, deal["id"])
        return [dict(row) for row in copies], await got(rep, deal["id"]), [dict(w) for w in words]

    before = await everything()
    assert before[1]["account_id"] == b
    for event in story:
        await heard(event)
    assert await everything() == before


@contextmanager
def contacts_saying(service: Edge, answer: Any) -> Iterator[list[httpx.Request]]:
    """A contacts service that answers so, for as long as the block lasts."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found: httpx.Response = answer(request)
        return found

    client = ServiceClient(
        "contacts", "http://contacts", SECRET, caller="pipeline",
        transport=httpx.MockTransport(handle),
    )  # fmt: skip
    house = service.state.house
    house.more["contacts"] = client
    try:
        yield asked
    finally:
        del house.more["contacts"]


def shown(*rows: Mapping[str, Any]) -> Any:
    return lambda request: httpx.Response(200, json={"data": list(rows), "page": {}})


async def test_one_that_is_not_known_here_yet_is_asked_for_with_the_callers_token(
    client: Clients, organisation: Organisation, stages: Stages, pipeline: Edge
) -> None:
    rep, id = client(organisation.rep), str(uuid4())
    with contacts_saying(pipeline, shown({"id": id, "name": "未来科技", "version": 1})) as asked:
        deal = await made(rep, account_id=id)
    assert deal["is_account_verified"]
    assert asked[0].headers["authorization"] == rep.headers["authorization"]
    assert orjson.loads(asked[0].content)["filter_groups"][0]["filters"][0]["value"] == [id]
    assert await found(rep, "未来") == [deal["id"]]


async def test_one_that_contacts_does_not_show_does_not_exist(
    client: Clients, organisation: Organisation, stages: Stages, pipeline: Edge
) -> None:
    rep, id = client(organisation.rep), str(uuid4())
    with contacts_saying(pipeline, shown()):
        problem(
            await rep.post(PATH, json={"name": "x", "account_id": id}),
            422,
            "unknown_reference",
            "account_id",
        )
        people = [{"contact_id": id}]
        problem(
            await rep.post(PATH, json={"name": "x", "contacts": people}),
            422,
            "unknown_reference",
            "contacts",
        )
    assert (await rep.get(PATH)).json()["data"] == []


def refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there")


@pytest.mark.parametrize("away", [refuse, lambda request: httpx.Response(503), None])
async def test_with_contacts_away_it_is_taken_on_trust_and_settled_when_it_arrives(
    client: Clients, organisation: Organisation, stages: Stages, pipeline: Edge, heard: Heard,
    service_database: Database, away: Any,
) -> None:  # fmt: skip
    rep, id = client(organisation.rep), str(uuid4())
    if away is None:
        deal = await made(rep, account_id=id)
    else:
        with contacts_saying(pipeline, away):
            deal = await made(rep, account_id=id)
    assert not deal["is_account_verified"]
    await settle_organisation(service_database, organisation.id)
    assert (await got(rep, deal["id"]))["version"] == 1
    await heard(account_told(organisation.id, id, "未来科技", owner_id=organisation.rep.id))
    await settle_organisation(service_database, organisation.id)
    settled = await got(rep, deal["id"])
    assert (settled["is_account_verified"], settled["version"]) == (True, 2)
    assert await found(rep, "wlkj") == [deal["id"]]
    await settle_organisation(service_database, organisation.id)
    assert await got(rep, deal["id"]) == settled


async def test_what_was_merged_between_the_look_and_the_write_is_settled_and_given_back(
    client: Clients, organisation: Organisation, stages: Stages, account: Known, heard: Heard,
    service_database: Database,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    a, b = await account("Alpha"), await account("Beta")
    deal = await made(rep, account_id=a)
    late = await made(rep, "Late", account_id=b)
    merge = str(new_id())
    events = merged_told(organisation, "account", merge, [a], b, "Beta", version=2)
    await heard(events[0])
    await settle_organisation(service_database, organisation.id)  # between the two
    await heard(events[1])
    async with service_database.transaction(organisation.id) as connection:
        # As a write that looked before the merge and came after it leaves it.
        await connection.execute(
            "UPDATE opportunities SET account_id = $1 WHERE id = $2", UUID(a), UUID(late["id"])
        )
    await settle_organisation(service_database, organisation.id)
    for each in (deal, late):
        assert (await got(rep, each["id"]))["account_id"] == b
    assert sorted(await found(rep, "beta")) == sorted([deal["id"], late["id"]])
    for event in merged_told(
        organisation, "account", merge, [a], b, "Beta", version=3, verb="unmerged"
    ):
        await heard(event)
    for each in (deal, late):
        assert (await got(rep, each["id"]))["account_id"] == a
