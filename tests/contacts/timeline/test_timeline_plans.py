"""A timeline touches the rows of its record, however many others there are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_contacts.timeline.branches import Asking
from guanxi_contacts.timeline.rules import KINDS, Asked
from guanxi_contacts.timeline.service import EXTERNAL, statement
from guanxi_shared.db import bound
from guanxi_shared.identifiers import new_id
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope
from tests.factories import Organisation
from tests.prepared import Clone

# Some of everything of everybody, and something of each of the two that are looked at.
MANY = """
INSERT INTO accounts (organisation_id, id, name, kind, lifecycle_stage, owner_id)
SELECT $1, CASE n WHEN 1 THEN $2 ELSE gen_random_uuid() END, 'A' || n, 'company', 'prospect', $4 FROM generate_series(1, 4000) n;
INSERT INTO contacts (organisation_id, id, name, owner_id)
SELECT $1, CASE n WHEN 1 THEN $3 ELSE gen_random_uuid() END, 'C' || n, $4 FROM generate_series(1, 4000) n;
INSERT INTO activities (organisation_id, id, kind, subject, owner_id, account_ids, contact_ids)
SELECT $1, gen_random_uuid(), 'task', 'x', $4, ARRAY[a.id], ARRAY[c.id] FROM generate_series(1, 5) n,
  (SELECT id, row_number() OVER () AS place FROM accounts) a JOIN
  (SELECT id, row_number() OVER () AS place FROM contacts) c USING (place);
INSERT INTO standing_changes (organisation_id, account_id, version, dimension, source, actor_kind)
SELECT $1, id, 2, 'grade', 'by_hand', 'user' FROM accounts;
INSERT INTO files (organisation_id, id, name, content_type, size, sha256, blob_id, storage, owner_id)
SELECT $1, id, 'f', 'text/plain', 1, 'x', gen_random_uuid(), 'local', $4 FROM accounts;
INSERT INTO file_links (organisation_id, file_id, subject_type, subject_id) SELECT $1, id, 'account', id FROM accounts;
INSERT INTO consents (organisation_id, id, contact_id, channel, purpose, status, source)
SELECT $1, gen_random_uuid(), id, 'email', 'marketing', 'granted', 'form' FROM contacts;
INSERT INTO merges (organisation_id, id, resource, survivor_id, source_ids)
SELECT $1, gen_random_uuid(), 'accounts', id, ARRAY[gen_random_uuid()] FROM accounts;
INSERT INTO events (organisation_id, id, type, subject_type, subject_id, version, actor_kind, channel, changed, after)
SELECT $1, gen_random_uuid(), 'contacts.account.created', 'account', id, 1, 'user', 'api', '{}', '{}' FROM accounts;
INSERT INTO timeline_sources (organisation_id, id, resource, owner_id, version)
SELECT $1, id, 'orders', $4, 1 FROM accounts;
INSERT INTO timeline_entries (organisation_id, event_id, subject_id, subject_type, id, type, title, source_type, source_id)
SELECT $1, gen_random_uuid(), id, 'account', gen_random_uuid(), 'pipeline.order.created', 'x', 'order', id FROM accounts;
"""
TABLES = (
    "accounts", "contacts", "activities", "standing_changes", "files", "file_links", "consents",
    "merges", "events", "timeline_sources", "timeline_entries",
)  # fmt: skip
Looked = tuple[asyncpg.Connection, Organisation, dict[str, UUID]]


@pytest.fixture
async def many(organisation: Organisation, own_database: Clone) -> AsyncIterator[Looked]:
    ids = {"accounts": new_id(), "contacts": new_id()}
    admin = await asyncpg.connect(own_database.admin_url)
    await admin.execute(
        "SET search_path = contacts, public; SET session_replication_role = replica"
    )
    spelt = (organisation.id, ids["accounts"], ids["contacts"], organisation.rep.id)
    script = MANY
    for place, value in enumerate(spelt, start=1):
        script = script.replace(f"${place}", f"'{value}'::uuid")
    await admin.execute(script)
    await admin.execute(f"ANALYZE {', '.join(TABLES)}")
    await admin.close()
    connection = await asyncpg.connect(own_database.urls["contacts"].request)
    await connection.execute("SET plan_cache_mode = force_custom_plan; SET jit = off")
    yield connection, organisation, ids
    await connection.close()


@pytest.mark.parametrize("resource", [ACCOUNTS, CONTACTS], ids=lambda each: each.name)
@pytest.mark.parametrize("is_later_page", [False, True])
async def test_every_branch_reads_an_index(
    many: Looked, resource: Resource, is_later_page: bool
) -> None:
    connection, organisation, ids = many
    scope = Scope(owners=(organisation.rep.id,), teams=(organisation.teams["a"],))
    after = (datetime(2100, 1, 1, tzinfo=UTC), new_id()) if is_later_page else None
    asked = Asked(KINDS[resource.name], after=after)
    asking = Asking(resource, asked, dict.fromkeys(("activities", *EXTERNAL), scope))
    asking.values += [organisation.id, ids[resource.name]]
    sql = bound(statement(asking, scope, list(asked.kinds)))
    args = (str(organisation.id), *asking.values)
    rows = await connection.fetch(sql, *args)
    found = {row["kind"] for row in rows}
    wanted = set(asked.kinds) if resource is ACCOUNTS else {"activity", "consent"}
    assert found == wanted
    lines = [row[0] for row in await connection.fetch(f"EXPLAIN (COSTS OFF) {sql}", *args)]
    plan = "\n".join(lines)
    walked = [line for line in lines if "Seq Scan" in line and "directory_users" not in line]
    # The log has a partition for each month; those that hold nothing yet are walked for nothing.
    assert [line for line in walked if " events_" not in line] == [], plan
    assert "ix_activities_linked" in plan
