"""A queue: its list, and claims out of it by agents who have little else to do."""

import asyncio
from uuid import UUID

import httpx

from tests.bench.bench import Bench
from tests.bench.cases import Case
from tests.bench.loading import superuser
from tests.bench.organisation import Member, add_user, sign_in
from tests.bench.stock import TICKETS
from tests.bench.traffic import COUNTER, Traffic, request, shuffled

PATH = "/v1/tickets"
QUEUE_ID = "01900000-0000-7000-8000-0000000000c0"
AGENTS, WAITING = 8, 10_000
# What is claimed waits again; of the stock so many tickets are put into the queue, each as it is shown.
REFILL = """
WITH wanted AS (
  SELECT id FROM tickets WHERE organisation_id = $1 AND queue_id = $2
  UNION (SELECT id FROM tickets WHERE organisation_id = $1 AND queue_id IS NULL AND number LIKE 'B-%' ORDER BY id LIMIT $4)
)
UPDATE tickets t SET queue_id = $2::uuid, team_id = $3::uuid, owner_id = NULL, queued_at = t.created_at, taken_at = NULL,
  as_shown = (t.as_shown::jsonb || jsonb_build_object('queue_id', $2::uuid, 'team_id', $3::uuid, 'assignee_id', NULL,
    'queued_at', t.created_at, 'taken_at', NULL))::text
FROM wanted WHERE t.organisation_id = $1 AND t.id = wanted.id AND (t.owner_id IS NOT NULL OR t.queue_id IS NULL)
"""
IN_QUEUE = "SELECT count(*) FROM tickets WHERE organisation_id = $1 AND queue_id = $2"
TICKET_IDS = (
    "SELECT id FROM tickets WHERE organisation_id = $1 AND queue_id = $2 ORDER BY id LIMIT 200"
)


def team(client: httpx.Client) -> str:
    """That of the sellers, who lead nobody; the queue is made when it is first asked for."""
    found: str = client.get("/v1/teams").raise_for_status().json()["data"][0]["id"]
    body = {"id": QUEUE_ID, "name": "Bench", "team_id": found, "load_limit": 10_000}
    made = client.post("/v1/queues", json=body)
    if made.status_code not in (200, 201):
        made.raise_for_status()
    return found


def agents_of(bench: Bench) -> list[Member]:
    """Made when they are first asked for."""
    headers = {"authorization": f"Bearer {bench.organisation.admin.token}"}
    with httpx.Client(base_url=bench.suite.url, headers=headers, timeout=30) as client:
        own = team(client)
        known = {user["name"] for user in client.get("/v1/users?limit=200").json()["data"]}
        found = []
        for number in range(AGENTS):
            handle = f"agent{number}"
            if handle.capitalize() not in known:
                add_user(client, handle, "agent", own)
            found.append(Member(UUID(int=number), sign_in(client, handle)))
        asyncio.run(refill(bench, own))
        return found


async def refill(bench: Bench, team_id: str) -> None:
    organisation, queue = bench.organisation.id, UUID(QUEUE_ID)
    async with superuser(bench.suite.admin_url, TICKETS) as connection:
        there = await connection.fetchval(IN_QUEUE, organisation, queue)
        missing = max(WAITING - there, 0)
        await connection.execute(REFILL, organisation, queue, UUID(team_id), missing)
        await connection.execute(
            "VACUUM ANALYZE tickets"
        )  # as a queue is that was not filled just now


def claims(bench: Bench) -> Traffic:
    """Each of the agents in turn; every turn of the measure begins with the queue as full as before."""
    url = bench.suite.url
    path = f"/v1/queues/{QUEUE_ID}/claim"
    asked = [
        request(url, "POST", path, token=agent.token, content_length="0")
        for agent in agents_of(bench)
    ]
    return Traffic(url, tuple(asked))


def updates(bench: Bench) -> Traffic:
    """Of tickets of the queue, by the same agents: a write without a choice."""
    url, agents = bench.suite.url, agents_of(bench)
    ids = asyncio.run(_ids(bench))
    asked = [
        request(
            url, "PATCH", f"{PATH}/{id}", token=agents[n % AGENTS].token,
            body={"external_id": f"e-{COUNTER.decode()}"},
        )
        for n, id in enumerate(ids)
    ]  # fmt: skip
    return Traffic(url, shuffled(asked))


async def _ids(bench: Bench) -> list[UUID]:
    async with superuser(bench.suite.admin_url, TICKETS) as connection:
        rows = await connection.fetch(TICKET_IDS, bench.organisation.id, UUID(QUEUE_ID))
    return [row["id"] for row in rows]


def lists(bench: Bench) -> Traffic:
    """What waits, the most pressing first."""
    url = bench.suite.url
    query = f"?limit=50&queue_id={QUEUE_ID}&assignee_id[is_null]=true&sort=priority_rank"
    paths = [f"{PATH}{query}", f"{PATH}{query}&status_kind[nin]=solved,closed"]
    return Traffic(
        url, tuple(request(url, "GET", p, token=agent.token) for agent in agents_of(bench) for p in paths)
    )  # fmt: skip


CASES = (
    Case("tickets: queue list of 50", lists, is_brief=True),
    Case("tickets: claim", claims, is_brief=True, beside=("an update of a ticket", updates)),
)
