"""The rates that hold on a day, read in one statement: each currency's newest on or before it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from guanxi_pipeline.rates.rules import Rate, Rates, rate_from, with_crossed
from guanxi_shared.calls import Call
from guanxi_shared.db import Database

# Of each day and target (the one asked for, and the organisation's own to go through) the newest rate of
# each other currency, kept as asked for or the other way round.
NEWEST = """
WITH own AS (SELECT coalesce((SELECT currency FROM directory_state WHERE organisation_id = $2), 'CNY') AS currency),
     wanted AS (SELECT DISTINCT day, target FROM unnest($4::date[]) AS day,
                LATERAL (SELECT $3::text AS target UNION SELECT currency FROM own) AS targets)
SELECT w.day, w.target, own.currency AS base, n.other, n.rate, n.valid_on, n.is_inverse
FROM wanted w CROSS JOIN own, LATERAL (
  SELECT DISTINCT ON (other) other, rate, valid_on, is_inverse FROM (
    SELECT currency AS other, rate, valid_on, false AS is_inverse FROM exchange_rates
     WHERE organisation_id = $2 AND base = w.target AND valid_on <= w.day AND deleted_at IS NULL
    UNION ALL SELECT base, rate, valid_on, true FROM exchange_rates
     WHERE organisation_id = $2 AND currency = w.target AND valid_on <= w.day AND deleted_at IS NULL) AS found
  ORDER BY other, valid_on DESC, is_inverse) AS n
"""
CURRENCY = "SELECT currency FROM directory_state WHERE organisation_id = $2"


async def rates_into(db: Database, organisation: UUID, target: str, on: date) -> Rates:
    return (await rates_on_days(db, organisation, target, [on]))[on]


async def rates_on_days(
    db: Database, organisation: UUID, target: str, days: Collection[date]
) -> dict[date, Rates]:
    """The rates into one currency as they hold on each of the days."""
    asked = sorted(set(days))
    rows = await db.fetch(organisation, NEWEST, organisation, target, asked)
    by_day: dict[date, list[Any]] = {day: [] for day in asked}
    for row in rows:
        by_day[row["day"]].append(row)
    return {day: Rates(target, day, _known(own, target)) for day, own in by_day.items()}


def _known(rows: Sequence[Mapping[str, Any]], target: str) -> dict[str, Rate]:
    into: dict[str, dict[str, Rate]] = {}
    for row in rows:
        rate = rate_from(row["other"], row["rate"], row["valid_on"], is_inverse=row["is_inverse"])
        into.setdefault(row["target"], {})[row["other"]] = rate
    if not rows:
        return {}
    base = rows[0]["base"]
    return with_crossed(into.get(target, {}), into.get(base, {}), base, target)


async def own_currency(call: Call) -> str:
    """The organisation's, in which sums are shown when nobody says otherwise."""
    rows = await call.db.lookup(call.organisation, CURRENCY, call.organisation)
    return rows[0]["currency"] if rows else "CNY"
