"""Queues and agents as an assignment needs them, read under the locks that keep loads true.

Whoever counts an agent's tickets in order to bring one more holds the agent's lock until that is
written, so that no limit is passed by two at once. Locks of agents are taken before those of tickets,
several in the order of their ids.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.db import Connection
from guanxi_tickets.agents.shift_rules import calendar_of, is_on_shift
from guanxi_tickets.assignments.choice_rules import Candidate, Needs, levels_of
from guanxi_tickets.models.queues import IS_GIVEN

HOLD = """
SELECT pg_advisory_xact_lock(hashtextextended('load ' || $1::text || id::text, 0))
FROM unnest($2::uuid[]) WITH ORDINALITY AS held (id, place) ORDER BY place
"""
QUEUE = "q.id, q.team_id, q.strategy, q.on_shift_end, q.skills::text AS needed, q.languages AS needed_languages, q.load_limit AS most"
LOAD = """(SELECT count(*) FROM tickets o WHERE o.organisation_id = $1 AND o.owner_id = {whose}
  AND o.status_kind IN ('new', 'open') AND o.deleted_at IS NULL) AS load"""
OWN = "a.skills::text AS skills, a.languages, a.load_limit"
ONE_QUEUE = f"SELECT {QUEUE} FROM queues q WHERE q.organisation_id = $1 AND q.id = $2 AND q.deleted_at IS NULL"
CLAIMING = f"""
SELECT {QUEUE}, {OWN}, {LOAD.format(whose="$3")}
FROM (SELECT $2::uuid AS id) AS asked
LEFT JOIN queues q ON q.organisation_id = $1 AND q.id = asked.id AND q.deleted_at IS NULL
LEFT JOIN agents a ON a.organisation_id = $1 AND a.owner_id = $3 AND a.deleted_at IS NULL
"""
TEAM = """
FROM agents a JOIN directory_users u ON u.organisation_id = a.organisation_id AND u.id = a.owner_id
WHERE a.organisation_id = $1 AND a.deleted_at IS NULL AND u.active AND $2 = ANY(u.teams)
"""
MEMBERS = f"SELECT a.owner_id {TEAM}"
CANDIDATES = f"""
SELECT a.owner_id AS user_id, u.name, a.is_available, a.shifts::text AS shifts, {OWN},
  {LOAD.format(whose="a.owner_id")},
  coalesce((SELECT max(t.turn) FROM ticket_assignments t WHERE t.organisation_id = $1 AND t.queue_id = $3
    AND t.assignee_id = a.owner_id AND t.{IS_GIVEN}), 0) AS turn
{TEAM} ORDER BY a.owner_id
"""


@dataclass(frozen=True, slots=True)
class QueueNow:
    id: UUID
    team_id: UUID
    strategy: str
    on_shift_end: str
    needs: Needs


@dataclass(frozen=True, slots=True)
class Member:
    """An agent of the queue's team."""

    candidate: Candidate
    name: str
    is_available: bool
    is_on_shift: bool


async def hold_loads(connection: Connection, organisation: UUID, users: Iterable[UUID]) -> None:
    """What is counted of these agents stays true until the transaction's end."""
    await connection.execute(HOLD, str(organisation), sorted(set(users)))


def queue_from(row: Mapping[str, Any]) -> QueueNow:
    needs = Needs(levels_of(orjson.loads(row["needed"])), row["needed_languages"], row["most"])
    return QueueNow(row["id"], row["team_id"], row["strategy"], row["on_shift_end"], needs)


async def queue_now(connection: Connection, organisation: UUID, queue_id: UUID) -> QueueNow | None:
    row = await connection.fetchrow(ONE_QUEUE, organisation, queue_id)
    return queue_from(dict(row)) if row is not None else None


async def claiming(
    connection: Connection, organisation: UUID, queue_id: UUID | None, user: UUID
) -> tuple[QueueNow | None, Candidate]:
    """Who claims, and out of which queue. Somebody who is no agent has no skills and no limit."""
    row = await connection.fetchrow(CLAIMING, organisation, queue_id, user)
    assert row is not None
    found = dict(row)
    return (queue_from(found) if found["id"] is not None else None), _candidate(found, user)


async def members_of(connection: Connection, organisation: UUID, team_id: UUID) -> list[UUID]:
    rows = await connection.fetch(MEMBERS, organisation, team_id)
    return [row["owner_id"] for row in rows]


async def team_of(
    connection: Connection, organisation: UUID, queue: QueueNow, at: datetime
) -> list[Member]:
    rows = await connection.fetch(CANDIDATES, organisation, queue.team_id, queue.id)
    return [_member(dict(row), at) for row in rows]


def _member(row: Mapping[str, Any], at: datetime) -> Member:
    shifts = orjson.loads(row["shifts"]) if row["shifts"] is not None else None
    on_shift = is_on_shift(calendar_of(shifts) if shifts is not None else None, at)
    candidate = _candidate(row, row["user_id"])
    candidate.turn, candidate.is_at_work = row["turn"], row["is_available"] and on_shift
    return Member(candidate, row["name"], row["is_available"], on_shift)


def _candidate(row: Mapping[str, Any], user: UUID) -> Candidate:
    return Candidate(
        user, levels_of(orjson.loads(row["skills"] or "[]")), row["languages"] or (),
        row["load_limit"], row["load"],
    )  # fmt: skip
