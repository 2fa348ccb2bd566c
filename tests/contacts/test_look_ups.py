"""Whose number or address is it: the filters `phone` and `email`, alone and among others; and that the
plans of a look-up by one of them, and of a check for duplicates, are kept."""

from typing import Any

import asyncpg
import pytest

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation, User
from tests.prepared import Clone
from tests.statements import Asked, asked_of

PATHS = ("/v1/contacts", "/v1/accounts")
NUMBER, TYPED, OTHER = "138 0013 8000", "+86 138-0013-8000", "139 0000 0001"


async def made(client: Clients, user: User, path: str, **fields: Any) -> str:
    number, address = fields.pop("number", NUMBER), fields.pop("address", None)
    body = {"phones": [{"number": number}], **fields}
    if address:
        body["emails"] = [{"address": address}]
    answer = await client(user).post(path, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def ids(client: Clients, user: User, path: str, **asked: Any) -> list[str]:
    answer = await client(user).get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


@pytest.mark.parametrize("path", PATHS)
async def test_a_look_up_shows_what_the_caller_sees_and_nothing_else(
    client: Clients, organisation: Organisation, other_organisation: Organisation, path: str
) -> None:
    mine = await made(client, organisation.rep, path, name="Mine")
    mates = await made(client, organisation.rep2, path, name="A mate's")
    foreign = await made(client, organisation.other_rep, path, name="Another team's")
    await made(client, other_organisation.rep, path, name="Of other people")
    await made(client, organisation.rep, path, name="Another number", number=OTHER)
    gone = await made(client, organisation.rep, path, name="Gone")
    assert (await client(organisation.admin).delete(f"{path}/{gone}")).status_code < 300
    assert await ids(client, organisation.rep, path, phone=TYPED) == [mine]
    assert set(await ids(client, organisation.manager, path, phone=TYPED)) == {mine, mates}
    assert set(await ids(client, organisation.admin, path, phone=TYPED)) == {mine, mates, foreign}


@pytest.mark.parametrize("path", PATHS)
async def test_what_many_share_comes_page_by_page_and_is_counted(
    client: Clients, organisation: Organisation, path: str
) -> None:
    every = {await made(client, organisation.rep, path, name=f"Desk {n}") for n in range(5)}
    rep, found = client(organisation.rep), []
    asked = {"phone": TYPED, "limit": "2", "sort": "name", "total": "exact"}
    while True:
        page = (await rep.get(path, params=asked)).json()
        found += page["data"]
        assert page["page"]["total"] == 5
        if not page["page"]["has_more"]:
            break
        asked["cursor"] = page["page"]["next_cursor"]
    assert [row["name"] for row in found] == [f"Desk {n}" for n in range(5)]
    assert {row["id"] for row in found} == every


@pytest.mark.parametrize("path", PATHS)
async def test_keys_go_together_with_every_other_way_to_ask(
    client: Clients, organisation: Organisation, path: str
) -> None:
    rep = organisation.rep
    fair = await made(client, rep, path, name="王伟", source="fair", address="wang@x.example")
    web = await made(client, rep, path, name="李娜", source="website", number=OTHER)
    assert await ids(client, rep, path, phone=TYPED, source="website") == []
    assert await ids(client, rep, path, phone=TYPED, source="fair") == [fair]
    assert await ids(client, rep, path, phone=TYPED, q="王") == [fair]
    assert await ids(client, rep, path, phone=TYPED, q="李") == []
    assert await ids(client, rep, path, phone=TYPED, email="WANG@x.example") == [fair]
    assert set(await ids(client, rep, path, **{"phone[in]": f"{TYPED},{OTHER}"})) == {fair, web}
    either = {
        "filter_groups": [
            {"filters": [{"field": "phone", "operator": "eq", "value": TYPED}]},
            {"filters": [{"field": "source", "operator": "eq", "value": "website"}]},
        ]
    }
    answer = await client(rep).post(f"{path}/search", json=either)
    assert {row["id"] for row in answer.json()["data"]} == {fair, web}


async def test_a_number_without_digits_finds_nobody(
    client: Clients, organisation: Organisation
) -> None:
    await made(client, organisation.rep, "/v1/contacts", name="x", number="extension only")
    assert await ids(client, organisation.rep, "/v1/contacts", phone="none") == []


ALONE = [{"phone": TYPED}, {"email": "a@x.example"}, {"phone": TYPED, "sort": "-name"}]
NOT_ALONE = [
    {"phone": TYPED, "source": "fair"}, {"phone[in]": TYPED}, {"phone": TYPED, "q": "王"},
    {"source": "fair"}, {"tags": "fair"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "is_kept"), [(a, True) for a in ALONE] + [(a, False) for a in NOT_ALONE], ids=str
)
@pytest.mark.parametrize("who", ["rep", "manager", "admin"])
@pytest.mark.usefixtures("remembered")
async def test_only_a_key_alone_is_asked_for_by_a_kept_plan(
    client: Clients, organisation: Organisation, service_database: Database,
    asked: dict[str, str], is_kept: bool, who: str,
) -> None:  # fmt: skip
    user = getattr(organisation, who)
    await made(client, organisation.rep, "/v1/contacts", name="王伟", source="fair", tags=["fair"])
    await ids(client, user, "/v1/contacts", **asked)  # scope and definitions are known from here
    with asked_of([service_database.points]) as kept:
        await ids(client, user, "/v1/contacts", **asked)
    with asked_of([service_database.pool, service_database.walks]) as planned:
        await ids(client, user, "/v1/contacts", **asked)
    assert (len(kept), len(planned)) == ((1, 0) if is_kept else (0, 1))


@pytest.mark.parametrize("who", ["rep", "manager", "admin"])
@pytest.mark.usefixtures("remembered")
async def test_the_plan_of_a_look_up_is_kept_and_goes_by_the_keys(
    client: Clients, organisation: Organisation, service_database: Database, database: Clone,
    who: str,
) -> None:  # fmt: skip
    """By Postgres' own choice, which is what the pool leaves it; among enough people for an index."""
    user = getattr(organisation, who)
    asked = await made(client, organisation.rep, "/v1/contacts", name="Asked for")
    await _crowd(database, organisation)
    await ids(client, user, "/v1/contacts", phone=TYPED)
    with asked_of([service_database.points]) as seen:
        await ids(client, user, "/v1/contacts", phone=TYPED)
    (row,), plan = await _again(database, seen[0])
    assert str(row["_sort0"]) == asked
    assert "ix_contacts_search_match_keys" in plan
    assert "Seq Scan on contacts" not in plan


@pytest.mark.usefixtures("remembered")
async def test_the_plan_of_a_check_for_duplicates_is_kept_and_goes_by_the_keys(
    client: Clients, organisation: Organisation, service_database: Database, database: Clone
) -> None:
    asked = await made(
        client, organisation.rep2, "/v1/contacts", name="Ann Lee", address="a@x.example"
    )
    await _crowd(database, organisation)
    body = {
        "name": "Lee Ann",
        "phones": [{"number": TYPED}],
        "emails": [{"address": "A@x.example"}],
    }
    rep = client(organisation.rep)
    await rep.post("/v1/contacts/check-duplicate", json=body)
    with asked_of([service_database.points]) as seen:
        answer = await rep.post("/v1/contacts/check-duplicate", json=body)
    assert [each["is_visible"] for each in answer.json()["candidates"]] == [False]
    (row,), plan = await _again(database, seen[0])
    assert row["id"] == asked
    assert "ix_contacts_search_match_keys" in plan
    assert "Seq Scan on contacts" not in plan


async def _again(database: Clone, asked: Asked) -> tuple[list[asyncpg.Record], str]:
    """The same statement eight times on a connection of its own: by then its plan must be kept. What
    it found, and the plan."""
    query, args = asked
    connection = await asyncpg.connect(database.urls["contacts"].request)
    try:
        statement = await connection.prepare(query)
        for _ in range(8):
            rows = await statement.fetch(*args)
        kept = await connection.fetchval("SELECT max(generic_plans) FROM pg_prepared_statements")
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        plan = str(await statement.explain(*args))
    finally:
        await connection.close()
    assert kept >= 2
    return rows, plan


async def _crowd(database: Clone, organisation: Organisation) -> None:
    """Three thousand more people of the same salesperson, with keys of their own."""
    connection = await asyncpg.connect(database.urls["contacts"].owner)
    try:
        await connection.execute(
            "SELECT set_config('app.organisation_id', $1, false)", str(organisation.id)
        )
        await connection.execute(CROWD, organisation.id, organisation.rep.id)
        await connection.execute("ANALYZE contacts; ANALYZE contacts_search")
    finally:
        await connection.close()


CROWD = """
WITH people AS (
  INSERT INTO contacts (organisation_id, id, name, owner_id)
  SELECT $1, gen_random_uuid(), 'Somebody ' || n, $2 FROM generate_series(1, 3000) AS n
  RETURNING organisation_id, id, owner_id, name
)
INSERT INTO contacts_search (organisation_id, id, owner_id, match_keys)
SELECT organisation_id, id, owner_id, ARRAY['n:' || name, 'e:' || id || '@x.example'] FROM people
"""
