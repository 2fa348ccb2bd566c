"""The one list of where people are: a table or a column that nobody thought of fails here."""

import asyncpg
import pytest

from guanxi_contacts.db import METADATA
from guanxi_contacts.files.resources import FILES
from guanxi_contacts.privacy.places import NOBODYS, PLACES
from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_shared.erasing.places import ALL
from guanxi_shared.erasing.records import KEPT, blanked
from tests.people_places import (
    assert_columns_are_named,
    assert_each_is_erased_or_says_by_what,
    assert_tables_are_listed_once,
    columns_named,
    columns_of,
    not_on_the_page,
)
from tests.prepared import Clone

DONE_BY_ANOTHER = {
    "accounts", "accounts_search", "contacts_search", "activities_search", "events",
    "import_rows", "merge_moves", "visit_checks", "account_dealings",
}  # fmt: skip


@pytest.fixture
async def columns(database: Clone) -> list[asyncpg.Record]:
    return await columns_of(database, "contacts")


def test_every_table_is_a_place_of_people_or_said_to_be_nobodys(
    columns: list[asyncpg.Record],
) -> None:
    assert_tables_are_listed_once(columns, PLACES, NOBODYS, METADATA.tables)


def test_every_column_that_can_tell_something_is_named_in_its_place(
    columns: list[asyncpg.Record],
) -> None:
    assert_columns_are_named(columns, {**columns_named(PLACES), **dict.fromkeys(NOBODYS, ALL)})


def test_a_place_with_something_personal_is_erased_or_says_by_what() -> None:
    assert_each_is_erased_or_says_by_what(PLACES, DONE_BY_ANOTHER)


@pytest.mark.parametrize("resource", [CONTACTS, ACCOUNTS, FILES], ids=lambda r: r.name)
def test_a_tombstone_keeps_nothing_but_keys_owners_and_times(resource: object) -> None:
    """So that a column of tomorrow is blanked without anybody thinking of it."""
    table = resource.table  # type: ignore[attr-defined]
    sql = blanked(resource)  # type: ignore[arg-type]
    for column in table.columns:
        is_set = f'"{column.name}" = ' in sql
        assert is_set != (column.name in KEPT), column.name


def test_the_page_about_privacy_names_every_place() -> None:
    assert not_on_the_page(PLACES) == []
