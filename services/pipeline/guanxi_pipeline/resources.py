"""The allow-lists of pipeline, each in the folder of what it lists."""

from typing import Final

from guanxi_pipeline.assignment_rules.resources import ASSIGNMENT_RULES
from guanxi_pipeline.lead_forms.resources import LEAD_FORMS
from guanxi_pipeline.lead_settings.resources import LEAD_SETTINGS
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.opportunities.resources import METADATA, OPPORTUNITIES
from guanxi_pipeline.pipelines.resources import PIPELINES
from guanxi_pipeline.scorecards.resources import SCORECARDS
from guanxi_shared.fields.resource import fields_resource
from guanxi_shared.views.resource import views_resource

FIELDS: Final = fields_resource("pipeline", METADATA)
VIEWS: Final = views_resource("pipeline", METADATA)
LOGGED = (
    OPPORTUNITIES,
    PIPELINES,
    LEADS,
    LEAD_FORMS,
    LEAD_SETTINGS,
    SCORECARDS,
    ASSIGNMENT_RULES,
    FIELDS,
    VIEWS,
)
EXPORTED = (OPPORTUNITIES,)
VIEWED = {OPPORTUNITIES.name: OPPORTUNITIES}
