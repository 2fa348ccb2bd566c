"""The one list of where people are: a table or a column that nobody thought of fails here."""

import asyncpg
import pytest

from guanxi_tickets.db import METADATA
from guanxi_tickets.privacy import word_rules as words
from guanxi_tickets.privacy.nobodys import NOBODYS
from guanxi_tickets.privacy.places import PLACES
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
    "tickets_search", "ticket_notes", "ticket_note_files", "events", "import_rows", "known_contacts",
    "known_accounts",
}  # fmt: skip
IDS = ("uuid", "uuid[]")
# Of the organisation's own people and records. An id of anything else may be a person's of contacts.
OWN_IDS = frozenset(
    [
        "id",
        "organisation_id",
        "actor_id",
        "article_id",
        "article_ids",
        "asked_by",
        "assignee_id",
        "before_id",
        "blob_id",
        "booked_by",
        "calendar_id",
        "category_id",
        "checked_by",
        "comment_id",
        "created_by",
        "done_by",
        "duplicate_of_id",
        "entitlement_id",
        "epoch",
        "erased_by",
        "file_ids",
        "follow_up_ticket_id",
        "follower_ids",
        "form_id",
        "invitation_id",
        "job_id",
        "lease",
        "mention_ids",
        "merge_id",
        "merged_into_id",
        "notified_ids",
        "owner_id",
        "owning_team_id",
        "parent_id",
        "policy_id",
        "product_id",
        "product_ids",
        "published_by",
        "queue_id",
        "queue_manager_id",
        "record_id",
        "related_ids",
        "renewed_from_id",
        "responsible_id",
        "reverses_id",
        "root_cause_id",
        "round_id",
        "sees_subtree",
        "sees_team",
        "shared_team_id",
        "sla_calendar_id",
        "sla_policy_id",
        "source_ids",
        "subject_id",
        "subtree_teams",
        "survey_id",
        "survivor_id",
        "team_id",
        "teams",
        "ticket_id",
        "translation_group_id",
        "undone_by",
        "user_id",
        "written_on_id",
    ]
)
OWN_AUTHORS = {("ticket_drafts", "author_id"), ("ticket_promises", "author_id")}


@pytest.fixture
async def columns(database: Clone) -> list[asyncpg.Record]:
    return await columns_of(database, "tickets")


def test_every_table_is_a_place_of_people_or_said_to_be_nobodys(
    columns: list[asyncpg.Record],
) -> None:
    assert_tables_are_listed_once(columns, PLACES, NOBODYS, METADATA.tables)


def test_every_column_that_can_tell_something_is_named_where_its_table_is(
    columns: list[asyncpg.Record],
) -> None:
    plain = {table: each.plain for table, each in NOBODYS.items()}
    assert_columns_are_named(columns, {**columns_named(PLACES), **plain})


def test_every_id_that_may_be_a_persons_of_contacts_is_named_too(
    columns: list[asyncpg.Record],
) -> None:
    named = columns_named(PLACES) | {table: each.plain for table, each in NOBODYS.items()}
    ids = [
        (row["table"], row["column"])
        for row in columns
        if row["type"] in IDS and row["column"] not in OWN_IDS
    ]
    unnamed = [each for each in ids if each not in OWN_AUTHORS and each[1] not in named[each[0]]]
    assert unnamed == []


def test_a_place_with_something_personal_is_erased_or_says_by_what() -> None:
    assert_each_is_erased_or_says_by_what(PLACES, DONE_BY_ANOTHER)


@pytest.mark.parametrize(
    ("table", "fields"),
    [
        ("tickets", words.OF_TICKETS), ("ticket_comments", words.OF_COMMENTS),
        ("ticket_notes", words.OF_COMMENTS), ("ticket_promises", words.OF_PROMISES),
        ("coordination_tasks", words.OF_TASKS), ("corrective_actions", words.OF_ACTIONS),
        ("complaint_rounds", {**words.OF_ROUNDS, **words.LEARNED}),
        ("entitlements", words.OF_ENTITLEMENTS),
    ],
)  # fmt: skip
def test_the_texts_that_are_looked_through_are_those_of_the_place(
    table: str, fields: dict[str, object]
) -> None:
    """But for the ticket as it is shown, which follows, and for a task in the log of its complaint."""
    place = next(each for each in PLACES if each.table == table)
    assert set(place.personal) - {"as_shown"} == set(fields) - {"task"}


def test_the_page_about_privacy_names_every_place() -> None:
    assert not_on_the_page(PLACES) == []
