"""The rates that hold on a day, read in one statement: each currency's newest on or before it."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from guanxi_pipeline.rates.rules import Rate, Rates
from guanxi_shared.calls import Call
from guanxi_shared.db import Database

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
DIGITS = 12


async def rates_into(db: Database, organisation: UUID, target: str, on: date) -> Rates:
    rows = await db.fetch(organisation, NEWEST, organisation, target, on)
    known = {}
    for row in rows:
        rate: Decimal = row["rate"]
        if row["is_inverse"]:
            rate = (1 / rate).quantize(Decimal(1).scaleb(-DIGITS))
        known[row["other"]] = Rate(row["other"], rate, row["valid_on"], row["is_inverse"])
    return Rates(target, on, known)


async def own_currency(call: Call) -> str:
    """The organisation's, in which sums are shown when nobody says otherwise."""
    rows = await call.db.lookup(call.organisation, CURRENCY, call.organisation)
    return rows[0]["currency"] if rows else "CNY"
