"""Totals equal the sources: whatever is done to activities, analytics says what contacts' own tables say, now and of every
moment on the way."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.analytics.asking import account_made, asked
from tests.analytics.conftest import Hear
from tests.analytics.doing import ACTIVITIES
from tests.analytics.test_totals import rows_of
from tests.factories import Clients, Organisation

# A row for each month, with and without the account: as grouping sets, written down anew.
SOURCE = """
WITH each AS (
  SELECT a.id, a.kind, a.status, account_id, a.visit IS NOT NULL AS checked_in,
    CASE WHEN a.status = 'done' THEN a.done_at WHEN a.kind = 'task' THEN coalesce(a.due_at, a.starts_at, a.created_at)
      ELSE coalesce(a.starts_at, a.due_at, a.created_at) END AS at,
    coalesce(a.due_at, a.ends_at, a.starts_at) AS until
  FROM contacts.activities a LEFT JOIN LATERAL unnest(a.account_ids) AS account_id ON true
  WHERE a.organisation_id = $1 AND a.deleted_at IS NULL AND a.status <> 'cancelled'
    AND (a.recurrence IS NULL OR a.kind = 'task')
)
SELECT to_char(at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, {account} AS account,
  count(DISTINCT id) AS activities, count(DISTINCT id) FILTER (WHERE status = 'done') AS activities_done,
  count(DISTINCT id) FILTER (WHERE status = 'planned') AS activities_planned,
  count(DISTINCT id) FILTER (WHERE status = 'planned'
    AND (until AT TIME ZONE 'Asia/Shanghai')::date < (now() AT TIME ZONE 'Asia/Shanghai')::date) AS activities_overdue,
  count(DISTINCT id) FILTER (WHERE status = 'done' AND kind = 'visit') AS visits,
  count(DISTINCT id) FILTER (WHERE status = 'done' AND kind = 'visit' AND checked_in) AS visits_checked_in,
  count(DISTINCT account_id) FILTER (WHERE status = 'done' AND kind = 'visit') AS accounts_visited,
  count(DISTINCT account_id) FILTER (WHERE status = 'done') AS accounts_contacted
FROM each GROUP BY 1, 2
"""
MINUTES = """
SELECT to_char(done_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
  sum(coalesce(((visit ->> 'duration_seconds')::int + 30) / 60, duration_minutes, 0)) AS minutes
FROM contacts.activities WHERE organisation_id = $1 AND deleted_at IS NULL AND status = 'done' GROUP BY 1
"""
MEASURES = (
    "activities", "activities_done", "activities_planned", "activities_overdue", "visits", "visits_checked_in",
    "accounts_visited", "accounts_contacted",
)  # fmt: skip
Figures = dict[tuple[str, str | None], tuple[int, ...]]


class Story:
    """Random deeds of somebody who may do everything; what is refused is a deed, too."""

    def __init__(self, rng: random.Random, client: httpx.AsyncClient, accounts: list[str]) -> None:
        self.rng, self.client, self.accounts = rng, client, accounts
        self.activities: list[str] = []

    async def step(self) -> None:
        deeds = [self.plan, self.plan, self.write_down, self.change, self.complete, self.check, self.delete, self.restore, self.merge]  # fmt: skip
        await self.rng.choice(deeds)()

    def at(self, days: int = 200) -> str:
        hours = self.rng.randrange(-days * 24, 20 * 24)
        return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()

    def some_accounts(self) -> list[str]:
        return self.rng.sample(self.accounts, self.rng.randrange(len(self.accounts) + 1))

    async def plan(self) -> None:
        kind = self.rng.choice(["visit", "visit", "call", "task", "meeting"])
        body: dict[str, Any] = {"kind": kind, "account_ids": self.some_accounts()}
        if kind == "task":
            body["due_at"] = self.at()
        elif self.rng.random() < 0.8:
            body |= {"starts_at": self.at(), "duration_minutes": self.rng.randrange(1, 200)}
            if self.rng.random() < 0.2:
                body["recurrence"] = "FREQ=WEEKLY"
        await self.make(body)

    async def write_down(self) -> None:
        kind = self.rng.choice(["visit", "email", "note", "message"])
        body: dict[str, Any] = {"kind": kind, "account_ids": self.some_accounts()}
        if kind == "visit":
            body |= {
                "status": "done",
                "done_at": self.at(),
                "duration_minutes": self.rng.randrange(1, 99),
            }
        await self.make(body)

    async def make(self, body: dict[str, Any]) -> None:
        answer = await self.client.post(ACTIVITIES, json={"subject": "x", **body})
        assert answer.status_code == 201, answer.text
        self.activities.append(answer.json()["id"])

    async def change(self) -> None:
        change = self.rng.choice(
            [
                {"account_ids": self.some_accounts()}, {"starts_at": self.at(), "ends_at": None}, {"status": "cancelled"},
                {"status": "planned"}, {"due_at": self.at()}, {"duration_minutes": 17}, {"subject": "y"},
            ]
        )  # fmt: skip
        await self.do("PATCH", "", change)

    async def complete(self) -> None:
        at = (datetime.now(UTC) - timedelta(hours=self.rng.randrange(4_000))).isoformat()
        await self.do("POST", "/complete", {"done_at": at})

    async def check(self) -> None:
        """In and out, as a device says that was away from the network."""
        minutes = self.rng.randrange(1, 300)
        for step, ago in (("in", minutes + 7), ("out", 7)):
            now = datetime.now(UTC)
            at = (now - timedelta(minutes=ago, seconds=self.rng.randrange(60))).isoformat()
            await self.do(
                "POST", f"/check-{step}",
                {"device_time": at, "sent_at": now.isoformat(), "latitude": 1, "longitude": 1},
            )  # fmt: skip

    async def delete(self) -> None:
        await self.do("DELETE", "", None)

    async def restore(self) -> None:
        await self.do("POST", "/restore", None)

    async def merge(self) -> None:
        """Two accounts become one, seldom; half of the time that is undone."""
        if len(self.accounts) < 3 or self.rng.random() < 0.7:
            return
        keep, twin = self.rng.sample(self.accounts, 2)
        body = {"resource": "accounts", "survivor_id": keep, "source_ids": [twin]}
        answer = await self.client.post("/v1/merges", json=body)
        assert answer.is_success, answer.text
        if self.rng.random() < 0.5:
            undone = await self.client.post(f"/v1/merges/{answer.json()['id']}/undo")
            assert undone.is_success, undone.text
        else:
            self.accounts.remove(twin)

    async def do(self, method: str, path: str, body: Any) -> None:
        if not self.activities:
            return
        more = {} if body is None else {"json": body}
        url = f"{ACTIVITIES}/{self.rng.choice(self.activities)}{path}"
        answer = await self.client.request(method, url, **more)
        assert answer.status_code < 500, answer.text


async def in_contacts(database: Any, organisation: Organisation) -> tuple[Figures, dict[str, int]]:
    found: Figures = {}
    for account in ("account_id", "NULL::uuid"):
        for row in await rows_of(database, SOURCE.format(account=account), organisation):
            key = (
                row["month"],
                "all" if "NULL" in account else row["account"] and str(row["account"]),
            )
            found[key] = tuple(row[name] for name in MEASURES)
    minutes = await rows_of(database, MINUTES, organisation)
    return found, {row["month"]: int(row["minutes"]) for row in minutes if row["minutes"]}


async def in_analytics(client: httpx.AsyncClient, **more: Any) -> tuple[Figures, dict[str, int]]:
    found: Figures = {}
    by_account = await asked(client, *MEASURES, dimensions=["month", "account"], **more)
    by_month = await asked(client, *MEASURES, "activity_minutes", dimensions=["month"], **more)
    for row in [*by_account["rows"], *by_month["rows"]]:
        told = row["dimensions"]
        key = (told["month"], told.get("account", "all"))
        found[key] = tuple(row["values"][name] for name in MEASURES)
    minutes = {r["dimensions"]["month"]: r["values"]["activity_minutes"] for r in by_month["rows"]}
    return found, {month: each for month, each in minutes.items() if each}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_random_activities_end_with_the_counts_of_the_source(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear, database: Any,
    seed: int,
) -> None:  # fmt: skip
    people, rep = customers(everywhere.admin), sales(everywhere.admin)
    accounts = [await account_made(people, rep, f"Customer {n}") for n in range(4)]
    story, admin = Story(random.Random(seed), people, accounts), client(everywhere.admin)
    moments: list[tuple[str, tuple[Figures, dict[str, int]]]] = []
    for _ in range(4):
        for _ in range(15):
            await story.step()
        moments.append((datetime.now(UTC).isoformat(), await in_contacts(database, everywhere)))
        await hear()
        assert await in_analytics(admin) == moments[-1][1]
    for at, figures in moments:
        assert await in_analytics(admin, as_of=at) == figures
    assert len(moments[-1][1][0]) >= 8
    assert any(minutes for _, (_, minutes) in moments)
