"""The rates that hold on a day, read in one statement: each currency's newest on or before it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Lateral,
    Select,
    Table,
    func,
    literal_column,
    select,
    union_all,
)

from guanxi_pipeline import models
from guanxi_pipeline.rates.rules import Rate, Rates, inverse
from guanxi_shared.calls import Call
from guanxi_shared.db import Database
from guanxi_shared.selects import of_organisation

# Kept as asked for, or the other way round; of the two the newer one counts.
NEWEST = """
SELECT DISTINCT ON (other) other, rate, valid_on, is_inverse FROM (
  SELECT currency AS other, rate, valid_on, false AS is_inverse FROM exchange_rates
   WHERE organisation_id = $2 AND base = $3 AND valid_on <= $4 AND deleted_at IS NULL
  UNION ALL SELECT base, rate, valid_on, true FROM exchange_rates
   WHERE organisation_id = $2 AND currency = $3 AND valid_on <= $4 AND deleted_at IS NULL) AS found
ORDER BY other, valid_on DESC, is_inverse
"""
CURRENCY = "SELECT currency FROM directory_state WHERE organisation_id = $2"
UNSAID = "CNY"
RATE: Final[Table] = models.ExchangeRate.metadata.tables["exchange_rates"]
STATE: Final[Table] = models.ExchangeRate.metadata.tables["directory_state"]


async def rates_into(db: Database, organisation: UUID, target: str, on: date) -> Rates:
    rows = await db.fetch(organisation, NEWEST, organisation, target, on)
    known = {row["other"]: rate_of({**row, "currency": row["other"]}) for row in rows}
    return Rates(target, on, known)


def rate_of(row: Mapping[str, Any]) -> Rate:
    rate: Decimal = inverse(row["rate"]) if row["is_inverse"] else row["rate"]
    return Rate(row["currency"], rate, row["valid_on"], row["is_inverse"])


def target_currency(wanted: ColumnElement[Any]) -> Select[Any]:
    """One row: the currency that is wanted, else the organisation's own."""
    own = select(STATE.c.currency).where(of_organisation(STATE)).scalar_subquery()
    return select(func.coalesce(wanted, own, literal_column(f"'{UNSAID}'")).label("target"))


def newest_rate(
    currency: ColumnElement[Any], target: ColumnElement[Any], on: ColumnElement[Any]
) -> Lateral:
    """The rate of NEWEST for one currency, to be joined to a row that names both."""
    outer = (currency.table, target.table)  # type: ignore[attr-defined]

    def kept(one: Column[Any], other: Column[Any], is_inverse: bool) -> Select[Any]:
        return select(
            RATE.c.rate, RATE.c.valid_on, literal_column(str(is_inverse)).label("is_inverse")
        ).where(
            of_organisation(RATE), one == currency, other == target, RATE.c.valid_on <= on,
            RATE.c.deleted_at.is_(None),
        ).correlate(*outer)  # fmt: skip

    found = union_all(
        kept(RATE.c.currency, RATE.c.base, False), kept(RATE.c.base, RATE.c.currency, True)
    )
    newest = found.order_by(literal_column("valid_on").desc(), literal_column("is_inverse")).limit(
        1
    )
    return newest.lateral("newest")


async def own_currency(call: Call) -> str:
    """The organisation's, in which sums are shown when nobody says otherwise."""
    rows = await call.db.lookup(call.organisation, CURRENCY, call.organisation)
    return rows[0]["currency"] if rows else UNSAID
