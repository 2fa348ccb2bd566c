"""The allow-lists of pipeline, each in the folder of what it lists."""

from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.pipelines.resources import PIPELINES
from guanxi_pipeline.rates.resources import EXCHANGE_RATES
from guanxi_pipeline.stock.resources import STOCK_REPORTS

LOGGED = (OPPORTUNITIES, PIPELINES, EXCHANGE_RATES, ORDERS, STOCK_REPORTS)
