"""The customer summaries of whoever's facts changed are summed anew, and no other's."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

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
SUMMED: Final = """
INSERT INTO customer_summaries (organisation_id, customer_id, currency, is_account, orders, days, quantity, bought,
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
  FROM sale_facts
  WHERE organisation_id = $1 AND customer_id = ANY($2::uuid[]) AND ended_at IS NULL
  GROUP BY customer_id, currency, valid_on
) AS days GROUP BY customer_id, currency
"""


async def renew_summaries(
    connection: Connection, organisation: UUID, customers: Collection[UUID]
) -> None:
    """The organisation being bound, in the transaction that changed their facts."""
    if not customers:
        return
    asked = sorted(customers)
    await connection.execute(GONE, organisation, asked)
    await connection.execute(SUMMED, organisation, asked)
    await connection.execute(UNSCORED, organisation, asked)
