"""Every table of pipeline: the data dictionary, a file for each thing that is kept."""

from guanxi_pipeline.models.opportunities import OPPORTUNITY_SEARCH, Opportunity
from guanxi_pipeline.models.pipelines import Pipeline, Stage
from guanxi_pipeline.models.products import (
    PRODUCT_SEARCH,
    PriceBook,
    PriceBookEntry,
    Product,
    TaxClass,
)
from guanxi_pipeline.models.quotes import QUOTE_SEARCH, ApprovalRule, Quote, QuoteNumber
from guanxi_pipeline.models.rates import ExchangeRate
from guanxi_pipeline.models.references import KnownAccount, KnownContact, MergeFollow

__all__ = [
    "OPPORTUNITY_SEARCH",
    "PRODUCT_SEARCH",
    "QUOTE_SEARCH",
    "ApprovalRule",
    "ExchangeRate",
    "KnownAccount",
    "KnownContact",
    "MergeFollow",
    "Opportunity",
    "Pipeline",
    "PriceBook",
    "PriceBookEntry",
    "Product",
    "Quote",
    "QuoteNumber",
    "Stage",
    "TaxClass",
]
