"""The scorecard as a resource: one record for an organisation, in its log and feed."""

from dataclasses import replace
from typing import Final

from guanxi_pipeline import models
from guanxi_pipeline.scorecards.schemas import ScorecardRead
from guanxi_shared.resources import Resource, fields_of

TABLE: Final = models.LeadScorecard.metadata.tables["lead_scorecards"]
_fields = fields_of(TABLE)
SCORECARDS: Resource = Resource(
    name="lead_scorecards",
    noun="lead_scorecard",
    service="pipeline",
    table=TABLE,
    fields=_fields | {n: replace(_fields[n], key="key") for n in ("criteria", "questions")},
    is_owned=False,
    model=ScorecardRead,
)
