"""What bulk writes hand to Postgres."""

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.statements import array_text
from tests.library.app import BOOK
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
