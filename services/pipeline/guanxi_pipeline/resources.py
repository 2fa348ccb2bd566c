"""The allow-lists of pipeline, each in the folder of what it lists."""

from typing import Final

from guanxi_pipeline.approval_rules.resources import APPROVAL_RULES
from guanxi_pipeline.assignment_rules.resources import ASSIGNMENT_RULES
from guanxi_pipeline.calls.resources import FORECASTS
from guanxi_pipeline.invoices.resources import INVOICES
from guanxi_pipeline.lead_forms.resources import LEAD_FORMS
from guanxi_pipeline.lead_settings.resources import LEAD_SETTINGS
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.opportunities.resources import METADATA, OPPORTUNITIES
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.payments.resources import PAYMENTS
from guanxi_pipeline.pipelines.resources import PIPELINES
from guanxi_pipeline.price_books.resources import PRICE_BOOKS
from guanxi_pipeline.products.resources import PRODUCTS
from guanxi_pipeline.quotas.resources import QUOTAS
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.rates.resources import EXCHANGE_RATES
from guanxi_pipeline.scorecards.resources import SCORECARDS
from guanxi_pipeline.stock.resources import STOCK_REPORTS
from guanxi_pipeline.tax_classes.resources import TAX_CLASSES
from guanxi_pipeline.territories.resources import TERRITORIES, TERRITORY_ACCOUNTS
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
    PRODUCTS,
    TAX_CLASSES,
    PRICE_BOOKS,
    QUOTES,
    EXCHANGE_RATES,
    ORDERS,
    STOCK_REPORTS,
    INVOICES,
    PAYMENTS,
    APPROVAL_RULES,
    QUOTAS,
    FORECASTS,
    TERRITORIES,
    TERRITORY_ACCOUNTS,
    FIELDS,
    VIEWS,
)
EXPORTED = (
    EXCHANGE_RATES,
    INVOICES,
    LEADS,
    OPPORTUNITIES,
    ORDERS,
    PAYMENTS,
    PRICE_BOOKS,
    PRODUCTS,
    QUOTAS,
    QUOTES,
    STOCK_REPORTS,
    TERRITORIES,
)
VIEWED = {resource.name: resource for resource in (OPPORTUNITIES, LEADS, QUOTES, ORDERS, PRODUCTS)}
