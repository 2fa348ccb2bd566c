"""The allow-lists of pipeline, each in the folder of what it lists."""

from guanxi_pipeline.calls.resources import FORECASTS
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.pipelines.resources import PIPELINES
from guanxi_pipeline.quotas.resources import QUOTAS

LOGGED = (OPPORTUNITIES, PIPELINES, QUOTAS, FORECASTS)
