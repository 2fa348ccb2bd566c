"""The allow-list of assignment rules."""

from dataclasses import replace
from typing import Final

from guanxi_pipeline import models
from guanxi_pipeline.assignment_rules.schemas import AssignmentRuleRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of

TABLE: Final = models.AssignmentRule.metadata.tables["lead_assignment_rules"]
_fields = fields_of(TABLE)
ASSIGNMENT_RULES: Resource = Resource(
    name="lead_assignment_rules",
    noun="lead_assignment_rule",
    service="pipeline",
    table=TABLE,
    fields=_fields
    | {
        "action": replace(_fields["action"], kind=r.OBJECT),
        "filter_groups": replace(_fields["filter_groups"], is_filtered=False),
    },
    is_owned=False,
    model=AssignmentRuleRead,
)
