"""Recency, frequency and money of every customer, and their grade, from the summaries alone.

Fifths are those of `ntile(5)` over a total order, ties broken by the customer's id, so that any engine gives
the same: recency by the last purchase day, frequency by purchase days, money by the net amount; 5 is best.
Grades are by the share that a customer and all greater ones have of what everybody spent: A within 80 %, B
within 95 %, C beyond (and whoever brought nothing). Customers are compared within one currency only.
"""

from functools import partial
from typing import Final
from uuid import UUID

from guanxi_shared.db import Connection, Database
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule

CHANGED: Final = (
    "SELECT changes FROM customer_scorings WHERE organisation_id = $1 AND changes > scored"
)
# Last, as whoever writes sums counts them last: neither waits for the other with what the other waits for.
DONE: Final = "UPDATE customer_scorings SET scored = $2 WHERE organisation_id = $1"
GONE: Final = "DELETE FROM customer_scores WHERE organisation_id = $1"
# A million customers are sorted four times.
AT_HAND: Final = "SET LOCAL work_mem = '128MB'"
CURRENCIES: Final = """
SELECT DISTINCT currency FROM customer_summaries WHERE organisation_id = $1 AND last_on IS NOT NULL
"""
# One currency at a time: to sort by its name first, too, takes longer than all the rest. What is not needed further out is left
# further in, so that the rows that are sorted are small.
SCORED: Final = """
INSERT INTO customer_scores (organisation_id, customer_id, currency, recency, frequency, monetary, grade, last_on,
  scored_at)
WITH bought AS NOT MATERIALIZED (
  SELECT customer_id, last_on, days, amount FROM customer_summaries
  WHERE organisation_id = $1 AND currency = $2 AND last_on IS NOT NULL
), spent AS MATERIALIZED (SELECT sum(greatest(amount, 0)) AS whole FROM bought)
SELECT $1, customer_id, $2, ntile(5) OVER (ORDER BY last_on, customer_id) AS recency,
  ntile(5) OVER (ORDER BY days, customer_id) AS frequency, monetary, grade, last_on, now()
FROM (
  SELECT customer_id, last_on, days::integer AS days, ntile(5) OVER (ORDER BY amount, customer_id) AS monetary,
    CASE WHEN amount <= 0 THEN 'C' WHEN before < 0.8 * (SELECT whole FROM spent) THEN 'A'
      WHEN before < 0.95 * (SELECT whole FROM spent) THEN 'B' ELSE 'C' END AS grade
  FROM (
    SELECT *, coalesce(sum(greatest(amount, 0)) OVER (ORDER BY amount DESC, customer_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM bought
  ) AS ranked
) AS graded
"""


async def score_organisation(connection: Connection, organisation: UUID) -> None:
    """All of its customers anew, the organisation being bound."""
    await connection.execute(GONE, organisation)
    await connection.execute(AT_HAND)
    for row in await connection.fetch(CURRENCIES, organisation):
        await connection.execute(SCORED, organisation, row["currency"])


@schedule("* * * * *", name="score-customers")
async def score_customers(database: Database) -> None:
    """Of organisations whose summaries changed since."""
    await go_round(database, partial(_score, database), what="scoring customers")


async def _score(database: Database, organisation: UUID) -> None:
    """The count is read first: what comes after it is scored again."""
    async with database.transaction(organisation) as connection:
        changes = await connection.fetchval(CHANGED, organisation)
        if changes is not None:
            await score_organisation(connection, organisation)
            await connection.execute(DONE, organisation, changes)
