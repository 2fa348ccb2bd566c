"""The rates that hold on a day, read in one statement: each currency's newest on or before it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Table,
    Text,
    TextClause,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    text,
)

from guanxi_pipeline import models
from guanxi_pipeline.rates.rules import Rate, Rates, rate_from, with_crossed
from guanxi_shared.calls import Call
from guanxi_shared.db import Database
from guanxi_shared.selects import of_organisation

UNSAID: Final = "CNY"
STATE: Final[Table] = models.ExchangeRate.metadata.tables["directory_state"]
# Of each day and target (the one asked for, and the organisation's own to go through) the newest rate of
# each other currency, kept as asked for or the other way round.
NEWEST: Final = """
WITH own AS (SELECT coalesce((SELECT currency FROM directory_state WHERE organisation_id = {organisation}), 'CNY')
             AS currency),
     wanted AS (SELECT DISTINCT day, target FROM unnest({days}) AS day, LATERAL (
                SELECT coalesce({target}, own.currency) AS target FROM own UNION SELECT currency FROM own) AS targets)
SELECT w.day, w.target, own.currency AS base, n.other, n.rate::text AS rate, n.valid_on, n.is_inverse
FROM wanted w CROSS JOIN own, LATERAL (
  SELECT DISTINCT ON (other) other, rate, valid_on, is_inverse FROM (
    SELECT currency AS other, rate, valid_on, false AS is_inverse FROM exchange_rates
     WHERE organisation_id = {organisation} AND base = w.target AND valid_on <= w.day AND deleted_at IS NULL
    UNION ALL SELECT base, rate, valid_on, true FROM exchange_rates
     WHERE organisation_id = {organisation} AND currency = w.target AND valid_on <= w.day AND deleted_at IS NULL)
     AS found
  ORDER BY other, valid_on DESC, is_inverse) AS n
"""
ALONE: Final = NEWEST.format(organisation="$2", target="$3::text", days="$4::date[]")
BESIDE: Final = NEWEST.format(
    organisation=":organisation", target=":target", days="ARRAY[:rate_on]"
)
CURRENCY: Final = "SELECT currency FROM directory_state WHERE organisation_id = $2"


async def rates_into(db: Database, organisation: UUID, target: str, on: date) -> Rates:
    return (await rates_on_days(db, organisation, target, [on]))[on]


async def rates_on_days(
    db: Database, organisation: UUID, target: str, days: Collection[date]
) -> dict[date, Rates]:
    """The rates into one currency as they hold on each of the days."""
    asked = sorted(set(days))
    rows = await db.fetch(organisation, ALONE, organisation, target, asked)
    by_day: dict[date, list[Any]] = {day: [] for day in asked}
    for row in rows:
        by_day[row["day"]].append(row)
    return {day: rates_of(own, target, day) for day, own in by_day.items()}


def rates_of(rows: Sequence[Mapping[str, Any]], target: str, on: date) -> Rates:
    """From the rows of NEWEST of one day, or the same as JSON."""
    into: dict[str, dict[str, Rate]] = {}
    for row in rows:
        valid_on = date.fromisoformat(str(row["valid_on"]))
        rate = rate_from(row["other"], Decimal(row["rate"]), valid_on, is_inverse=row["is_inverse"])
        into.setdefault(row["target"], {})[row["other"]] = rate
    base = rows[0]["base"] if rows else target
    return Rates(target, on, with_crossed(into.get(target, {}), into.get(base, {}), base, target))


def target_currency() -> ColumnElement[Any]:
    """Of a statement with the parameters `organisation` and `target`: the currency that is wanted, else the
    organisation's own."""
    own: Select[Any] = select(STATE.c.currency).where(of_organisation(STATE))
    wanted = bindparam("target", type_=Text)
    return func.coalesce(wanted, own.scalar_subquery(), literal_column(f"'{UNSAID}'"))


def rates_beside() -> TextClause:
    """A column `rates` of such a statement: the rows of NEWEST on `rate_on`, as JSON."""
    listed = text(f"(SELECT jsonb_agg(to_jsonb(newest)) FROM ({BESIDE}) AS newest) AS rates")
    return listed.bindparams(
        bindparam("organisation", type_=Uuid), bindparam("target", type_=Text),
        bindparam("rate_on", type_=Date),
    )  # fmt: skip


async def own_currency(call: Call) -> str:
    """The organisation's, in which sums are shown when nobody says otherwise."""
    rows = await call.db.lookup(call.organisation, CURRENCY, call.organisation)
    return rows[0]["currency"] if rows else UNSAID
