"""How an organisation works its leads, as every write of one needs it, read once a second."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.calls import House
from guanxi_shared.db import Database
from guanxi_shared.remembered import Remembered, remembered

SELECT = """
SELECT s.first_response_minutes, s.disqualify_reasons, coalesce(s.is_reason_free, true) AS is_reason_free,
  s.max_claimed, coalesce(s.is_common_pool_open, false) AS is_common_pool_open, d.time_zone,
  coalesce(c.version, 0) AS scorecard_version, c.criteria::text, c.questions::text,
  (SELECT jsonb_agg(jsonb_build_object('id', r.id, 'name', r.name, 'filter_groups', r.filter_groups,
     'action', r.action) ORDER BY r.position, r.id) FROM lead_assignment_rules r
   WHERE r.organisation_id = $2 AND r.deleted_at IS NULL AND r.is_active)::text AS rules
FROM (SELECT 1) AS one
LEFT JOIN lead_settings s ON s.organisation_id = $2 AND s.id = $2
LEFT JOIN lead_scorecards c ON c.organisation_id = $2 AND c.id = $2
LEFT JOIN directory_state d ON d.organisation_id = $2
"""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """`version` 0: the organisation has none."""

    version: int
    criteria: tuple[Mapping[str, Any], ...]
    questions: tuple[Mapping[str, Any], ...]

    @property
    def is_empty(self) -> bool:
        return not self.criteria and not self.questions


@dataclass(frozen=True, slots=True)
class LeadWays:
    """Settings, scorecard and the assignment rules that are in use, in their order."""

    first_response_minutes: int | None
    disqualify_reasons: tuple[str, ...]
    is_reason_free: bool
    max_claimed: int | None
    is_common_pool_open: bool
    time_zone: str
    scorecard: Scorecard
    rules: tuple[Mapping[str, Any], ...]


def ways_of(house: House) -> Remembered[LeadWays]:
    return remembered(house, "lead_ways", read_ways)


async def read_ways(db: Database, organisation: UUID) -> LeadWays:
    rows = await db.lookup(organisation, SELECT, organisation)
    return _ways(dict(rows[0]))


def _ways(row: Mapping[str, Any]) -> LeadWays:
    return LeadWays(
        first_response_minutes=row["first_response_minutes"],
        disqualify_reasons=tuple(row["disqualify_reasons"] or ()),
        is_reason_free=row["is_reason_free"],
        max_claimed=row["max_claimed"],
        is_common_pool_open=row["is_common_pool_open"],
        time_zone=row["time_zone"] or "UTC",
        scorecard=Scorecard(
            row["scorecard_version"],
            tuple(orjson.loads(row["criteria"] or "[]")),
            tuple(orjson.loads(row["questions"] or "[]")),
        ),
        rules=tuple(orjson.loads(row["rules"] or "[]")),
    )
