"""The list of what moves: complete, and each kind of child moves there and back."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from sqlalchemy import Boolean, Column, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts.merges.children import CHILDREN, STAYING, Child, Kind
from guanxi_contacts.merges.moves import apply_moves, find_moves, held_values
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.contacts.merges.merging import everything, make, merged, undo
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.statements import statements_of

# By its name, or because the database checks it, a column names an account or a contact.
NAMING = """
SELECT c.relname || '.' || a.attname AS place FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'contacts'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'organisation_id' AND c.relname !~ '^(directory|pgqueuer)'
  AND a.atttypid IN ('uuid'::regtype, 'uuid[]'::regtype)
  AND (a.attname ~ '(^|_)(account|contact|parent|record|survivor|source|reports_to|referred_by|customer|member|subject)_ids?$'
    OR EXISTS (SELECT 1 FROM pg_constraint x WHERE x.contype = 'f' AND x.conrelid = c.oid AND a.attnum = ANY(x.conkey)
      AND x.confrelid IN ('contacts.accounts'::regclass, 'contacts.contacts'::regclass)))
"""
ACTOR = Actor(None, "user", "api")


async def test_every_column_that_names_an_account_or_a_contact_moves_or_says_why_not(
    database: Clone,
) -> None:
    connection = await asyncpg.connect(database.urls["contacts"].owner)
    try:
        found = {row["place"] for row in await connection.fetch(NAMING)}
    finally:
        await connection.close()
    listed = {child.name for child in CHILDREN} | set(STAYING)
    assert found - listed == set(), "add it to CHILDREN, or to STAYING with the reason"
    assert listed - found == set(), "there is no such column any more"


def test_a_child_shown_in_a_state_is_of_a_resource_with_versions() -> None:
    for child in CHILDREN:
        if child.shown_by is not None:
            assert {"version", "deleted_at", "owner_id"} <= set(child.shown_by.table.c.keys())
        assert {child.column, child.key, "organisation_id"} <= set(child.table.c.keys())


NOTES = Table(
    "scratch_notes", MetaData(), Column("organisation_id", Uuid), Column("id", Uuid),
    Column("account_ids", ARRAY(Uuid)), Column("account_id", Uuid),
)  # fmt: skip
MEMBERS = Table(
    "scratch_members", MetaData(), Column("organisation_id", Uuid), Column("list_id", Uuid),
    Column("account_id", Uuid), Column("note", Text), Column("is_pinned", Boolean),
)  # fmt: skip
LISTED = Child("accounts", NOTES, "account_ids", Kind.ARRAY)
NAMED = Child("accounts", NOTES, "account_id", Kind.SCALAR)
MEMBER = Child("accounts", MEMBERS, "account_id", Kind.LINK, key="list_id")
ALL = (LISTED, NAMED, MEMBER)


@pytest.fixture
async def connection(
    service_database: Database, organisation: Organisation
) -> AsyncIterator[asyncpg.Connection]:
    """With tables as later parts of the service may have them."""
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(
            "CREATE TEMPORARY TABLE scratch_notes (organisation_id uuid, id uuid PRIMARY KEY,"
            " account_ids uuid[], account_id uuid) ON COMMIT DROP;"
            "CREATE TEMPORARY TABLE scratch_members (organisation_id uuid, list_id uuid, account_id uuid,"
            " note text, is_pinned boolean, PRIMARY KEY (list_id, account_id)) ON COMMIT DROP"
        )
        yield connection


async def rows(connection: asyncpg.Connection, table: str) -> list[dict[str, Any]]:
    found = await connection.fetch(f"SELECT to_jsonb(t)::text AS row FROM {table} AS t ORDER BY t")
    return [orjson.loads(row["row"]) for row in found]


async def test_lists_columns_and_links_without_a_state_move_there_and_back(
    connection: asyncpg.Connection, organisation: Organisation
) -> None:
    survivor, one, two, third = sorted(new_id() for _ in range(4))
    notes = [
        ([one], one), ([third, one, survivor, two], third), ([survivor], survivor), ([third], None),
        ([two, one], two), (None, one),
    ]  # fmt: skip
    for listed, named in notes:
        await connection.execute(
            "INSERT INTO scratch_notes VALUES ($1, $2, $3, $4)",
            organisation.id, new_id(), listed, named,
        )  # fmt: skip
    first, second = new_id(), new_id()
    links = [(first, one, "n", False), (first, two, None, True), (second, survivor, None, False),
             (second, two, "m", True), (second, third, "t", True)]  # fmt: skip
    for link in links:
        await connection.execute(
            "INSERT INTO scratch_members VALUES ($1, $2, $3, $4, $5)", organisation.id, *link
        )
    before = await rows(connection, "scratch_notes"), await rows(connection, "scratch_members")
    moves = await find_moves(
        connection, ALL, organisation.id, survivor=survivor, sources=[one, two]
    )
    whole = [survivor, one, two]
    await apply_moves(connection, moves, organisation.id, merged=whole, actor=ACTOR)
    now = await rows(connection, "scratch_notes")
    assert [(row["account_ids"], row["account_id"]) for row in now] == [
        ([str(survivor)], str(survivor)), ([str(third), str(survivor)], str(third)),
        ([str(survivor)], str(survivor)), ([str(third)], None),
        ([str(survivor)], str(survivor)), (None, str(survivor)),
    ]  # fmt: skip
    members = {
        (row["list_id"], row["account_id"]): (row["note"], row["is_pinned"])
        for row in await rows(connection, "scratch_members")
    }
    assert members == {
        (str(first), str(survivor)): ("n", True), (str(second), str(survivor)): ("m", True),
        (str(second), str(third)): ("t", True),
    }  # fmt: skip
    for child in ALL:
        ids = [move.record_id for move in moves if move.child is child]
        held = await held_values(connection, child, organisation.id, ids, merged=whole)
        assert held == {m.record_id: m.after for m in moves if m.child is child}
    back = [move.back() for move in moves]
    await apply_moves(connection, back, organisation.id, merged=whole, actor=ACTOR)
    assert before == (
        await rows(connection, "scratch_notes"), await rows(connection, "scratch_members")
    )  # fmt: skip


@pytest.mark.usefixtures("remembered")
async def test_the_statements_of_a_merge_do_not_grow_with_its_children(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep)
    number = 1_500
    async with service_database.transaction(organisation.id) as connection:
        ids = [new_id() for _ in range(number)]
        for table in ("accounts", "contacts"):
            await connection.execute(
                f"INSERT INTO {table} (organisation_id, id, name, owner_id)"
                " SELECT $1, id, 'c', $3 FROM unnest($2::uuid[]) AS id",
                organisation.id, ids, rep.id,
            )  # fmt: skip
        await connection.execute(
            "UPDATE accounts SET parent_id = $1 WHERE id = ANY($2::uuid[])", UUID(source["id"]), ids
        )
        await connection.execute(
            "INSERT INTO contact_accounts (organisation_id, contact_id, account_id, is_primary)"
            " SELECT $1, id, $3, true FROM unnest($2::uuid[]) AS id",
            organisation.id, ids, UUID(source["id"]),
        )  # fmt: skip
    with statements_of(service_database) as seen:
        done = await merged(client, rep, survivor, source)
    assert done["moved"] == {"accounts.parent_id": number, "contact_accounts.account_id": number}
    assert len(seen) < 50, seen  # none belongs to a child
    with statements_of(service_database) as seen:
        answer = await undo(client, rep, done)
    assert answer.status_code == 200, answer.text
    assert len(seen) < 35, seen
    found = await client(rep).get(
        "/v1/accounts", params={"parent_id": source["id"], "total": "exact", "limit": 1}
    )
    assert found.json()["page"]["total"] == number
    events = await service_database.fetch(
        organisation.id,
        "SELECT count(*) AS n FROM events WHERE organisation_id = $2 AND type LIKE '%.updated'",
        organisation.id,
    )
    assert events[0]["n"] == 4 * number


async def test_a_merge_without_children_moves_nothing(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep)
    done = await merged(client, rep, survivor, source)
    assert done["moved"] == {}
    assert list(await everything(client, rep)) == [survivor["id"]]
