"""Where each customer stands: what they bring by what they may bring, four quadrants and "uncertain".

Present value is what was bought in the year until the fit, net of what came back; potential is the value that the model
expects within its horizon. Both are cut at the upper third of the customers of the currency. A potential whose interval
has the cut inside it says nothing about the side that it is on: that is "uncertain", whatever the present.

| | potential below | above the cut |
|---|---|---|
| present above | harvest | protect |
| below the cut | maintain | grow |
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.jobs import to_json

CUT: Final = 2 / 3
YEAR: Final = timedelta(days=365)
PRESENT: Final = """
SELECT customer_id, currency, sum(amount) AS amount FROM sale_facts
WHERE organisation_id = $1 AND ended_at IS NULL AND valid_on > $2 AND valid_on <= $3 AND customer_id IS NOT NULL
GROUP BY customer_id, currency
"""
CUTS: Final = """
SELECT percentile_disc($3) WITHIN GROUP (ORDER BY present) AS present,
  percentile_disc($3) WITHIN GROUP (ORDER BY value) AS potential
FROM customer_outlooks WHERE organisation_id = $1 AND currency = $2 AND value IS NOT NULL
"""
PLACED: Final = """
UPDATE customer_outlooks SET quadrant = CASE
  WHEN value_low < $4 AND value_high >= $4 THEN 'uncertain'
  WHEN value >= $4 THEN CASE WHEN present >= $3 THEN 'protect' ELSE 'grow' END
  ELSE CASE WHEN present >= $3 THEN 'harvest' ELSE 'maintain' END END
WHERE organisation_id = $1 AND currency = $2 AND value IS NOT NULL
"""
# The one before is looked up customer by customer: just after a fit nothing is known of these tables' sizes.
MOVED: Final = """
INSERT INTO quadrant_moves (organisation_id, customer_id, currency, model_id, before, quadrant)
SELECT $1, o.customer_id, $2, $3, b.quadrant, o.quadrant
FROM customer_outlooks o
LEFT JOIN LATERAL (SELECT m.quadrant FROM quadrant_moves m WHERE m.organisation_id = $1
  AND m.customer_id = o.customer_id AND m.currency = $2 ORDER BY m.moved_at DESC LIMIT 1) AS b ON true
WHERE o.organisation_id = $1 AND o.currency = $2 AND o.quadrant IS NOT NULL AND o.quadrant IS DISTINCT FROM b.quadrant
"""
CUTS_KEPT: Final = """
UPDATE fitted_models SET settings = settings || jsonb_build_object('cuts',
  coalesce(settings->'cuts', '{}') || $3::text::jsonb) WHERE organisation_id = $1 AND id = $2
"""


async def present_values(
    connection: Connection, organisation: UUID, until: date
) -> dict[tuple[UUID, str], Decimal]:
    """By customer and currency. Read as a whole and written with the outlooks: looked up row by row, just after a
    first load, it goes by whatever index Postgres guesses."""
    rows = await connection.fetch(PRESENT, organisation, until - YEAR, until)
    return {(row["customer_id"], row["currency"]): row["amount"] for row in rows}


async def place(connection: Connection, organisation: UUID, currency: str, model_id: UUID) -> None:
    """The outlooks of a currency, once written: their quadrant, and who moved."""
    of = (organisation, currency)
    cuts = await connection.fetchrow(CUTS, *of, CUT)
    if cuts is None or cuts["potential"] is None:
        return
    await connection.execute(PLACED, *of, cuts["present"], cuts["potential"])
    await connection.execute(MOVED, *of, model_id)
    kept = {name: f"{cuts[name]:f}" for name in ("present", "potential")}
    await connection.execute(CUTS_KEPT, organisation, model_id, to_json({currency: kept}))
