"""The allow-list of stock reports; who may read and write orders may so with them."""

from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.stock.schemas import StockReportRead
from guanxi_shared.resources import Resource, fields_of

STOCK_REPORT: Final[Table] = models.StockReport.metadata.tables["stock_reports"]
STOCK_REPORTS: Resource = Resource(
    name="stock-reports",
    noun="stock_report",
    service="pipeline",
    table=STOCK_REPORT,
    fields=fields_of(STOCK_REPORT, hidden=("product_key", "reporter_id")),
    model=StockReportRead,
    permitted_as="orders",
    path="/v1/orders/stock-reports",
)
