"""How webhooks fare, in figures: of all organisations together, as their turns keep it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from guanxi_shared.db import Connection

# Seconds of a try; the last count is of all that took longer.
BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OUTCOMES: Final = ("delivered", "failed", "dropped")
NOTHING: Final = [0] * (len(BUCKETS) + 1)
COUNT = """
UPDATE webhook_turns SET delivered_count = delivered_count + $3, failed_count = failed_count + $4,
  dropped_count = dropped_count + $5, tried_seconds = tried_seconds + $6,
  tried_buckets = ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0)
    FROM unnest(tried_buckets, $7::bigint[]) WITH ORDINALITY AS each (a, b, n) ORDER BY n)
WHERE organisation_id = $1 AND webhook_id = $2
"""
# By the roster policy: ids, places and times of every organisation's endpoints.
FIGURES = """
SELECT coalesce(sum(delivered_count), 0)::float8 AS delivered, coalesce(sum(failed_count), 0)::float8 AS failed,
  coalesce(sum(dropped_count), 0)::float8 AS dropped, coalesce(sum(tried_seconds), 0)::float8 AS seconds,
  coalesce(extract(epoch FROM clock_timestamp() - min(waiting_since) FILTER (WHERE next_at IS NOT NULL)), 0)::float8
    AS oldest,
  ARRAY(SELECT sum(b)::bigint FROM webhook_turns, unnest(tried_buckets) WITH ORDINALITY AS each (b, n)
    GROUP BY n ORDER BY n) AS buckets
FROM webhook_turns
"""


def bucket_counts(durations_ms: Sequence[int]) -> list[int]:
    """How many of the tries fell into each bucket, each in one."""
    found = list(NOTHING)
    for duration in durations_ms:
        place = next((n for n, most in enumerate(BUCKETS) if duration <= most * 1000), -1)
        found[place] += 1
    return found


async def read_figures(connection: Connection) -> list[Metric]:
    row = await connection.fetchrow(FIGURES)
    assert row is not None
    return families(dict(row))


def families(row: Mapping[str, Any]) -> list[Metric]:
    """As Prometheus reads them: buckets count what is below, too."""
    outcomes = CounterMetricFamily(
        "webhook_deliveries", "Deliveries that came to an end, by outcome", labels=["outcome"]
    )
    for outcome in OUTCOMES:
        outcomes.add_metric([outcome], row[outcome])
    oldest = GaugeMetricFamily(
        "webhook_oldest_waiting_seconds", "Age of the oldest delivery that waits, for an endpoint that is on"
    )  # fmt: skip
    oldest.add_metric([], max(row["oldest"], 0.0))
    tries = HistogramMetricFamily("webhook_attempt_seconds", "How long receivers took to answer")
    counts, below, sums = row["buckets"] or NOTHING, 0, []
    for most, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
        below += count
        sums.append((most, float(below)))
    tries.add_metric([], sums, row["seconds"])
    return [outcomes, oldest, tries]
