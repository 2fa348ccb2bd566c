"""The allow-list of approval rules."""

from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.approval_rules.schemas import ApprovalRuleRead
from guanxi_shared.resources import Resource, fields_of

APPROVAL_RULE: Final[Table] = models.ApprovalRule.metadata.tables["approval_rules"]
APPROVAL_RULES: Resource = Resource(
    name="approval_rules",
    noun="approval_rule",
    service="pipeline",
    table=APPROVAL_RULE,
    fields=fields_of(APPROVAL_RULE, money=("total_from",)),
    is_owned=False,
    model=ApprovalRuleRead,
)
