"""Every table of pipeline: the data dictionary, a file for each thing that is kept."""

from guanxi_pipeline.models.forecasts import ForecastCall, ForecastDay, ForecastFigure
from guanxi_pipeline.models.opportunities import OPPORTUNITY_SEARCH, Opportunity
from guanxi_pipeline.models.pipelines import Pipeline, Stage
from guanxi_pipeline.models.quotas import Quota
from guanxi_pipeline.models.rates import ExchangeRate
from guanxi_pipeline.models.references import KnownAccount, KnownContact, MergeFollow

__all__ = [
    "OPPORTUNITY_SEARCH",
    "ExchangeRate",
    "ForecastCall",
    "ForecastDay",
    "ForecastFigure",
    "KnownAccount",
    "KnownContact",
    "MergeFollow",
    "Opportunity",
    "Pipeline",
    "Quota",
    "Stage",
]
