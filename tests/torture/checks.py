"""After the storm: what was acknowledged is there, once, and the feed tells the same story."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from tests.torture.workload import CONTACTS, DEALS, TICKETS, Ledger, name_of

READ_AT_ONCE = 20
# Schema and table of what is kept whole, and its noun in the log.
KEPT = {
    "contacts.accounts": "account",
    "contacts.contacts": "contact",
    "contacts.activities": "activity",
    "pipeline.opportunities": "opportunity",
    "tickets.tickets": "ticket",
}
TOLD = {
    CONTACTS: "contacts.contact.", DEALS: "pipeline.opportunity.", TICKETS: "tickets.ticket.",
}  # fmt: skip
# The log's newest word on a record, or none on one that was erased: its document is gone.
SHOWN = """
SELECT t.id FROM {schema}.{table} AS t LEFT JOIN LATERAL (
  SELECT e.after FROM {schema}.events AS e
  WHERE e.organisation_id = t.organisation_id AND e.subject_id = t.id AND e.subject_type = '{noun}'
  ORDER BY e.version DESC, e.id DESC LIMIT 1) AS told ON to_jsonb(t) ->> 'erased_at' IS NULL
WHERE t.as_shown::jsonb IS DISTINCT FROM told.after AND ($1::uuid IS NULL OR t.organisation_id = $1)
"""
FOUND = """
SELECT coalesce(t.id, s.id) AS id FROM {schema}.{table} AS t
FULL JOIN {schema}.{table}_search AS s ON s.organisation_id = t.organisation_id AND s.id = t.id
WHERE ($1::uuid IS NULL OR coalesce(t.organisation_id, s.organisation_id) = $1)
  AND (t.id IS NULL OR s.id IS NULL OR (s.owner_id, s.team_id, s.tags, s.deleted_at)
    IS DISTINCT FROM (t.owner_id, t.team_id, t.tags, t.deleted_at))
"""
PLACED = """
SELECT t.id FROM contacts.contacts AS t
WHERE t.deleted_at IS NULL AND ($1::uuid IS NULL OR t.organisation_id = $1)
  AND (SELECT array_agg(a ->> 'account_id' ORDER BY a ->> 'account_id')
       FROM jsonb_array_elements(t.as_shown::jsonb -> 'accounts') AS a)
    IS DISTINCT FROM (SELECT array_agg(l.account_id::text ORDER BY l.account_id::text)
       FROM contacts.contact_accounts AS l
       WHERE l.organisation_id = t.organisation_id AND l.contact_id = t.id)
"""


# What pipeline and tickets keep of people, against what contacts has of them.
COPIED = """
SELECT coalesce(t.id, k.id) AS id FROM contacts.contacts AS t
FULL JOIN {schema}.known_contacts AS k ON k.organisation_id = t.organisation_id AND k.id = t.id
WHERE ($1::uuid IS NULL OR coalesce(t.organisation_id, k.organisation_id) = $1)
  AND (t.id IS NULL OR k.id IS NULL OR (t.version, t.name, t.owner_id, t.deleted_at IS NULL)
    IS DISTINCT FROM (k.version, k.name, k.owner_id, k.deleted_at IS NULL))
"""
# A deal's status is its stage's kind, and it is closed or it is not.
STANDING = """
SELECT o.id FROM pipeline.opportunities AS o
JOIN pipeline.stages AS s ON s.organisation_id = o.organisation_id AND s.id = o.stage_id
WHERE ($1::uuid IS NULL OR o.organisation_id = $1)
  AND (o.status <> s.kind OR (o.closed_at IS NULL) <> (o.status = 'open'))
"""
# Numbers one after the other within an organisation, and the last one given is the last one there.
NUMBERED = """
SELECT t.id FROM (SELECT id, organisation_id, number,
    row_number() OVER (PARTITION BY organisation_id ORDER BY number) AS place,
    count(*) OVER (PARTITION BY organisation_id) AS many FROM tickets.tickets) AS t
JOIN tickets.ticket_numbers AS n ON n.organisation_id = t.organisation_id
WHERE ($1::uuid IS NULL OR t.organisation_id = $1)
  AND (t.number <> 'TK-' || lpad(t.place::text, 6, '0') OR n.last <> t.many)
"""

# What analytics counts, from the tables that it heard of.
COUNTED = """
SELECT (SELECT count(*) FROM pipeline.opportunities WHERE organisation_id = $1 AND deleted_at IS NULL),
  (SELECT coalesce(sum(amount_amount), 0) FROM pipeline.opportunities WHERE organisation_id = $1 AND deleted_at IS NULL),
  (SELECT count(*) FROM tickets.tickets WHERE organisation_id = $1 AND deleted_at IS NULL)
"""
LEFT_OPEN = """
SELECT pid, left(query, 100) AS query FROM pg_stat_activity
WHERE state LIKE 'idle in transaction%' AND now() - state_change > interval '5 s'
"""


async def check_records(http: httpx.AsyncClient, ledger: Ledger) -> list[str]:
    """Every acknowledged write is there with its version and its name."""
    limit = asyncio.Semaphore(READ_AT_ONCE)

    async def one(record_id: str, version: int) -> str | None:
        async with limit:
            answer = await http.get(f"{ledger.paths[record_id]}/{record_id}")
        if answer.status_code != 200:
            return f"{record_id} was acknowledged and is {answer.status_code}"
        record = answer.json()
        if record["version"] < version or name_of(record) != ledger.names[record_id]:
            return f"{record_id} is at version {record['version']}, acknowledged {version}"
        return None

    found = await asyncio.gather(*(one(i, v) for i, v in ledger.versions.items()))
    return [sentence for sentence in found if sentence is not None]


async def all_records(http: httpx.AsyncClient, path: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    params: dict[str, Any] = {"limit": 200}
    while True:
        page = (await http.get(path, params=params)).raise_for_status().json()
        found |= {row["id"]: row for row in page["data"]}
        if not page["page"]["has_more"]:
            return found
        params["cursor"] = page["page"]["next_cursor"]


def check_versions(ledger: Ledger) -> list[str]:
    """What everybody changes has one version more for each change: nobody's took the place of another's."""
    return [
        f"{record_id}: two writers were told the same version {sorted(told)}"
        for record_id, told in ledger.shared.items()
        if len(set(told)) != len(told)
    ]


def check_keys(ledger: Ledger, records: dict[str, dict[str, Any]]) -> list[str]:
    """One record for each idempotency key, however often it was sent."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for record_id, record in records.items():
        by_key[record["external_id"]].append(record_id)
    wrong = [f"key {key} made {len(ids)} records" for key, ids in by_key.items() if len(ids) != 1]
    return wrong + [
        f"key {key} was answered with {made}, stored is {by_key[key]}"
        for key, made in ledger.keys.items()
        if by_key[key] != [made]
    ]


async def check_feed(
    http: httpx.AsyncClient, path: str, records: dict[str, dict[str, Any]]
) -> list[str]:
    """Replayed from the start, the feed ends with the tables' content, no version left out."""
    seen: dict[str, list[int]] = defaultdict(list)
    last: dict[str, dict[str, Any]] = {}
    async for event in events_of(http):
        if event["type"].startswith(TOLD[path]):
            data = event["data"]
            seen[data["id"]].append(data["version"])
            last[data["id"]] = data["state"]
    wrong = [
        f"the feed tells versions {versions} of {record_id}"
        for record_id, versions in seen.items()
        if versions != list(range(1, len(versions) + 1))
    ]
    wrong += [f"the feed never told of {record_id}" for record_id in records.keys() - seen.keys()]
    wrong += [
        f"the feed's last state of {record_id} is not the table's"
        for record_id, record in records.items()
        if record_id in last and last[record_id] != record
    ]
    return wrong


async def events_by_id(http: httpx.AsyncClient, pattern: str) -> dict[str, tuple[str, int]]:
    """Record and version of each event of a type, by the event's id."""
    prefix = pattern.removesuffix("*")
    return {
        event["id"]: (event["data"]["id"], event["data"]["version"])
        async for event in events_of(http)
        if event["type"].startswith(prefix)
    }


async def events_of(http: httpx.AsyncClient) -> Any:
    """Every event of the merged feed, in the order given."""
    after = ""
    while True:
        answer = (
            await http.get("/v1/events", params={"after": after, "limit": 1000})
        ).raise_for_status()
        events = answer.json()
        for event in events:
            yield event
        if not events:
            return
        after = answer.headers["x-next-after"]


async def check_rows(admin_url: str, organisation: UUID | None = None) -> list[str]:
    """What is kept of a record beside its columns says what they say: the document that is shown,
    the row it is found by, its places. Read as a superuser; of one organisation, or of all."""
    questions: Mapping[str, str] = {
        **{_of(SHOWN, name): f"{name}: not shown as last told" for name in KEPT},
        **{_of(FOUND, name): f"{name}: not found as it is" for name in KEPT},
        STANDING: "deals: not where their stage says",
        PLACED: "contacts: not placed as shown",
        NUMBERED: "tickets: a number is missing, or there twice",
    }
    connection = await asyncpg.connect(admin_url)
    try:
        return [
            f"{sentence}: {row['id']}"
            for sql, sentence in questions.items()
            for row in await connection.fetch(sql, organisation)
        ]
    finally:
        await connection.close()


def _of(sql: str, name: str) -> str:
    schema, _, table = name.partition(".")
    return sql.format(schema=schema, table=table, noun=KEPT[name])


async def sums_differ(http: httpx.AsyncClient, admin_url: str, organisation: UUID) -> list[str]:
    """Deals, their money and tickets as analytics tells them, against the tables."""
    connection = await asyncpg.connect(admin_url)
    try:
        deals, amount, tickets = await connection.fetchrow(COUNTED, organisation)
    finally:
        await connection.close()
    stored = {"deals_opened": deals, "opened_amount": amount, "tickets_opened": tickets}
    told = {name: await _total(http, name) for name in stored}
    return [
        f"analytics tells {told[name]} {name}, stored are {stored[name]}"
        for name in stored
        if told[name] != stored[name]
    ]


async def _total(http: httpx.AsyncClient, measure: str) -> Decimal:
    answer = await http.post("/v1/analytics/query", json={"measures": [measure]})
    totals = answer.raise_for_status().json()["totals"]
    values = [total["values"][measure] for total in totals]
    return sum((Decimal(v["amount"] if isinstance(v, dict) else v) for v in values), Decimal(0))


async def check_audit(http: httpx.AsyncClient) -> list[str]:
    verdict = (await http.get("/v1/audit/verify")).raise_for_status().json()
    return [] if verdict["is_intact"] else [f"the audit log is broken: {verdict['broken']}"]


async def check_connections(admin_url: str) -> list[str]:
    """No transaction was forgotten by whoever had begun it."""
    connection = await asyncpg.connect(admin_url)
    try:
        rows = await connection.fetch(LEFT_OPEN)
    finally:
        await connection.close()
    return [f"a transaction stands open behind {row['query']!r}" for row in rows]


async def copies_differ(admin_url: str) -> list[str]:
    """People whose copy in another service is not what contacts has; none once the feed is heard."""
    connection = await asyncpg.connect(admin_url)
    try:
        return [
            f"{schema}'s copy differs: {row['id']}"
            for schema in ("pipeline", "tickets")
            for row in await connection.fetch(COPIED.format(schema=schema), None)
        ]
    finally:
        await connection.close()
