"""The customer summaries of whoever's facts changed, and no other's: they grow by what is new where that is enough, else
they are summed anew."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from guanxi_analytics.facts.kinds import SALES
from guanxi_analytics.facts.sale_rules import customers_of
from guanxi_analytics.facts.walking_rules import Walked
from guanxi_analytics.summaries.adding_rules import growing
from guanxi_shared.db import Connection

GONE: Final = """
DELETE FROM customer_summaries WHERE organisation_id = $1 AND customer_id = ANY($2::uuid[])
"""
# Who bought nothing any more is among nobody's fifths; the others' are made anew by the worker.
UNSCORED: Final = """
DELETE FROM customer_scores s WHERE s.organisation_id = $1 AND s.customer_id = ANY($2::uuid[])
  AND NOT EXISTS (SELECT FROM customer_summaries c WHERE c.organisation_id = $1 AND c.customer_id = s.customer_id
    AND c.currency = s.currency AND c.last_on IS NOT NULL)
"""
SUMS: Final = """
INSERT INTO customer_summaries AS s (organisation_id, customer_id, currency, is_account, orders, days, quantity, bought,
  day_squares, first_day, amount, cost, costed, is_costed, first_on, last_on)
SELECT $1, customer_id, currency, bool_or(is_account), sum(orders), count(*) FILTER (WHERE orders > 0), sum(quantity),
  sum(bought), sum(bought * bought), coalesce((array_agg(bought ORDER BY valid_on) FILTER (WHERE orders > 0))[1], 0),
  sum(amount), sum(cost), sum(costed), bool_and(is_costed), min(valid_on) FILTER (WHERE orders > 0),
  max(valid_on) FILTER (WHERE orders > 0)
FROM (
  SELECT customer_id, currency, valid_on, bool_or(account_id IS NOT NULL) AS is_account,
    count(DISTINCT subject_id) FILTER (WHERE kind = 'bought') AS orders, sum(quantity) AS quantity,
    coalesce(sum(amount) FILTER (WHERE kind = 'bought'), 0) AS bought, sum(amount) AS amount,
    coalesce(sum(cost), 0) AS cost, coalesce(sum(amount) FILTER (WHERE cost IS NOT NULL), 0) AS costed,
    bool_and(cost IS NOT NULL) AS is_costed
  FROM {rows} GROUP BY customer_id, currency, valid_on
) AS days GROUP BY customer_id, currency
"""
KNOWN: Final = (
    "sale_facts WHERE organisation_id = $1 AND customer_id = ANY($2::uuid[]) AND ended_at IS NULL"
)
SUMMED: Final = SUMS.format(rows=KNOWN)
GROWING: Final = f"${len(SALES.written) + 2}"
# New lines are written, and added to the sums of these customers.
ADDED: Final = f"""
WITH begun AS ({SALES.begin_sql} RETURNING subject_id, customer_id, currency, valid_on, account_id, kind, quantity, amount, cost,
  ended_at)
{SUMS.format(rows=f"begun WHERE customer_id = ANY({GROWING}::uuid[]) AND ended_at IS NULL")}
ON CONFLICT (organisation_id, customer_id, currency) DO UPDATE SET is_account = s.is_account OR excluded.is_account,
  orders = s.orders + excluded.orders, days = s.days + excluded.days, quantity = s.quantity + excluded.quantity,
  bought = s.bought + excluded.bought, day_squares = s.day_squares + excluded.day_squares,
  first_day = CASE WHEN s.first_on IS NULL THEN excluded.first_day ELSE s.first_day END,
  amount = s.amount + excluded.amount, cost = s.cost + excluded.cost, costed = s.costed + excluded.costed,
  is_costed = s.is_costed AND excluded.is_costed, first_on = coalesce(s.first_on, excluded.first_on),
  last_on = greatest(s.last_on, excluded.last_on), updated_at = clock_timestamp()
"""
COUNT: Final = """
INSERT INTO customer_scorings AS s (organisation_id) VALUES ($1)
ON CONFLICT (organisation_id) DO UPDATE SET changes = s.changes + 1
"""
LAST: Final = """
SELECT customer_id, currency, last_on FROM customer_summaries
WHERE organisation_id = $1 AND customer_id = ANY($2::uuid[]) AND last_on IS NOT NULL
"""


async def addable(connection: Connection, organisation: UUID, walked: Walked) -> set[UUID]:
    """Customers whose sums grow by what began."""
    asked = list(customers_of(walked.begun))
    rows = await connection.fetch(LAST, organisation, asked) if asked else ()
    last = {(row["customer_id"], row["currency"]): row["last_on"] for row in rows}
    return growing(walked.begun, walked.was, last)


async def renew_summaries(
    connection: Connection, organisation: UUID, walked: Walked, *, but: Collection[UUID]
) -> None:
    """Anew, of whom something began or ended, in the transaction that changed their facts."""
    asked = sorted((customers_of(walked.begun) | customers_of(walked.was)).difference(but))
    if asked:
        for sql in (GONE, SUMMED, UNSCORED):
            await connection.execute(sql, organisation, asked)


async def count_sums(connection: Connection, organisation: UUID) -> None:
    """They changed: customers are to be scored anew (`score_customers`)."""
    await connection.execute(COUNT, organisation)
