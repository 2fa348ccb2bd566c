"""The other models: what they are learnt from is read here, small enough to be handed over at once."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.fitting.leakage_rules import fields_sql, judged_fields
from guanxi_shared.db import Connection

HALF_A_YEAR: Final = 182
WEEK: Final = timedelta(days=7)
OWN: Final = "SELECT currency FROM directory_state WHERE organisation_id = $1"
# Of each customer and kind the last answer that is half a year old, and whether they bought in the half year after it.
LOYALTY: Final = """
SELECT a.kind, a.score, EXISTS (SELECT FROM sale_facts s WHERE s.organisation_id = $1 AND s.customer_id = a.account_id
  AND s.ended_at IS NULL AND s.kind = 'bought' AND s.valid_on > a.answered_on AND s.valid_on <= a.answered_on + $3::int)
  AS stayed
FROM (
  SELECT DISTINCT ON (account_id, kind) account_id, kind, score, answered_at::date AS answered_on FROM answer_facts
  WHERE organisation_id = $1 AND ended_at IS NULL AND account_id IS NOT NULL AND score IS NOT NULL
    AND kind IN ('csat', 'nps') AND answered_at::date <= $2::date - $3::int
  ORDER BY account_id, kind, answered_at DESC, subject_id
) AS a ORDER BY a.kind, a.account_id
"""
INDEX: Final = """
SELECT figures FROM answer_facts
WHERE organisation_id = $1 AND ended_at IS NULL AND kind = 'custom' AND answered_at < $2 AND figures LIKE '%"satisfaction\\_%'
ORDER BY answered_at, subject_id LIMIT 20000
"""
CUSTOMERS: Final = """
SELECT date_trunc('week', valid_on::timestamp)::date AS week, count(DISTINCT customer_id)::float8 AS n FROM sale_facts
WHERE organisation_id = $1 AND ended_at IS NULL AND kind = 'bought' AND customer_id IS NOT NULL AND valid_on < $2
GROUP BY week ORDER BY week
"""
REVENUE: Final = """
SELECT currency, date_trunc('week', valid_on::timestamp)::date AS week, sum(amount)::float8 AS amount FROM sale_facts
WHERE organisation_id = $1 AND ended_at IS NULL AND valid_on < $2 GROUP BY currency, week ORDER BY currency, week
"""
DEALS: Final = """
SELECT opened_on, (closed_at AT TIME ZONE $2)::date AS closed_on, status, coalesce(amount, 0)::float8 AS amount, currency,
  probability::float8 / 100 AS chance
FROM deal_facts WHERE organisation_id = $1 AND ended_at IS NULL AND opened_on <= $3 ORDER BY opened_on, subject_id
LIMIT 200000
"""
FIELDS: Final = fields_sql("deal_facts", "closed_at")


async def read_all(
    connection: Connection, organisation: UUID, until: date, zone: str
) -> dict[str, Any]:
    """As `together.learn` takes it. Weeks that have ended alone: part of one would look like a fall."""
    monday = until + timedelta(days=1) - timedelta(days=(until.weekday() + 1) % 7)
    midnight = datetime.combine(until + timedelta(days=1), time(), UTC)
    loyalty = await connection.fetch(LOYALTY, organisation, until, HALF_A_YEAR)
    index = await connection.fetch(INDEX, organisation, midnight)
    weeks = await connection.fetch(CUSTOMERS, organisation, monday)
    revenue: dict[str, list[tuple[int, float]]] = {}
    for row in await connection.fetch(REVENUE, organisation, monday):
        revenue.setdefault(row["currency"], []).append((row["week"].toordinal(), row["amount"]))
    deals = await connection.fetch(DEALS, organisation, zone, until)
    [fields] = await connection.fetch(FIELDS, organisation)  # sums: one row
    return {
        "until": until.toordinal(), "loyalty": [tuple(row) for row in loyalty],
        "index": [row["figures"] for row in index], "fields": judged_fields(dict(fields)),
        "customers": [(row["week"].toordinal(), row["n"]) for row in weeks], "revenue": revenue,
        "own": await connection.fetchval(OWN, organisation),
        "first": weeks[0]["week"].toordinal() if weeks else None, "last": (monday - WEEK).toordinal(),
        "deals": [
            (
                row["opened_on"].toordinal(), None if row["closed_on"] is None else row["closed_on"].toordinal(),
                row["status"], row["amount"], row["currency"], row["chance"],
            )
            for row in deals
        ],
    }  # fmt: skip
