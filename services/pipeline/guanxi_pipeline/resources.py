"""The allow-lists of pipeline, each in the folder of what it lists."""

from typing import Final

from guanxi_pipeline.opportunities.resources import METADATA, OPPORTUNITIES
from guanxi_pipeline.pipelines.resources import PIPELINES
from guanxi_shared.fields.resource import fields_resource
from guanxi_shared.views.resource import views_resource

FIELDS: Final = fields_resource("pipeline", METADATA)
VIEWS: Final = views_resource("pipeline", METADATA)
LOGGED = (OPPORTUNITIES, PIPELINES, FIELDS, VIEWS)
EXPORTED = (OPPORTUNITIES,)
VIEWED = {OPPORTUNITIES.name: OPPORTUNITIES}
