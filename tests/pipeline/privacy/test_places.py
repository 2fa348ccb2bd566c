"""The one list of where people are: a table or a column that nobody thought of fails here."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from guanxi_pipeline.db import METADATA
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.privacy.erasing_deals import OF_DEALS, OF_ORDERS, OF_QUOTES, OF_STOCK
from guanxi_pipeline.privacy.erasing_leads import KEPT as KEPT_OF_LEADS
from guanxi_pipeline.privacy.nobodys import NOBODYS
from guanxi_pipeline.privacy.places import PLACES
from guanxi_shared.erasing.places import ALL
from guanxi_shared.erasing.records import KEPT, blanked
from tests.prepared import Clone

ROOT = Path(__file__).parents[3]
# Types that can hold something of a person: texts, documents, octets, days, numbers that are told.
TELLING = (
    "text", "text[]", "character varying", "character varying[]", "jsonb", "json", "bytea", "bytea[]",
    "double precision", "numeric", "date", "inet", "jsonb[]",
)  # fmt: skip
COLUMNS = """
SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'pipeline'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum
"""
DONE_BY_ANOTHER = {
    "leads_search", "quotes_search", "opportunities_search", "order_lines", "order_returns", "events", "import_rows",
    "known_contacts", "known_accounts",
}  # fmt: skip


IN_OTHER_TABLES = {"lines", "return"}  # of orders


@pytest.fixture
async def columns(database: Clone) -> AsyncIterator[list[asyncpg.Record]]:
    connection = await asyncpg.connect(database.admin_url)
    yield await connection.fetch(COLUMNS)
    await connection.close()


def test_every_table_is_a_place_of_people_or_said_to_be_nobodys(
    columns: list[asyncpg.Record],
) -> None:
    known = {place.table for place in PLACES} | set(NOBODYS)
    tables = {row["table"] for row in columns}
    assert sorted(tables - known) == [], "add it to privacy/places.py, with how it is erased"
    assert sorted(known - tables) == []
    assert {place.table for place in PLACES} & set(NOBODYS) == set()
    assert {place.table for place in PLACES} <= set(METADATA.tables)


def test_every_column_that_can_tell_something_is_named_where_its_table_is(
    columns: list[asyncpg.Record],
) -> None:
    named = {place.table: {*place.personal, *place.plain} for place in PLACES}
    named |= {table: set(each.plain) for table, each in NOBODYS.items()}
    unnamed = [
        f"{row['table']}.{row['column']}"
        for row in columns
        if row["type"] in TELLING
        and row["column"] not in named.get(row["table"], ())
        and ALL[0] not in named.get(row["table"], ())
    ]
    assert unnamed == [], "add it to privacy/places.py, personal or plain, or to privacy/nobodys.py"
    present = {(row["table"], row["column"]) for row in columns}
    for table, names in named.items():
        for name in names - set(ALL):
            assert (table, name) in present, f"{table}.{name} is not there"


def test_a_place_with_something_personal_is_erased_or_says_by_what() -> None:
    for place in PLACES:
        if place.personal:
            assert (place.erase is not None) != (place.table in DONE_BY_ANOTHER), place.table
        assert place.how


def test_a_leads_tombstone_keeps_what_became_of_it_and_nothing_of_whom() -> None:
    """So that a column of tomorrow is blanked without anybody thinking of it."""
    sql = blanked(LEADS, also_kept=KEPT_OF_LEADS)
    for column in LEADS.table.columns:
        assert (f'"{column.name}" = ' in sql) != (column.name in {*KEPT, *KEPT_OF_LEADS})


@pytest.mark.parametrize(
    ("table", "fields"),
    [
        ("opportunities", OF_DEALS), ("quotes", OF_QUOTES), ("orders", OF_ORDERS),
        ("stock_reports", OF_STOCK),
    ],
)  # fmt: skip
def test_the_texts_that_are_looked_through_are_those_of_the_place(
    table: str, fields: dict[str, object]
) -> None:
    place = next(each for each in PLACES if each.table == table)
    assert set(place.personal) - {"as_shown"} == set(fields) - (
        IN_OTHER_TABLES if table == "orders" else set()
    )


def test_the_page_about_privacy_names_every_place() -> None:
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert [place.table for place in PLACES if f"`{place.table}`" not in page] == []
