"""The visits of somebody's day, and the way from one to the next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Uuid, and_, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts.activities import recurrence_rules
from guanxi_contacts.activities.resources import ACTIVITIES, ACTIVITY
from guanxi_contacts.activities.rules import series_of
from guanxi_contacts.calendar.service import whose_calendar
from guanxi_contacts.errors import TooManyStops
from guanxi_contacts.places.day_asked import DayAsked
from guanxi_contacts.places.route_rules import MOST_STOPS
from guanxi_contacts.places.service import PlacedStop, placed_accounts, point_of, route_of
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES = Shapes()
SHOWN = (
    "id", "kind", "subject", "starts_at", "ends_at", "due_at", "account_ids", "latitude",
    "longitude", "recurrence", "exdates", "time_zone", "series_starts_at",
)  # fmt: skip


async def route_of_day(call: Call, asked: DayAsked) -> dict[str, Any]:
    """Visits by their planned times, those without one last, and a sensible way through them."""
    first = call.clock.midnight(asked.day)
    last = call.clock.midnight(asked.day + timedelta(days=1))
    visits = [v for row in await _rows(call, asked, first, last) for v in _of_day(row, first, last)]
    visits.sort(key=lambda v: (v["at"] is None, v["at"] or first, v["id"]))
    if len(visits) > MOST_STOPS:
        raise TooManyStops(
            f"The day has {len(visits)} visits; a route takes {MOST_STOPS} at most.",
            errors={"day": f"Choose a day with at most {MOST_STOPS} visits, or open_only=true."},
        )
    ids = {id for visit in visits for id in visit["account_ids"]}
    accounts = await placed_accounts(call, sorted(ids))
    stops = [_stop(i, visit, accounts, asked) for i, visit in enumerate(visits)]
    return await route_of(stops, start=asked.start, end=asked.end)


def _of_day(row: Mapping[str, Any], first: datetime, last: datetime) -> list[dict[str, Any]]:
    """The visit, or those occurrences of a series that begin on the day."""
    if row["recurrence"] is None:
        return [{**row, "at": row["starts_at"]}]
    series = series_of(row, without=row["elsewhere"] or ())
    found = recurrence_rules.occurrences(series, first, last, most=MOST_STOPS + 1)
    return [{**row, "at": at} for at in found if at >= first]


def _stop(
    index: int, visit: Mapping[str, Any], accounts: Mapping[UUID, Mapping[str, Any]],
    asked: DayAsked,
) -> PlacedStop:  # fmt: skip
    """Where it takes place: at the place it names itself, else at its first account with one."""
    placed = [id for id in visit["account_ids"] if id in accounts and point_of(accounts[id])]
    point = point_of(visit) or (point_of(accounts[placed[0]]) if placed else None)
    account_id = placed[0] if placed else next(iter(visit["account_ids"]), None)
    at = visit["at"] if asked.keeps_times else None
    place = visit["at"] if visit["recurrence"] is not None else None
    return PlacedStop(index, account_id, visit["subject"], at, point, visit["id"], place)


async def _rows(
    call: Call, asked: DayAsked, first: datetime, last: datetime
) -> Sequence[dict[str, Any]]:
    scope = await call.scope(ACTIVITIES.name)
    whose = await whose_calendar(call, user=asked.user_id)
    key = (scope.shape, asked.is_open_only)
    compiled = SHAPES.get(key, lambda: _select(scope, is_open_only=asked.is_open_only))
    values = {
        "organisation": call.organisation, "people": list(whose.users), "first": first, "last": last,
        **scope.params(),
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    return [dict(row) for row in rows]


def _select(scope: Scope, *, is_open_only: bool) -> Any:
    a, other = ACTIVITY, ACTIVITY.alias("other")
    first, last = (bindparam(name, type_=DateTime(timezone=True)) for name in ("first", "last"))
    when = func.coalesce(a.c.starts_at, a.c.due_at)
    elsewhere = (
        select(func.array_agg(other.c.recurrence_id))
        .where(
            other.c.organisation_id == a.c.organisation_id,
            other.c.series_id == a.c.id,
            other.c.deleted_at.is_(None),
        )
        .correlate(a)
        .scalar_subquery()
    )
    ends = or_(a.c.series_ends_at.is_(None), a.c.series_ends_at >= first)
    wanted = [
        a.c.organisation_id == bindparam("organisation", type_=Uuid),
        a.c.deleted_at.is_(None),
        a.c.kind == "visit",
        a.c.status == "planned" if is_open_only else a.c.status != "cancelled",
        *([a.c.visit.is_(None)] if is_open_only else []),
        or_(
            a.c.owner_id == any_(bindparam("people", type_=ARRAY(Uuid))),
            a.c.invited_ids.op("&&")(bindparam("people", type_=ARRAY(Uuid))),
        ),
        or_(
            and_(a.c.recurrence.is_(None), when >= first, when < last),
            and_(a.c.recurrence.is_not(None), a.c.series_starts_at < last, ends),
        ),
        predicate(a, scope),
    ]
    return select(*(a.c[name] for name in SHOWN), elsewhere.label("elsewhere")).where(*wanted)
