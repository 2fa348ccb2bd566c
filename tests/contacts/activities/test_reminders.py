"""Reminders: once each, by any number of workers, and nothing of them without a binding."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from guanxi_contacts.activities import rules
from guanxi_contacts.activities.reminders import give_reminders
from guanxi_shared.db import Database
from tests.contacts.activities.booking import PATH, created
from tests.factories import Clients, Organisation
from tests.prepared import Clone

PAST = "2026-01-05T08:00:00Z"


async def events_of(client: Clients, organisation: Organisation, id: str) -> list[str]:
    answer = await client(organisation.admin).get(f"{PATH}/{id}/history")
    return [entry["type"].rpartition(".")[2] for entry in answer.json()["data"]]


async def test_a_due_reminder_is_an_event_once_though_many_work(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    due = [await created(client, organisation.rep, reminder_at=PAST) for _ in range(5)]
    later = await created(client, organisation.rep, reminder_at="2199-01-01T00:00:00Z")
    done = await created(client, organisation.rep, reminder_at=PAST)
    await client(organisation.rep).patch(f"{PATH}/{done['id']}", json={"status": "done"})
    gone = await created(client, organisation.rep, reminder_at=PAST)
    await client(organisation.rep).delete(f"{PATH}/{gone['id']}")
    await asyncio.gather(*(give_reminders.duty(service_database) for _ in range(4)))
    for activity in due:
        assert await events_of(client, organisation, activity["id"]) == ["reminded", "created"]
        read = await client(organisation.rep).get(f"{PATH}/{activity['id']}")
        assert read.json()["reminded_at"] is not None
    for activity in (later, done, gone):
        assert "reminded" not in await events_of(client, organisation, activity["id"])
    feed = await client(organisation.rep).get(
        "/v1/events", params={"types": "contacts.activity.reminded"}
    )
    assert {event["data"]["id"] for event in feed.json()} == {a["id"] for a in due}
    unseen = await client(organisation.rep2).get(
        "/v1/events", params={"types": "contacts.activity.reminded"}
    )
    assert unseen.json() == []


async def test_moving_the_time_puts_a_reminder_off_and_it_comes_again(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    activity = await created(client, organisation.rep, reminder_at=PAST)
    await give_reminders.duty(service_database)
    snoozed = await client(organisation.rep).patch(
        f"{PATH}/{activity['id']}", json={"reminder_at": "2026-01-06T08:00:00Z"}
    )
    assert snoozed.json()["reminded_at"] is None
    await give_reminders.duty(service_database)
    assert await events_of(client, organisation, activity["id"]) == [
        "reminded", "updated", "reminded", "created",
    ]  # fmt: skip


async def test_a_worker_that_dies_before_its_commit_leaves_the_reminder_to_the_next(
    client: Clients, organisation: Organisation, service_database: Database, database: Clone
) -> None:
    activity = await created(client, organisation.rep, reminder_at=PAST)
    victim = await asyncpg.connect(database.urls["contacts"].request)
    await victim.execute(
        f"BEGIN; SELECT set_config('app.organisation_id', '{organisation.id}', true)"
    )
    await victim.execute(
        "UPDATE activities SET reminded_at = now(), version = 2 WHERE id = $1", activity["id"]
    )
    survivor = asyncio.create_task(give_reminders.duty(service_database))
    victim.terminate()
    await survivor
    assert await events_of(client, organisation, activity["id"]) == ["reminded", "created"]


async def test_an_unbound_session_learns_ids_and_reads_nothing(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    activity = await created(client, organisation.rep, reminder_at=PAST)
    async with service_database.transaction(None) as connection:
        due = await connection.fetch("SELECT * FROM due_reminders(1000)")
        rows = await connection.fetchval("SELECT count(*) FROM activities")
    assert rows == 0
    assert (organisation.id, activity["id"]) in {(r["organisation_id"], str(r["id"])) for r in due}
    assert list(due[0].keys()) == ["organisation_id", "id"]


async def test_the_search_for_due_reminders_reads_its_index(
    client: Clients, organisation: Organisation, database: Clone
) -> None:
    await created(client, organisation.rep, reminder_at=PAST)
    owner = await asyncpg.connect(database.urls["contacts"].owner)
    try:
        await owner.execute("SET enable_seqscan = off")
        plan = await owner.fetch(
            "EXPLAIN SELECT a.organisation_id, a.id FROM activities a WHERE a.status = 'planned'"
            " AND a.reminded_at IS NULL AND a.deleted_at IS NULL AND a.reminder_at <= now()"
            " ORDER BY a.reminder_at LIMIT 200"
        )
    finally:
        await owner.close()
    assert "ix_activities_reminder_at" in "\n".join(row[0] for row in plan)


def test_the_reminder_of_a_series_goes_on_to_its_next_occurrence() -> None:
    start = datetime(2026, 3, 23, 8, tzinfo=UTC)
    row: dict[str, Any] = {
        "kind": "meeting", "recurrence": "FREQ=WEEKLY;COUNT=3", "time_zone": "Europe/Berlin",
        "series_starts_at": start, "starts_at": start, "ends_at": start + timedelta(hours=1),
        "exdates": [], "reminder_at": start - timedelta(minutes=30),
    }  # fmt: skip
    following = datetime(2026, 3, 30, 6, 30, tzinfo=UTC)
    assert rules.reminded(row, start) == {"reminder_at": following}
    row["reminder_at"] = following
    last = datetime(2026, 4, 6, 6, 30, tzinfo=UTC)
    assert rules.reminded(row, following) == {"reminder_at": last}
    row["reminder_at"] = last
    assert rules.reminded(row, last) == {"reminded_at": last}
