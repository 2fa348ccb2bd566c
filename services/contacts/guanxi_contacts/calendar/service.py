"""Reading calendars: occurrences that the caller may see, and busy time that says no more."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts.activities import schedule_rules as rules
from guanxi_contacts.activities.resources import ACTIVITY
from guanxi_contacts.activities.rules import TIMED
from guanxi_contacts.activities.schedule_rules import Occurrence, Stretch
from guanxi_contacts.calendar.asking import MOST_USERS, Span
from guanxi_shared.calls import Call
from guanxi_shared.db import Database, bound
from guanxi_shared.errors import Malformed, NotFound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import EVERYTHING, Scope, predicate

SHAPES = Shapes()
MOST_ITEMS = 5_000
READ = (
    "id", "kind", "status", "subject", "body", "priority", "starts_at", "ends_at", "due_at",
    "recurrence", "exdates", "time_zone", "series_id", "recurrence_id", "series_starts_at",
    "owner_id", "team_id", "invited_ids", "account_ids", "contact_ids", "location", "version",
    "updated_at",
)  # fmt: skip
# What a feed tells besides.
TOLD = (
    "participants", "reminder_at", "reminded_at", "latitude", "longitude", "tags", "done_at",
    "created_at",
)  # fmt: skip
MEMBERS = """
SELECT id FROM directory_users WHERE organisation_id = $2 AND active AND $3 = ANY(teams)
"""
TEAM = "SELECT 1 FROM directory_teams WHERE organisation_id = $2 AND id = $3"
USERS = "SELECT id FROM directory_users WHERE organisation_id = $2 AND id = ANY($3::uuid[])"
Reading = Literal["calendar", "busy", "feed"]
LOOK_BACK = timedelta(days=31)  # nothing takes longer


@dataclass(frozen=True, slots=True)
class Whose:
    """People, and a team whose own records count beside those of its members."""

    users: Sequence[UUID]
    team: UUID | None = None


async def whose_calendar(
    call: Call, *, user: UUID | None = None, team: UUID | None = None
) -> Whose:
    """The caller's own if nobody is named; NotFound for a person or team that is not known."""
    db, organisation = call.db, call.organisation
    if team is None:
        if user is not None:
            await demand_users(db, organisation, [user])
        own = user or call.by.user_id
        return Whose([own] if own is not None else [])
    if await db.fetchrow(organisation, TEAM, organisation, team) is None:
        raise NotFound(f"There is no team with the id {str(team)!r}.")
    return await team_s_calendar(db, organisation, team)


async def team_s_calendar(db: Database, organisation: UUID, team: UUID) -> Whose:
    members = await db.fetch(organisation, MEMBERS, organisation, team)
    return Whose([row["id"] for row in members], team)


async def demand_users(db: Database, organisation: UUID, users: Sequence[UUID]) -> None:
    rows = await db.fetch(organisation, USERS, organisation, list(users))
    if missing := set(users) - {row["id"] for row in rows}:
        raise NotFound(f"There is no user with the id {str(min(missing))!r}.")


async def read_calendar(
    db: Database, organisation: UUID, span: Span, *, whose: Whose, scope: Scope
) -> list[Occurrence]:
    """Everything of these people that the scope covers, in the order of time."""
    rows = await _rows(db, organisation, span, whose=whose, scope=scope, reading="calendar")
    return rules.in_order(await asyncio.to_thread(_unfolded, rows, span, MOST_ITEMS))


def _unfolded(rows: Sequence[Mapping[str, Any]], span: Span, most: int) -> list[list[Occurrence]]:
    """The occurrences of each row; no more is worked out than may be told."""
    found: list[list[Occurrence]] = []
    left = most
    for row in rows:
        found.append(rules.occurrences_of(row, span.first, span.last, most=left + 1))
        left -= len(found[-1])
        if left < 0:
            raise _too_much(most)
    return found


def _too_much(most: int) -> Malformed:
    return Malformed(
        f"More than {most} things happen in that time; ask for less.",
        errors={"to": "Send an earlier time."},
    )


async def rows_of(
    db: Database, organisation: UUID, span: Span, *, whose: Whose, scope: Scope
) -> list[dict[str, Any]]:
    """The same as stored rows, series folded, and what was cancelled; of too many the series and
    those nearest to now: who subscribes cannot ask for less."""
    rows = await _rows(db, organisation, span, whose=whose, scope=scope, reading="feed")
    return [row | {"participants": orjson.loads(row["participants"])} for row in rows]


async def read_busy(
    db: Database, organisation: UUID, span: Span, *, users: Sequence[UUID]
) -> dict[UUID, list[Stretch]]:
    """Whoever's records they are: of each only its times leave this function."""
    rows = await _rows(db, organisation, span, whose=Whose(users), scope=EVERYTHING, reading="busy")
    taken: dict[UUID, list[Stretch]] = {user: [] for user in users}
    unfolded = await asyncio.to_thread(_unfolded, rows, span, MOST_ITEMS * MOST_USERS)
    for row, found in zip(rows, unfolded, strict=True):
        for person in set(rules.people_of(row)) & set(taken):
            taken[person] += [
                Stretch(e.starts_at, e.ends_at) for e in found if e.ends_at is not None
            ]
    return {user: rules.busy(some, span.first, span.last) for user, some in taken.items()}


def item(each: Occurrence) -> dict[str, Any]:
    """An occurrence as the API shows it."""
    row = each.row
    kept = (
        "kind", "subject", "status", "priority", "time_zone", "location", "owner_id", "team_id",
        "account_ids", "contact_ids",
    )  # fmt: skip
    is_itself = each.recurrence_id is None or each.recurrence_id == row["recurrence_id"]
    return {
        "activity_id": row["id"],
        "series_id": row["series_id"] or (row["id"] if row["recurrence"] else None),
        "recurrence_id": each.recurrence_id,
        "is_repeating": row["recurrence"] is not None,
        "starts_at": each.starts_at,
        "ends_at": each.ends_at,
        "due_at": row["due_at"] if is_itself else each.starts_at,
        **{name: row[name] for name in kept},
    }


async def _rows(
    db: Database, organisation: UUID, span: Span, *, whose: Whose, scope: Scope, reading: Reading
) -> list[dict[str, Any]]:
    key = (whose.team is not None, scope.shape, reading)
    compiled = SHAPES.get(key, lambda: _select(whose, scope, reading))
    values: Mapping[str, Any] = {
        "organisation": organisation, "users": list(whose.users), "team": whose.team,
        "first": span.first, "last": span.last, "back": span.first - LOOK_BACK, **scope.params(),
    }  # fmt: skip
    sql = bound(compiled.sql)
    rows = await db.pool.fetch(sql, str(organisation), *compiled.args(values))
    if len(rows) > MOST_ITEMS and reading != "feed":
        raise _too_much(MOST_ITEMS)
    return [dict(row) for row in rows[:MOST_ITEMS]]


def _select(whose: Whose, scope: Scope, reading: Reading) -> Select[Any]:
    table = ACTIVITY
    wanted = [
        table.c.organisation_id == bindparam("organisation", type_=Uuid),
        table.c.deleted_at.is_(None),
        _of(whose),
        _between(),
        predicate(table, scope),
    ]
    if reading != "feed":
        wanted.append(table.c.status != "cancelled")
    if reading == "busy":
        wanted += [
            or_(*(table.c.kind == kind for kind in sorted(TIMED))),
            table.c.ends_at.is_not(None),
        ]
    shown = [table.c[name] for name in (*READ, *(TOLD if reading == "feed" else ()))]
    found = select(*shown, _elsewhere().label("elsewhere")).where(*wanted).limit(MOST_ITEMS + 1)
    return found.order_by(*_nearest()) if reading == "feed" else found


def _nearest() -> tuple[ColumnElement[Any], ...]:
    c = ACTIVITY.c
    away = func.abs(func.extract("epoch", func.coalesce(c.starts_at, c.due_at) - func.now()))
    return c.recurrence.is_(None), away


def _of(whose: Whose) -> ColumnElement[bool]:
    users: ColumnElement[Any] = bindparam("users", type_=ARRAY(Uuid))
    parts = [ACTIVITY.c.owner_id == any_(users), ACTIVITY.c.invited_ids.op("&&")(users)]
    if whose.team is not None:
        parts.append(ACTIVITY.c.team_id == bindparam("team", type_=Uuid))
    return or_(*parts)


def _between() -> ColumnElement[bool]:
    """Rows that may have an occurrence in the time asked for."""
    moment = DateTime(timezone=True)
    first, last, back = (bindparam(name, type_=moment) for name in ("first", "last", "back"))
    c = ACTIVITY.c
    once = and_(c.starts_at > back, c.starts_at < last)
    due = and_(c.starts_at.is_(None), c.due_at >= first, c.due_at < last)
    again = and_(
        c.recurrence.is_not(None),
        func.coalesce(c.starts_at, c.due_at) < last,
        or_(c.series_ends_at.is_(None), c.series_ends_at >= first),
    )
    return or_(once, due, again)


def _elsewhere() -> ColumnElement[Any]:
    """The places of a series that are rows of their own."""
    other = ACTIVITY.alias("other")
    places = (
        select(func.array_agg(other.c.recurrence_id))
        .where(
            other.c.organisation_id == ACTIVITY.c.organisation_id,
            other.c.series_id == func.coalesce(ACTIVITY.c.series_id, ACTIVITY.c.id),
            other.c.id != ACTIVITY.c.id,
            other.c.deleted_at.is_(None),
            ACTIVITY.c.recurrence.is_not(None),
        )
        .correlate(ACTIVITY)
    )
    return places.scalar_subquery()
