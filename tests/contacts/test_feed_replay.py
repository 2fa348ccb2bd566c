"""Replayed from its start, the feed ends with the tables' content, whatever happened in between."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from guanxi_contacts.activities.reminders import give_reminders
from guanxi_contacts.jobs import HANDLERS
from guanxi_contacts.pools.sweeping import sweep_organisation
from guanxi_contacts.resources import LOGGED
from guanxi_contacts.segments.sweeping import look_at_organisation
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.worker import Worker, WorkerSettings
from tests.contacts.storytelling import Story
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.replaying import Consumer, listed, snapshot_of
from tests.stand_in import SECRET
from tests.torture.checks import check_rows

QUICK = WorkerSettings(heartbeat_seconds=5.0, poll_seconds=0.02, retry_seconds=0.05, attempts=2)
PATHS = {
    "account": "/v1/accounts", "contact": "/v1/contacts", "activity": "/v1/activities",
    "file": "/v1/files", "segment": "/v1/segments", "view": "/v1/views", "pool": "/v1/pools",
    "field": "/v1/fields", "calendar_feed": "/v1/calendar/feeds",
}  # fmt: skip
TOLD = {*PATHS, "segment_member"}  # which has no list of its own
SHOWN = {resource.noun: ",".join(resource.shown) for resource in LOGGED}
FORGET = """
UPDATE account_dealings SET owned_since = owned_since - interval '99 days',
  last_activity_at = last_activity_at - interval '99 days', protected_until = NULL
"""
BROKEN = (
    "UPDATE contacts.accounts SET name = 'Other', as_shown = replace(as_shown, 'Acme', 'Other')"
    " WHERE organisation_id = $1",
    "UPDATE contacts.contacts_search SET owner_id = NULL WHERE organisation_id = $1",
    "DELETE FROM contacts.contact_accounts WHERE organisation_id = $1",
)
HAPPENED = {
    "account.created", "account.updated", "account.deleted", "account.restored", "account.merged",
    "account.unmerged", "account.released", "account.claimed", "account.assigned",
    "account.pool_warned", "account.recycled", "contact.merged", "contact.erased", "contact.held",
    "activity.checked_in", "activity.checked_out", "activity.reminded", "activity.restored",
    "file.updated", "file.deleted", "segment.updated", "segment_member.created", "segment_member.deleted", "view.updated", "pool.updated",
    "pool.deleted", "field.updated", "calendar_feed.created", "consent.granted",
}  # fmt: skip


@pytest.fixture
async def worker(
    contacts: Edge, database: Clone, service_database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Worker]:
    given = database.environment("contacts") | {
        "CONTACTS_FILES_DIR": str(contacts.state.house.settings.files_dir),
        "GUANXI_SERVICE_SECRET": SECRET,
        "GUANXI_LOG_LEVEL": "warning",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    running = Worker(service_database, HANDLERS, settings=QUICK)
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        running.stop()
        await task


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_consumer_that_replays_the_feed_ends_with_the_tables_content(
    client: Clients, organisation: Organisation, service_database: Database, database: Clone,
    worker: Worker, seed: int,
) -> None:  # fmt: skip
    story = Story(client, organisation, seed)
    await story.tell(length=150)
    await forgotten(story, service_database)
    await give_reminders.duty(service_database)
    await look_at_organisation(service_database, organisation.id, now=datetime.now(UTC), every=timedelta())  # fmt: skip
    consumer = await Consumer().follow(story.admin)
    assert consumer.verbs >= HAPPENED, (HAPPENED - consumer.verbs, story.done, story.refused)
    assert consumer.sequence == sorted(set(consumer.sequence))
    shown = await snapshot_of(story.admin, "contacts")
    kept = {key: s for key, s in consumer.states.items() if key[0] in TOLD}
    wrong = {key: verbs for key, verbs in consumer.told.items() if kept.get(key) != shown.get(key)}
    assert {key: verbs for key, verbs in wrong.items() if key[0] in TOLD} == {}
    assert kept == shown
    for noun, path in PATHS.items():
        told = consumer.of(noun)
        assert await listed(story.admin, path) == told
        assert await listed(story.admin, path, fields=SHOWN[noun]) == told
        for id, state in told.items():
            answer = await story.admin.get(f"{path}/{id}")
            assert answer.status_code == 200
            assert {name: answer.json()[name] for name in state} == state
    assert await check_rows(database.admin_url, organisation.id) == []


async def forgotten(story: Story, database: Database) -> None:
    """Nobody has looked after anything for a long time: owners are warned, records come back."""
    rules = [{"name": "idle", "idle_days": 98}]
    pool = f"/v1/pools/{story.ids['pool'][0]}"
    organisation, now = story.organisation.id, datetime.now(UTC)
    for fields in ({"release_rules": rules, "warn_days": 30}, {"warn_days": 0}):
        await story.ask("rules", "PATCH", pool, json=fields)
        await sweep_organisation(database, organisation, now=now)
        async with database.transaction(organisation) as connection:
            await connection.execute(FORGET)
        await sweep_organisation(database, organisation, now=now)


async def test_a_row_that_is_shown_or_found_otherwise_than_it_is_would_be_noticed(
    client: Clients, organisation: Organisation, database: Clone
) -> None:
    admin = client(organisation.admin)
    account = (await admin.post("/v1/accounts", json={"name": "Acme"})).json()["id"]
    places = [{"account_id": account}]
    await admin.post("/v1/contacts", json={"name": "Ada", "accounts": places})
    assert await check_rows(database.admin_url, organisation.id) == []
    connection = await asyncpg.connect(database.admin_url)
    try:
        for broken in BROKEN:
            await connection.execute(broken, organisation.id)
    finally:
        await connection.close()
    wrong = await check_rows(database.admin_url, organisation.id)
    assert sorted(sentence.partition(" ")[0] for sentence in wrong) == [
        "contacts.accounts:", "contacts.contacts:", "contacts:"
    ]  # fmt: skip
