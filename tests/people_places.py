"""A service's list of where people are (`privacy/places.py`), held against its database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import asyncpg

from guanxi_shared.erasing.places import ALL, Place
from tests.prepared import Clone

PAGE = Path(__file__).parents[1] / "docs" / "privacy.md"
# Types that can hold something of a person: texts, documents, octets, places on a map, days, numbers
# that are told.
TELLING = (
    "text", "text[]", "character varying", "character varying[]", "jsonb", "json", "bytea", "bytea[]",
    "double precision", "numeric", "date", "inet", "jsonb[]",
)  # fmt: skip
COLUMNS = """
SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum
"""


async def columns_of(database: Clone, service: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        found: list[asyncpg.Record] = await connection.fetch(COLUMNS, service)
    finally:
        await connection.close()
    assert found
    return found


def assert_tables_are_listed_once(
    columns: Iterable[asyncpg.Record], places: Sequence[Place], nobodys: Collection[str],
    models: Collection[str],
) -> None:  # fmt: skip
    placed = {place.table for place in places}
    tables = {row["table"] for row in columns}
    assert sorted(tables - placed - set(nobodys)) == [], "add it to privacy/places.py, and how"
    assert sorted((placed | set(nobodys)) - tables) == []
    assert placed & set(nobodys) == set()
    assert placed <= set(models)


def assert_columns_are_named(
    columns: Sequence[asyncpg.Record], named: Mapping[str, Collection[str]]
) -> None:
    """`named` are those of each table; `ALL` stands for every one."""
    unnamed = [
        f"{row['table']}.{row['column']}"
        for row in columns
        if row["type"] in TELLING
        and row["column"] not in named.get(row["table"], ())
        and ALL[0] not in named.get(row["table"], ())
    ]
    assert unnamed == [], "add it to privacy/places.py, personal or plain, or to the nobodys"
    present = {(row["table"], row["column"]) for row in columns}
    for table, names in named.items():
        for name in set(names) - set(ALL):
            assert (table, name) in present, f"{table}.{name} is not there"


def columns_named(places: Iterable[Place]) -> dict[str, Collection[str]]:
    return {place.table: {*place.personal, *place.plain} for place in places}


def assert_each_is_erased_or_says_by_what(
    places: Iterable[Place], done_by_another: Collection[str]
) -> None:
    for place in places:
        if place.personal:
            assert (place.erase is not None) != (place.table in done_by_another), place.table
        assert place.how


def not_on_the_page(places: Iterable[Place]) -> list[str]:
    page = PAGE.read_text(encoding="utf-8")
    return [place.table for place in places if f"`{place.table}`" not in page]
