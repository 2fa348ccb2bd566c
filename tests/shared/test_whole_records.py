"""A record is kept three times: in columns, as the document that reads answer, and as what it is
found by. Whatever is done to it, the three say the same."""

import asyncio
from typing import Any

import asyncpg
import orjson
from httpx import AsyncClient

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.library.books import book, shelve

KEPT = """
SELECT b.as_shown, b.deleted_at, s.deleted_at AS s_deleted, b.owner_id, s.owner_id AS s_owner,
       b.team_id, s.team_id AS s_team, b.tags, s.tags AS s_tags, s.search_text
FROM books AS b JOIN books_search AS s ON s.organisation_id = b.organisation_id AND s.id = b.id
WHERE b.organisation_id = $2 AND b.id = $3::text::uuid
"""
FORGOTTEN = "UPDATE books SET as_shown = NULL WHERE id = $1::text::uuid"


async def kept(database: Database, organisation: Organisation, book_id: str) -> asyncpg.Record:
    found = await database.fetchrow(organisation.id, KEPT, organisation.id, book_id)
    assert found is not None
    return found


async def all_columns(client: AsyncClient, shown: dict[str, Any]) -> dict[str, Any]:
    """The record read by column, which a list with `fields` is."""
    params = {"fields": ",".join(shown), "limit": 200}
    listed = (await client.get("/v1/books", params=params)).json()["data"]
    found: dict[str, Any] = next(each for each in listed if each["id"] == shown["id"])
    return found


async def test_columns_document_and_search_row_stay_alike(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    made = await book(rep, title="Walden", pages=3, price={"amount": "5.00", "currency": "EUR"})
    path = f"/v1/books/{made['id']}"
    changes: list[dict[str, Any]] = [
        {"title": "水浒传"},
        {"tags": ["b", "a"], "weight": "0.50"},
        {"team_id": str(next(iter(organisation.teams.values())))},
        {"price": None},
        {"price": {"amount": "7.25", "currency": "CNY"}, "due_at": "2026-01-01T00:00:00+08:00"},
    ]
    for change in changes:
        answer = await rep.patch(path, json=change)
        assert answer.status_code == 200, answer.text
        shown = answer.json()
        row = await kept(service_database, organisation, made["id"])
        assert orjson.loads(row["as_shown"]) == shown == await all_columns(rep, shown)
        assert (await rep.get(path)).content == answer.content
        assert (row["owner_id"], row["team_id"]) == (row["s_owner"], row["s_team"])
        assert row["tags"] == row["s_tags"]
    assert "shuihuzhuan" in row["search_text"]


async def test_a_deleted_record_is_not_found_until_it_is_back(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    made = await book(rep, title="Xenophon")

    async def hits() -> int:
        return len((await rep.get("/v1/books", params={"q": "xenophon"})).json()["data"])

    assert await hits() == 1
    await rep.delete(f"/v1/books/{made['id']}")
    row = await kept(service_database, organisation, made["id"])
    assert row["s_deleted"] == row["deleted_at"] is not None
    assert await hits() == 0
    restored = await rep.post(f"/v1/books/{made['id']}/restore")
    assert restored.status_code == 200
    assert await hits() == 1


async def test_a_record_whose_document_is_missing_is_read_by_its_columns(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    """As after a migration that adds a field and forgets the documents."""
    rep = client(organisation.rep)
    made, other = await book(rep, title="One"), await book(rep, title="Two")
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(FORGOTTEN, made["id"])

    assert (await rep.get(f"/v1/books/{made['id']}")).json() == made
    assert (await rep.get("/v1/books")).json()["data"] == [made, other]
    assert (await rep.patch(f"/v1/books/{made['id']}", json={"pages": 1})).status_code == 200
    row = await kept(service_database, organisation, made["id"])
    assert orjson.loads(row["as_shown"])["pages"] == 1


async def test_updates_at_once_each_count_and_none_is_lost(
    client: Clients, organisation: Organisation
) -> None:
    """Who is outrun between the look and the write does it again."""
    rep = client(organisation.rep)
    made = await book(rep, title="Races")
    path = f"/v1/books/{made['id']}"
    fields = ("pages", "rating", "subtitle", "isbn")
    values = {"pages": 7, "rating": 2.5, "subtitle": "s", "isbn": "978"}
    answers = await asyncio.gather(*(rep.patch(path, json={f: values[f]}) for f in fields))

    assert [answer.status_code for answer in answers] == [200] * len(fields)
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4, 5]
    now = (await rep.get(path)).json()
    assert {name: now[name] for name in fields} == values


async def test_of_updates_at_once_under_one_etag_one_wins(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await book(rep, title="Etag")
    path, headers = f"/v1/books/{made['id']}", {"If-Match": '"1"'}
    answers = await asyncio.gather(
        *(rep.patch(path, json={"pages": n}, headers=headers) for n in range(1, 7))
    )

    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 5]
    won = next(answer for answer in answers if answer.status_code == 200)
    assert (await rep.get(path)).json() == won.json()


async def test_a_text_is_looked_for_among_what_one_may_see(
    client: Clients, organisation: Organisation
) -> None:
    rep, other = client(organisation.rep), client(organisation.other_rep)
    await shelve(rep, [{"title": f"沙丘 {n}"} for n in range(3)])
    await shelve(other, [{"title": f"沙丘 {n}"} for n in range(4)])

    async def count(who: AsyncClient) -> int:
        params = {"q": "沙", "total": "exact", "limit": 2}
        page = (await who.get("/v1/books", params=params)).json()["page"]
        found: int = page["total"]
        return found

    assert (await count(rep), await count(other)) == (3, 4)
    assert await count(client(organisation.admin)) == 7
    assert await count(client(organisation.manager)) >= 3
