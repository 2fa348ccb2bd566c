"""The tables of analytics: facts as they were and as they were known, and what is kept ready of them."""

from guanxi_analytics.models.activities import ActivityFact
from guanxi_analytics.models.complaint_facts import (
    ComplaintFact,
    CorrectiveActionFact,
    RootCauseFact,
)
from guanxi_analytics.models.facts import (
    AccountFact,
    AnswerFact,
    CampaignFact,
    CampaignMemberFact,
    ContractFact,
    DealFact,
    SaleFact,
    SaleReturn,
    TicketFact,
)
from guanxi_analytics.models.fitted import CustomerOutlook, FittedModel, QuadrantMove
from guanxi_analytics.models.invoices import InvoiceFact
from guanxi_analytics.models.product_facts import ProductFact
from guanxi_analytics.models.products import ProductRetention, ProductRule
from guanxi_analytics.models.quotas import QuotaFact
from guanxi_analytics.models.reports import FactMark, Report, ReportResult
from guanxi_analytics.models.schedules import ReportLetter, ReportSchedule
from guanxi_analytics.models.scores import CustomerScore, CustomerScoring
from guanxi_analytics.models.segments import SegmentFact, SegmentMemberFact
from guanxi_analytics.models.snapshots import FactSnapshot
from guanxi_analytics.models.stock import StockFact
from guanxi_analytics.models.summaries import CustomerSummary
from guanxi_analytics.models.territories import TerritoryAccountFact, TerritoryFact

__all__ = [
    "AccountFact",
    "ActivityFact",
    "AnswerFact",
    "CampaignFact",
    "CampaignMemberFact",
    "ComplaintFact",
    "ContractFact",
    "CorrectiveActionFact",
    "CustomerOutlook",
    "CustomerScore",
    "CustomerScoring",
    "CustomerSummary",
    "DealFact",
    "FactMark",
    "FactSnapshot",
    "FittedModel",
    "InvoiceFact",
    "ProductFact",
    "ProductRetention",
    "ProductRule",
    "QuadrantMove",
    "QuotaFact",
    "Report",
    "ReportLetter",
    "ReportResult",
    "ReportSchedule",
    "RootCauseFact",
    "SaleFact",
    "SaleReturn",
    "SegmentFact",
    "SegmentMemberFact",
    "StockFact",
    "TerritoryAccountFact",
    "TerritoryFact",
    "TicketFact",
]
