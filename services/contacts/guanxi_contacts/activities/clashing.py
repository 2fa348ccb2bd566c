"""Clashes found when an activity is saved: whoever plans somebody's time waits for whoever does."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_contacts.activities import schedule_rules as rules
from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_contacts.activities.schedule_rules import Clash
from guanxi_contacts.errors import CalendarConflict
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Malformed
from guanxi_shared.pages import query_pairs

MOST_TOLD = 20
# One lock a person, in the order of their ids, so that no two planners wait for each other.
LOCK_PEOPLE = """
SELECT pg_advisory_xact_lock(hashtextextended('calendar ' || $1::text || person::text, 0))
FROM (SELECT person FROM unnest($2::uuid[]) AS person ORDER BY person) AS ordered
"""
# Read after the lock, by a statement of its own: it sees what those before committed. Nothing
# takes more than 31 days, which bounds how far back it looks.
TAKEN = """
SELECT a.id, a.kind, a.status, a.subject, a.starts_at, a.ends_at, a.due_at, a.recurrence, a.exdates,
  a.time_zone, a.series_id, a.recurrence_id, a.series_starts_at, a.owner_id, a.team_id, a.invited_ids,
  CASE WHEN a.recurrence IS NOT NULL THEN (
    SELECT array_agg(o.recurrence_id) FROM activities o
    WHERE o.organisation_id = $1 AND o.series_id = a.id AND o.id <> $5 AND o.deleted_at IS NULL
  ) END AS elsewhere
FROM activities a
WHERE a.organisation_id = $1 AND a.deleted_at IS NULL AND a.status = 'planned'
  AND a.kind IN ('call', 'visit', 'meeting') AND a.ends_at IS NOT NULL AND a.id <> $5
  AND a.series_id IS DISTINCT FROM $5
  AND (a.owner_id = ANY($2::uuid[]) OR a.invited_ids && $2::uuid[])
  AND a.starts_at < $4
  AND ((a.recurrence IS NULL AND a.starts_at > $3::timestamptz - interval '31 days' AND a.ends_at > $3)
    OR (a.recurrence IS NOT NULL AND (a.series_ends_at IS NULL OR a.series_ends_at > $3)))
"""
# Places of a series that are rows of their own, and take their own time.
ELSEWHERE = """
SELECT array_agg(recurrence_id) FROM activities
WHERE organisation_id = $1 AND series_id = $2 AND deleted_at IS NULL
"""


def allows_conflict(call: Call) -> bool:
    """`?allow_conflict=true`: the caller knows that the time is taken."""
    asked = [v for n, v in query_pairs(call.request.scope["query_string"]) if n == "allow_conflict"]
    if not asked:
        return False
    if len(asked) > 1 or asked[0] not in ("true", "false"):
        raise Malformed(
            "allow_conflict is true or false.", errors={"allow_conflict": "Send true or false."}
        )
    return asked[0] == "true"


async def check_calendar(
    call: Call, connection: Connection, row: Mapping[str, Any], before: Mapping[str, Any] | None
) -> None:
    """CalendarConflict when the time of the owner or of a participating user is taken already."""
    if allows_conflict(call) or not rules.takes_time(row) or not rules.is_moved(row, before):
        return
    people = rules.people_of(row)
    if before is not None and row["recurrence"] is not None:
        elsewhere = await connection.fetchval(ELSEWHERE, call.organisation, row["id"])
        row = {**row, "elsewhere": elsewhere}
    asked = rules.asked_time(row, datetime.now(UTC))
    if not people or not asked:
        return
    found = rules.clashes(
        asked, people, await _taken(call, connection, row, people, asked), most=MOST_TOLD
    )
    if found:
        raise await _conflict(call, found)


async def _taken(
    call: Call, connection: Connection, row: Mapping[str, Any], people: Sequence[UUID],
    asked: Sequence[rules.Stretch],
) -> list[dict[str, Any]]:  # fmt: skip
    await connection.execute(LOCK_PEOPLE, str(call.organisation), people)
    first, last = asked[0].starts_at, max(each.ends_at for each in asked)
    rows = await connection.fetch(TAKEN, call.organisation, people, first, last, row["id"])
    return [_without_own_place(dict(each), row) for each in rows]


def _without_own_place(other: dict[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """An occurrence that moves does not clash with the place that it leaves."""
    if row.get("series_id") == other["id"]:
        other["elsewhere"] = [*(other["elsewhere"] or ()), row["recurrence_id"]]
    return other


async def _conflict(call: Call, found: Sequence[Clash]) -> CalendarConflict:
    scope = await call.scope(ACTIVITIES.name)
    told = []
    for clash in found:
        row, each = clash.occurrence.row, clash.occurrence
        is_seen = scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
        told.append(
            {
                "id": str(row["id"]) if is_seen else None,
                "subject": row["subject"] if is_seen else None,
                "starts_at": _spelt(each.starts_at),
                "ends_at": _spelt(each.ends_at),
                "user_ids": [str(one) for one in clash.people],
            }
        )
    return CalendarConflict(
        "The time is taken already; choose another, or send allow_conflict=true.",
        errors={"starts_at": "Somebody who takes part has another appointment then."},
        conflicts=told,
    )


def _spelt(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
