"""Many records changed in one statement: each with its version and its event, or none of them."""

import asyncio
from typing import Any

import orjson
import pytest
from sqlalchemy import Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import Conflict
from guanxi_shared.many import Change, loaded_from, log_many, update_many
from guanxi_shared.records import Loaded
from guanxi_shared.statements import compile_after_binding
from tests.factories import Clients, Organisation
from tests.library.app import BOOK
from tests.library.tables import BOOKS

ACTOR = Actor(id=None, kind="system", channel="test")
FULL: dict[str, Any] = {
    "title": "红楼梦", "pages": 640, "weight": "0.85", "rating": 4.5, "tags": ["b", "a"],
    "price": {"amount": "59.80", "currency": "CNY"}, "printed_on": "1982-03-01",
    "due_at": "2026-11-22T08:00:00Z", "copies": [{"shelf": "A1"}],
}  # fmt: skip
HELD = compile_after_binding(
    select(*BOOKS.columns)
    .where(BOOKS.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(BOOKS.c.title)
    .with_for_update(key_share=True)
)


async def made(client: Clients, organisation: Organisation, count: int) -> list[dict[str, Any]]:
    rep = client(organisation.rep)
    answers = [
        await rep.post("/v1/books", json=FULL | {"title": f"{number:02}"})
        for number in range(count)
    ]
    return [answer.json() for answer in answers]


async def held(connection: Connection, books: list[dict[str, Any]]) -> list[Loaded]:
    sql = f"SELECT found.* FROM (SELECT $1::text) AS bound, LATERAL ({HELD.sql}) AS found"
    rows = await connection.fetch(sql, "", *HELD.args({"ids": [book["id"] for book in books]}))
    return [loaded_from(BOOK, row) for row in rows]


async def test_states_rows_and_events_say_the_same_for_each(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    books = await made(client, organisation, 3)
    async with service_database.transaction(organisation.id) as connection:
        found = await held(connection, books)
        changes = [
            Change(of, {"tags": [f"t{n}"], "pages": n}, {"why": n}) for n, of in enumerate(found)
        ]
        states = await update_many(connection, BOOK, changes, actor=ACTOR, verb="sorted")
    rep = client(organisation.rep)
    for number, (book, state) in enumerate(zip(books, states, strict=True)):
        shown = (await rep.get(f"/v1/books/{book['id']}")).json()
        assert shown == book | {
            "tags": [f"t{number}"], "pages": number, "version": 2, "updated_at": shown["updated_at"],
        }  # fmt: skip
        assert orjson.loads(orjson.dumps(state, option=orjson.OPT_UTC_Z, default=str)) == shown
        newest = (await rep.get(f"/v1/books/{book['id']}/history")).json()["data"][0]
        assert newest["type"] == "library.book.sorted"
        assert newest["after"] == shown
        assert sorted(newest["changed"]) == ["pages", "tags"]
        assert newest["before"] == {"tags": ["b", "a"], "pages": 640, "why": number}
        assert newest["occurred_at"] == shown["updated_at"]
        as_of = await rep.get(f"/v1/books/{book['id']}", params={"as_of": shown["updated_at"]})
        assert as_of.json() == shown


async def test_one_that_changed_meanwhile_lets_none_be_written(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    books = await made(client, organisation, 2)
    async with service_database.transaction(organisation.id) as connection:
        found = await held(connection, books)
    await client(organisation.rep).patch(f"/v1/books/{books[1]['id']}", json={"pages": 1})

    async def write() -> None:
        async with service_database.transaction(organisation.id) as connection:
            changes = [Change(of, {"pages": 2}) for of in found]
            await update_many(connection, BOOK, changes, actor=ACTOR)

    with pytest.raises(Conflict):
        await write()
    for book, version in zip(books, (1, 2), strict=True):
        history = await client(organisation.rep).get(f"/v1/books/{book['id']}/history")
        assert len(history.json()["data"]) == version


async def test_what_only_happened_to_records_is_told_with_their_present_state(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    books = await made(client, organisation, 2)
    async with service_database.transaction(organisation.id) as connection:
        about = [(of, {"until": "tomorrow"}) for of in await held(connection, books)]
        await log_many(connection, BOOK, about, actor=ACTOR, verb="warned")
        await log_many(connection, BOOK, [], actor=ACTOR, verb="warned")
        assert await update_many(connection, BOOK, [], actor=ACTOR) == []
    for book in books:
        history = await client(organisation.rep).get(f"/v1/books/{book['id']}/history")
        newest = history.json()["data"][0]
        assert (newest["type"], newest["version"]) == ("library.book.warned", 1)
        assert (newest["changed"], newest["before"]) == ([], {"until": "tomorrow"})
        assert newest["after"] == book


async def test_writers_of_the_same_records_take_turns(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    books = await made(client, organisation, 5)

    async def add_a_page() -> None:
        async with service_database.transaction(organisation.id) as connection:
            changes = [
                Change(of, {"pages": of.row["pages"] + 1}) for of in await held(connection, books)
            ]
            await update_many(connection, BOOK, changes, actor=ACTOR)

    await asyncio.gather(*(add_a_page() for _ in range(6)))
    rows = (await client(organisation.rep).get("/v1/books")).json()["data"]
    assert {(row["pages"], row["version"]) for row in rows} == {(646, 7)}
