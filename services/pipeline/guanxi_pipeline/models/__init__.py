"""Every table of pipeline: the data dictionary, a file for each thing that is kept."""

from guanxi_pipeline.models.opportunities import OPPORTUNITY_SEARCH, Opportunity
from guanxi_pipeline.models.orders import (
    Order,
    OrderLine,
    OrderNumber,
    OrderReturn,
    OrderReturnLine,
)
from guanxi_pipeline.models.pipelines import Pipeline, Stage
from guanxi_pipeline.models.rates import ExchangeRate
from guanxi_pipeline.models.references import KnownAccount, KnownContact, MergeFollow
from guanxi_pipeline.models.stock import StockReport

__all__ = [
    "OPPORTUNITY_SEARCH",
    "ExchangeRate",
    "KnownAccount",
    "KnownContact",
    "MergeFollow",
    "Opportunity",
    "Order",
    "OrderLine",
    "OrderNumber",
    "OrderReturn",
    "OrderReturnLine",
    "Pipeline",
    "Stage",
    "StockReport",
]
