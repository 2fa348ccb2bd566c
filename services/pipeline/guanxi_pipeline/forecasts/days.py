"""The kept days: each once, by the organisation's time zone; a day that was missed stays missed."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select

from guanxi_pipeline.forecasts.period_rules import Period, plus_months
from guanxi_pipeline.forecasts.portions import SCALES, TEAM, deals, portions
from guanxi_pipeline.forecasts.queries import SHAPES, USERS, with_tables
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import Invalid, NotFound
from guanxi_shared.filters import Clock
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule
from guanxi_shared.visibility import EVERYTHING

LATE = timedelta(days=92)  # for as long after a year what came of it is kept
AHEAD_MONTHS = 36
ZONE = "SELECT time_zone FROM directory_state WHERE organisation_id = $1"
BEGIN = """
INSERT INTO forecast_days (organisation_id, day, covers_from) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING day
"""
KEEP = """
INSERT INTO forecast_figures (organisation_id, day, n, month, owner_id, team_id, person_id, person_team_id,
  pipeline_id, currency, category, count, team_deals, deals, bare, amount, weighted)
SELECT $1, f.day, row_number() OVER (), {shown} FROM ({figures}) AS f
"""
SHOWN = "month, owner_id, team_id, person_id, team, pipeline_id, currency, category, count, team_deals, deals, bare, amount, weighted"
FIRST = """
SELECT min(day) AS first, max(day) AS last, (SELECT covers_from FROM forecast_days
  WHERE organisation_id = $2 AND day = $3) AS covers_from FROM forecast_days WHERE organisation_id = $2
"""
FIGURES = """
(SELECT cast(:day AS date) AS day, d.month, d.owner_id, d.team_id, d.person_id, d.team, d.pipeline_id, d.currency,
  d.category, count(*) AS count, count(*) FILTER (WHERE d.first_of_team) AS team_deals,
  count(*) FILTER (WHERE d.first_of_all) AS deals, count(*) FILTER (WHERE d.amount IS NULL) AS bare,
  sum(d.amount) AS amount, sum(d.amount * d.probability / 100) AS weighted
FROM ({portions}) AS d GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9) AS figures
"""
EACH = f"SELECT d.*, {TEAM} AS team, {{firsts}} FROM ({{portions}}) AS d {USERS}"
ALWAYS_FIRST = "true AS first_of_team, true AS first_of_all"
FIRSTS = f"""
row_number() OVER (PARTITION BY d.id, {TEAM}) = 1 AS first_of_team, row_number() OVER (PARTITION BY d.id) = 1 AS first_of_all
"""


@schedule("9 * * * *", name="keep-forecasts")
async def keep_forecasts(database: Database) -> None:
    """Every hour, for each organisation whose day has none yet."""
    await go_round(database, partial(_keep_today, database), what="keeping forecasts")


async def _keep_today(database: Database, organisation: UUID) -> bool:
    return await keep_day(database, organisation, datetime.now(UTC))


async def keep_day(database: Database, organisation: UUID, now: datetime) -> bool:
    """The figures of the day that it is there; False when that day has been kept. Another worker at
    the same moment waits for the day's row and then finds it there."""
    async with database.transaction(organisation) as connection:
        zone = await connection.fetchval(ZONE, organisation) or "UTC"
        clock = Clock(now=now, zone=ZoneInfo(zone))
        day = clock.today
        first = (day - LATE).replace(month=1, day=1)
        if await connection.fetchval(BEGIN, organisation, day, first) is None:
            return False
        await _keep(connection, organisation, clock, zone, first)
    return True


async def _keep(
    connection: Connection, organisation: UUID, clock: Clock, zone: str, first: date
) -> None:
    after = _ends(clock.today)
    compiled = SHAPES.get(("keep",), _figures)
    values = {
        "organisation": organisation, "from_on": first, "until_on": after, "zone": zone,
        "from_at": clock.midnight(first), "until_at": clock.midnight(after), "pipeline_id": None,
        "scales": SCALES, "day": clock.today,
    }  # fmt: skip
    await connection.execute(
        KEEP.format(figures=compiled.sql, shown=SHOWN), organisation, *compiled.args(values)
    )


def _figures() -> Select[Any]:
    each = [
        EACH.format(
            portions=portions(is_split=is_split, products=False),
            firsts=FIRSTS if is_split else ALWAYS_FIRST,
        )
        for is_split in (False, True)
    ]
    tables = [
        deals(EVERYTHING, is_split=is_split, lines=False, months=True) for is_split in (False, True)
    ]
    source = FIGURES.format(portions=" UNION ALL ".join(each))
    return with_tables(f"day, {SHOWN}", source, tables)


async def demand_kept(call: Call, day: date, period: Period) -> None:
    """NotFound says which days there are; Invalid, which periods the day holds."""
    row = await call.db.fetchrow(call.organisation, FIRST, call.organisation, day)
    if row is None or row["first"] is None:
        raise NotFound(
            "No day has been kept yet.", errors={"as_of": "The first is kept within an hour."},
            code="day_not_kept",
        )  # fmt: skip
    if row["covers_from"] is None:
        raise NotFound(
            f"{day} was not kept; the first day that was is {row['first']}, the last {row['last']}.",
            errors={"as_of": f"Send a day from {row['first']} on; a missed day stays missed."},
            code="day_not_kept", first_day=row["first"].isoformat(),
            last_day=row["last"].isoformat(),
        )  # fmt: skip
    first, after = row["covers_from"], _ends(day)
    if period.starts_on < first or period.ends_on > after:
        raise Invalid(
            f"What was kept on {day} begins with {first} and ends before {after}.",
            errors={"period": f"Send a period from {first} on that is over by {after}."},
        )


def _ends(day: date) -> date:
    """The first day of which the figures of a kept day say nothing."""
    return plus_months(day.replace(day=1), AHEAD_MONTHS)
