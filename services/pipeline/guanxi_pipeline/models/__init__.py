"""Every table of pipeline: the data dictionary, a file for each thing that is kept."""

from guanxi_pipeline.models.conversions import Conversion
from guanxi_pipeline.models.forecasts import ForecastCall, ForecastDay, ForecastFigure
from guanxi_pipeline.models.invoices import Invoice, InvoiceNumber, Payment
from guanxi_pipeline.models.lead_forms import LeadForm, LeadFormCount, LeadFormHit
from guanxi_pipeline.models.lead_ways import (
    AssignmentRule,
    AssignmentTurn,
    LeadScorecard,
    LeadSettings,
)
from guanxi_pipeline.models.leads import LEAD_SEARCH, Lead
from guanxi_pipeline.models.opportunities import OPPORTUNITY_SEARCH, Opportunity
from guanxi_pipeline.models.orders import (
    ORDER_SEARCH,
    Order,
    OrderLine,
    OrderNumber,
    OrderReturn,
    OrderReturnLine,
)
from guanxi_pipeline.models.pipelines import Pipeline, Stage
from guanxi_pipeline.models.privacy import Erasure
from guanxi_pipeline.models.products import (
    PRODUCT_SEARCH,
    PriceBook,
    PriceBookEntry,
    Product,
    TaxClass,
)
from guanxi_pipeline.models.quotas import Quota
from guanxi_pipeline.models.quotes import QUOTE_SEARCH, ApprovalRule, Quote, QuoteNumber
from guanxi_pipeline.models.rates import ExchangeRate
from guanxi_pipeline.models.references import KnownAccount, KnownContact, MergeFollow
from guanxi_pipeline.models.stock import StockReport
from guanxi_pipeline.models.territories import Territory, TerritoryAccount
from guanxi_pipeline.models.win_models import WinModel
from guanxi_shared.imports.tables import add_import_tables
from guanxi_shared.sync.tables import add_sync_table
from guanxi_shared.views.resource import add_views_table

add_import_tables(Opportunity.metadata)
add_sync_table(Opportunity.metadata)
add_views_table(Opportunity.metadata)

__all__ = [
    "LEAD_SEARCH",
    "OPPORTUNITY_SEARCH",
    "ORDER_SEARCH",
    "PRODUCT_SEARCH",
    "QUOTE_SEARCH",
    "ApprovalRule",
    "AssignmentRule",
    "AssignmentTurn",
    "Conversion",
    "Erasure",
    "ExchangeRate",
    "ForecastCall",
    "ForecastDay",
    "ForecastFigure",
    "Invoice",
    "InvoiceNumber",
    "KnownAccount",
    "KnownContact",
    "Lead",
    "LeadForm",
    "LeadFormCount",
    "LeadFormHit",
    "LeadScorecard",
    "LeadSettings",
    "MergeFollow",
    "Opportunity",
    "Order",
    "OrderLine",
    "OrderNumber",
    "OrderReturn",
    "OrderReturnLine",
    "Payment",
    "Pipeline",
    "PriceBook",
    "PriceBookEntry",
    "Product",
    "Quota",
    "Quote",
    "QuoteNumber",
    "Stage",
    "StockReport",
    "TaxClass",
    "Territory",
    "TerritoryAccount",
    "WinModel",
]
