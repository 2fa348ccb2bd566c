"""The one list of where people are: a table or a column that nobody thought of fails here."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from guanxi_contacts.db import METADATA
from guanxi_contacts.privacy.places import NOBODYS, PLACES
from guanxi_contacts.resources import ACCOUNTS, CONTACTS, FILES
from guanxi_shared.erasing.places import ALL
from guanxi_shared.erasing.records import KEPT, blanked
from tests.prepared import Clone

ROOT = Path(__file__).parents[3]
# Types that can hold something of a person: texts, documents, octets, places on a map, days.
TELLING = (
    "text",
    "text[]",
    "jsonb",
    "json",
    "bytea",
    "double precision",
    "numeric",
    "character varying",
    "date",
)
COLUMNS = """
SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'contacts'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum
"""


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


def test_every_column_that_can_tell_something_is_named_in_its_place(
    columns: list[asyncpg.Record],
) -> None:
    places = {place.table: place for place in PLACES}
    unnamed = [
        f"{row['table']}.{row['column']}"
        for row in columns
        if row["type"] in TELLING
        and (place := places.get(row["table"])) is not None
        and place.personal != ALL
        and row["column"] not in {*place.personal, *place.plain}
    ]
    assert unnamed == [], "add it to privacy/places.py: personal, or plain"
    present = {(row["table"], row["column"]) for row in columns}
    for place in PLACES:
        for name in {*place.personal, *place.plain} - {"*"}:
            assert (place.table, name) in present, f"{place.table}.{name} is not there"


def test_a_place_with_something_personal_is_erased_or_says_by_what() -> None:
    done_by_another = {
        "accounts", "accounts_search", "contacts_search", "activities_search", "events",
        "import_rows", "merge_moves", "visit_checks", "account_dealings",
    }  # fmt: skip
    for place in PLACES:
        if place.personal:
            assert place.erase is not None or place.table in done_by_another, place.table
        assert place.how


@pytest.mark.parametrize("resource", [CONTACTS, ACCOUNTS, FILES], ids=lambda r: r.name)
def test_a_tombstone_keeps_nothing_but_keys_owners_and_times(resource: object) -> None:
    """So that a column of tomorrow is blanked without anybody thinking of it."""
    table = resource.table  # type: ignore[attr-defined]
    sql = blanked(resource)  # type: ignore[arg-type]
    for column in table.columns:
        is_set = f'"{column.name}" = ' in sql
        assert is_set != (column.name in KEPT), column.name


def test_models_and_places_speak_of_the_same_tables() -> None:
    assert {place.table for place in PLACES} <= set(METADATA.tables)


def test_the_page_about_privacy_names_every_place() -> None:
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert [place.table for place in PLACES if f"`{place.table}`" not in page] == []
