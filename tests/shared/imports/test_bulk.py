"""What bulk writes hand to Postgres."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import cycle
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.bulk import columns_of, encoded, insert_events, insert_rows, insert_told
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection, Database
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.records import event_of, insert_record, state_bytes
from guanxi_shared.resources import DOCUMENT
from guanxi_shared.statements import array_text
from tests.factories import Organisation
from tests.library.app import BOOK, found_by
from tests.prepared import Clone

HARD = ['a"b', "a\\b", "{x}", "a,b", "", "NULL", " ", "'", "换行\n", '","', "\\", '"']


async def test_arrays_come_back_as_they_were(database: Clone) -> None:
    connection = await asyncpg.connect(database.admin_url)
    try:
        for items in ([], ["a"], HARD, *([each] for each in HARD), [HARD[0], HARD[1]]):
            assert await connection.fetchval("SELECT $1::text::text[]", array_text(items)) == items
    finally:
        await connection.close()


@given(st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)))))
def test_quotes_and_backslashes_are_balanced(items: list[str]) -> None:
    text = array_text(items).replace("\\\\", "").replace('\\"', "")

    assert text.count('"') == 2 * len(items)


def test_an_index_finds_by_its_kinds_of_keys_alone() -> None:
    one, two = new_id(), new_id()
    index = KeyIndex(BOOK, new_id(), {"e:"})
    index.add(one, ["e:a", "n:x"])
    index.add(two, ["e:a", "e:b"])
    index.add(two, ["e:b"])

    assert index.find(["e:a"]) == [one, two]
    assert index.find(["e:b", "e:a"]) == [two, one]
    assert index.find(["n:x", "e:c"]) == []


@pytest.mark.parametrize("prefixes", [(), ("x:",)])
async def test_an_index_without_kinds_is_idle(prefixes: tuple[str, ...]) -> None:
    index = KeyIndex(BOOK, new_id(), prefixes)
    index.add(new_id(), ["e:a"])

    assert index.find(["e:a"]) == []


async def test_an_import_reads_what_others_wrote_and_its_own_rows_not_again(
    service_database: Database, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = KeyIndex(BOOK, organisation.id, {"e:"})
    await index.load(service_database)
    read: list[str] = []

    def note(record_id: UUID, keys: Iterable[str]) -> None:
        read.extend(keys)

    monkeypatch.setattr(index, "add", note)

    async with service_database.transaction(organisation.id) as connection:
        await index.catch_up(connection)
        own = await shelve(connection, organisation, "e:own")
    async with service_database.transaction(organisation.id) as connection:
        await shelve(connection, organisation, "e:of-another")
    async with service_database.transaction(organisation.id) as connection:
        await index.catch_up(connection)
    assert read == ["e:of-another"]

    async with service_database.transaction(organisation.id) as connection:
        await connection.execute("UPDATE books SET updated_at = now() WHERE id = $1", own)
    async with service_database.transaction(organisation.id) as connection:
        await index.catch_up(connection)
    assert set(read) == {"e:of-another", "e:own"}  # somebody changed it since


async def shelve(connection: Connection, organisation: Organisation, key: str) -> UUID:
    record_id = new_id()
    book = {"organisation_id": organisation.id, "id": record_id, "title": "Walden"}
    found = {**found_by(book), "match_keys": [key]}
    actor = Actor(id=None, kind="service", channel="test")
    await insert_record(connection, BOOK, {**book, **found}, actor=actor)
    return record_id


async def test_the_log_tells_of_new_rows_what_it_would_be_told_by_itself(
    service_database: Database, organisation: Organisation
) -> None:
    actor = Actor(organisation.rep.id, "user", "import", "request", "trace")
    rows = [new_book(organisation, title) for title in HARD if title]
    states = [state_bytes(BOOK.state(row, {})) for row in rows]
    values = [
        encoded(BOOK, {**row, DOCUMENT: state.decode()})
        for row, state in zip(rows, states, strict=True)
    ]
    logged = [
        event_of(BOOK, verb, row, state, actor, changed=(), before=None)
        for verb, row, state in zip(cycle(("created", "received")), rows, states, strict=False)
    ]

    async def left(*, beside: bool) -> list[Any]:
        async with service_database.transaction(organisation.id) as connection:
            await connection.execute("SAVEPOINT nothing_there")
            if beside:
                await insert_told(connection, BOOK, values, logged)
            else:
                await insert_rows(connection, BOOK, values)
                await insert_events(connection, logged)
            found = await connection.fetch(
                "SELECT to_jsonb(e) - 'seq' FROM events e ORDER BY e.seq"
            )
            found += await connection.fetch("SELECT to_jsonb(b) FROM books b ORDER BY b.id")
            await connection.execute("ROLLBACK TO nothing_there")
        return [row[0] for row in found]

    by_itself, beside = await left(beside=False), await left(beside=True)
    assert beside == by_itself
    assert len(beside) == 2 * len(rows)


def new_book(organisation: Organisation, title: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    row = dict.fromkeys(columns_of(BOOK)) | {
        "organisation_id": organisation.id, "id": new_id(), "title": title, "version": 1, "tags": HARD, "reader_ids": [], "copies": [{"shelf": title}],
        "custom": {title: 1}, "created_at": now, "updated_at": now, "owner_id": organisation.rep.id,
    }  # fmt: skip
    return row | {"match_keys": []} | found_by(row)
