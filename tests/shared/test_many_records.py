"""Many records at once: the same row, version and event for each as one alone would leave."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.errors import Conflict
from guanxi_shared.many_records import Change, load_many, log_many, write_many
from tests.factories import Clients, Organisation
from tests.library.app import BOOK
from tests.shared.test_records import BOOK as SENT

ACTOR = Actor(None, "user", "api")


@pytest.fixture
async def books(client: Clients, organisation: Organisation) -> list[dict[str, Any]]:
    rep = client(organisation.rep)
    sent = [SENT | {"title": title} for title in "abc"]
    return [(await rep.post("/v1/books", json=each)).json() for each in sent]


def ids_of(books: list[dict[str, Any]]) -> list[UUID]:
    return [UUID(each["id"]) for each in books]


async def shown(client: Clients, organisation: Organisation, book: dict[str, Any]) -> Any:
    return (await client(organisation.rep).get(f"/v1/books/{book['id']}")).json()


async def history(client: Clients, organisation: Organisation, book: dict[str, Any]) -> Any:
    answer = await client(organisation.rep).get(f"/v1/books/{book['id']}/history")
    return answer.json()["data"]


async def test_each_gets_its_own_values_version_and_event(
    client: Clients, organisation: Organisation, service_database: Database,
    books: list[dict[str, Any]],
) -> None:  # fmt: skip
    new: list[dict[str, Any]] = [
        {"pages": 1, "tags": ["x", 'q"\\'], "copies": [{"shelf": "B"}], "subtitle": None},
        {"pages": 640, "author_id": None, "reader_ids": [], "price_amount": None, "price_currency": None},
        {"rating": 0.1, "due_at": datetime(2030, 1, 2, 3, 4, 5, 678901, UTC), "is_lent": True},
    ]  # fmt: skip
    async with service_database.transaction(organisation.id) as connection:
        loaded = await load_many(connection, BOOK, ids_of(books))
        changes = [Change(loaded[id], new[index]) for index, id in enumerate(ids_of(books))]
        assert await write_many(connection, BOOK, changes, actor=ACTOR) == 3
    for index, book in enumerate(books):
        now = await shown(client, organisation, book)
        newest = (await history(client, organisation, book))[0]
        assert now["version"] == newest["version"] == 2
        assert newest["after"] == now
        assert newest["type"] == "library.book.updated"
        differing = {n for n in now if now[n] != book[n]} - {"version", "updated_at"}
        assert set(newest["changed"]) == differing
        assert newest["before"] == {name: book[name] for name in differing}
        unnamed = set(book) - differing - {"version", "updated_at"}
        assert {n: now[n] for n in unnamed} == {n: book[n] for n in unnamed}, index


async def test_a_change_of_nothing_is_none_but_a_verb_always_tells(
    client: Clients, organisation: Organisation, service_database: Database,
    books: list[dict[str, Any]],
) -> None:  # fmt: skip
    first, second, third = ids_of(books)
    async with service_database.transaction(organisation.id) as connection:
        loaded = await load_many(connection, BOOK, ids_of(books))
        changes = [
            Change(loaded[first], {"pages": 640}),
            Change(loaded[second], verb="lent", more={"to": "Ann"}),
            Change(loaded[third], {"deleted_at": datetime.now(UTC)}, verb="deleted"),
        ]
        assert await write_many(connection, BOOK, changes, actor=ACTOR) == 2
        assert await write_many(connection, BOOK, [], actor=ACTOR) == 0
    assert await shown(client, organisation, books[0]) == books[0]
    newest = (await history(client, organisation, books[1]))[0]
    assert (newest["type"], newest["before"]) == ("library.book.lent", {"to": "Ann"})
    assert (await client(organisation.rep).get(f"/v1/books/{books[2]['id']}")).status_code == 404


async def test_what_is_not_there_or_of_another_organisation_is_not_loaded(
    organisation: Organisation, other_organisation: Organisation, service_database: Database,
    books: list[dict[str, Any]],
) -> None:  # fmt: skip
    async with service_database.transaction(other_organisation.id) as connection:
        assert await load_many(connection, BOOK, ids_of(books)) == {}
    async with service_database.transaction(organisation.id) as connection:
        assert await load_many(connection, BOOK, []) == {}
        found = await load_many(connection, BOOK, [*ids_of(books), UUID(int=7)])
        assert sorted(found) == sorted(ids_of(books))


async def test_those_who_hold_the_same_records_in_any_order_wait_for_each_other(
    organisation: Organisation, service_database: Database, books: list[dict[str, Any]]
) -> None:
    ids = ids_of(books)

    async def change(order: list[UUID]) -> None:
        async with service_database.transaction(organisation.id) as connection:
            loaded = await load_many(connection, BOOK, order)
            pages = {id: each.row["pages"] + 1 for id, each in loaded.items()}
            changes = [Change(loaded[id], {"pages": pages[id]}) for id in order]
            await write_many(connection, BOOK, changes, actor=ACTOR)

    await asyncio.gather(*(change(ids if n % 2 else ids[::-1]) for n in range(12)))
    async with service_database.transaction(organisation.id) as connection:
        loaded = await load_many(connection, BOOK, ids)
    assert {each.row["pages"] for each in loaded.values()} == {652}
    assert {each.version for each in loaded.values()} == {13}


async def test_what_only_happened_to_records_is_told_with_their_present_state(
    client: Clients, organisation: Organisation, service_database: Database,
    books: list[dict[str, Any]],
) -> None:  # fmt: skip
    async with service_database.transaction(organisation.id) as connection:
        held = await load_many(connection, BOOK, ids_of(books))
        about = [Change(of, verb="warned", more={"until": "tomorrow"}) for of in held.values()]
        await log_many(connection, BOOK, about, actor=ACTOR)
        await log_many(connection, BOOK, [], actor=ACTOR)
        assert await write_many(connection, BOOK, [], actor=ACTOR) == 0
    for book in books:
        newest = (await history(client, organisation, book))[0]
        assert (newest["type"], newest["version"]) == ("library.book.warned", 1)
        assert (newest["changed"], newest["before"]) == ([], {"until": "tomorrow"})
        assert newest["after"] == book


async def test_one_that_is_not_as_it_was_read_lets_none_be_written(
    client: Clients, organisation: Organisation, service_database: Database,
    books: list[dict[str, Any]],
) -> None:  # fmt: skip
    async def write() -> None:
        async with service_database.transaction(organisation.id) as connection:
            held = await load_many(connection, BOOK, ids_of(books))
            held[UUID(books[1]["id"])].row["version"] += 1  # as one who holds no lock would have it
            changes = [Change(each, {"pages": 7}) for each in held.values()]
            await write_many(connection, BOOK, changes, actor=ACTOR)

    with pytest.raises(Conflict):
        await write()
    for book in books:
        assert await shown(client, organisation, book) == book
        assert len(await history(client, organisation, book)) == 1
