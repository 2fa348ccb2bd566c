"""The one list of where people are: a table or a column that nobody thought of fails here."""

import asyncpg
import pytest

from guanxi_pipeline.db import METADATA
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.privacy.erasing_deals import (
    OF_DEALS,
    OF_INVOICES,
    OF_ORDERS,
    OF_PAYMENTS,
    OF_QUOTES,
    OF_STOCK,
)
from guanxi_pipeline.privacy.erasing_leads import KEPT as KEPT_OF_LEADS
from guanxi_pipeline.privacy.nobodys import NOBODYS
from guanxi_pipeline.privacy.places import PLACES
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
    "leads_search", "quotes_search", "opportunities_search", "orders_search", "order_lines", "order_returns", "events", "import_rows",
    "known_contacts", "known_accounts",
}  # fmt: skip


IN_OTHER_TABLES = {"lines", "return"}  # of orders


@pytest.fixture
async def columns(database: Clone) -> list[asyncpg.Record]:
    return await columns_of(database, "pipeline")


def test_every_table_is_a_place_of_people_or_said_to_be_nobodys(
    columns: list[asyncpg.Record],
) -> None:
    assert_tables_are_listed_once(columns, PLACES, NOBODYS, METADATA.tables)


def test_every_column_that_can_tell_something_is_named_where_its_table_is(
    columns: list[asyncpg.Record],
) -> None:
    plain = {table: each.plain for table, each in NOBODYS.items()}
    assert_columns_are_named(columns, {**columns_named(PLACES), **plain})


def test_a_place_with_something_personal_is_erased_or_says_by_what() -> None:
    assert_each_is_erased_or_says_by_what(PLACES, DONE_BY_ANOTHER)


def test_a_leads_tombstone_keeps_what_became_of_it_and_nothing_of_whom() -> None:
    """So that a column of tomorrow is blanked without anybody thinking of it."""
    sql = blanked(LEADS, also_kept=KEPT_OF_LEADS)
    for column in LEADS.table.columns:
        assert (f'"{column.name}" = ' in sql) != (column.name in {*KEPT, *KEPT_OF_LEADS})


@pytest.mark.parametrize(
    ("table", "fields"),
    [
        ("opportunities", OF_DEALS), ("quotes", OF_QUOTES), ("orders", OF_ORDERS),
        ("stock_reports", OF_STOCK), ("invoices", OF_INVOICES), ("payments", OF_PAYMENTS),
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
    assert not_on_the_page(PLACES) == []
