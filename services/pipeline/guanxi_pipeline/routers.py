"""Every route of the service. Of one beginning, paths without a parameter come before those with one."""

from typing import Final

from guanxi_pipeline.approval_rules.routes import router as approval_rules
from guanxi_pipeline.assignment_rules.routes import router as assignment_rules
from guanxi_pipeline.board.routes import router as board
from guanxi_pipeline.calls.routes import router as forecast_calls
from guanxi_pipeline.conversions.routes import router as conversions
from guanxi_pipeline.exports.routes import router as exports
from guanxi_pipeline.fields.routes import router as fields
from guanxi_pipeline.forecasts.routes import router as forecasts
from guanxi_pipeline.imports.routes import router as imports
from guanxi_pipeline.invoices.routes import router as invoices
from guanxi_pipeline.lead_duplicates.routes import router as lead_duplicates
from guanxi_pipeline.lead_forms.public import router as public_forms
from guanxi_pipeline.lead_forms.routes import router as lead_forms
from guanxi_pipeline.lead_pools.routes import router as lead_pools
from guanxi_pipeline.lead_settings.routes import router as lead_settings
from guanxi_pipeline.leads.routes import router as leads
from guanxi_pipeline.leads.verbs import router as lead_verbs
from guanxi_pipeline.opportunities.routes import router as opportunities
from guanxi_pipeline.orders.routes import router as orders
from guanxi_pipeline.payments.routes import router as payments
from guanxi_pipeline.pipelines.routes import router as pipelines
from guanxi_pipeline.price_books.entry_routes import router as price_book_entries
from guanxi_pipeline.price_books.routes import router as price_books
from guanxi_pipeline.privacy.routes import router as privacy
from guanxi_pipeline.products.routes import router as products
from guanxi_pipeline.purchases.routes import router as purchases
from guanxi_pipeline.quotas.routes import router as quotas
from guanxi_pipeline.quotes.public_routes import router as public_quotes
from guanxi_pipeline.quotes.routes import router as quotes
from guanxi_pipeline.quotes.verb_routes import router as quote_verbs
from guanxi_pipeline.rates.routes import router as exchange_rates
from guanxi_pipeline.scorecards.routes import router as scorecards
from guanxi_pipeline.stock.routes import router as stock_reports
from guanxi_pipeline.sync.routes import router as sync
from guanxi_pipeline.tax_classes.routes import router as tax_classes
from guanxi_pipeline.territories.routes import router as territories
from guanxi_pipeline.views.routes import router as views
from guanxi_pipeline.win_model.routes import router as win_model
from guanxi_shared.job_routes import jobs_router

LEADS: Final = (
    lead_settings, scorecards, assignment_rules, lead_forms, public_forms, lead_pools, conversions,
    lead_duplicates, privacy, lead_verbs, leads,
)  # fmt: skip
DEALS: Final = (board, pipelines, opportunities, win_model)
CATALOGUE: Final = (tax_classes, products, price_books, price_book_entries)
QUOTES: Final = (approval_rules, quotes, quote_verbs, public_quotes)
FORECASTS: Final = (territories, quotas, forecasts, forecast_calls)
ORDERS: Final = (exchange_rates, purchases, stock_reports, orders, invoices, payments)
DATA_WORK: Final = (exports, imports, fields, views, sync, jobs_router())
ROUTERS: Final = (*DATA_WORK, *LEADS, *DEALS, *CATALOGUE, *QUOTES, *ORDERS, *FORECASTS)
