"""What was forecast at the same point of finished periods, and what came of it: from the kept days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CTE, select

from guanxi_pipeline import models
from guanxi_pipeline.forecasts.period_rules import Period
from guanxi_shared import selects
from guanxi_shared.visibility import Scope, predicate

FIGURE = models.ForecastFigure.metadata.tables["forecast_figures"]

# For each finished period the kept day nearest to the wanted one, at most `reach` days off and in the
# period itself; and the newest kept day after its end that still holds all of it, for what came of it.
SOURCE = """
(SELECT jsonb_agg(to_jsonb(p)) FROM (
  SELECT w.first, f.day, a.day AS actual_day,
    (SELECT jsonb_object_agg(s.currency, s.sum) FROM (
      SELECT d.currency, sum(CASE WHEN d.category = 'closed' THEN d.amount ELSE d.weighted END)::text AS sum
      FROM kept_then AS d WHERE d.day = f.day AND d.month >= w.first AND d.month < w.after
        AND d.currency IS NOT NULL AND {wanted} GROUP BY 1) AS s) AS forecast,
    (SELECT jsonb_object_agg(s.currency, s.sum) FROM (
      SELECT d.currency, sum(d.amount)::text AS sum
      FROM kept_after AS d WHERE d.day = a.day AND d.month >= w.first AND d.month < w.after
        AND d.category = 'closed' AND d.currency IS NOT NULL AND {wanted} GROUP BY 1) AS s) AS actual
  FROM unnest(:firsts, :afters, :points, :reaches) AS w (first, after, point, reach)
  CROSS JOIN LATERAL (
    SELECT k.day FROM forecast_days k
    WHERE k.organisation_id = cast(:organisation AS uuid) AND k.day BETWEEN w.first AND w.after - 1
      AND k.day BETWEEN w.point - w.reach AND w.point + w.reach AND k.covers_from <= w.first
    ORDER BY abs(k.day - w.point), k.day LIMIT 1) AS f
  CROSS JOIN LATERAL (
    SELECT k.day FROM forecast_days k
    WHERE k.organisation_id = cast(:organisation AS uuid) AND k.day >= w.after AND k.day < :before
      AND k.covers_from <= w.first
    ORDER BY k.day DESC LIMIT 1) AS a) AS p)::text
"""


@dataclass(frozen=True, slots=True)
class Past:
    """`points` are the days of the finished periods that are meant; `before` is the day after which
    nothing was known yet."""

    scope: Scope
    periods: Sequence[Period]
    points: Sequence[date]
    before: date

    @property
    def is_wanted(self) -> bool:
        return bool(self.periods)

    def values(self) -> dict[str, Any]:
        return {
            "firsts": [p.starts_on for p in self.periods], "afters": [p.ends_on for p in self.periods],
            "points": list(self.points), "reaches": [reach_of(p) for p in self.periods],
            "before": self.before,
            **{f"past_{name}": value for name, value in self.scope.params().items()},
        }  # fmt: skip

    def tables(self) -> list[CTE]:
        """The figures that the caller sees, once for each use, so that each is read by its day."""
        return [self._seen(name) for name in ("kept_then", "kept_after")] if self.is_wanted else []

    def _seen(self, name: str) -> CTE:
        return (
            select(FIGURE, FIGURE.c.person_team_id.label("team"))
            .where(selects.of_organisation(FIGURE), predicate(FIGURE, self.scope, prefix="past"))
            .cte(name)
        )

    def source(self, wanted: str) -> str:
        return SOURCE.format(wanted=wanted) if self.is_wanted else "NULL::text"


def reach_of(period: Period) -> int:
    """How many days off a kept day may be and still stand for the wanted one: a thirtieth of the
    period, and one at least."""
    return max(1, period.days // 30)
