"""What of pipeline can be imported, a file of this folder for each, and the job that does it."""

from typing import Final

from guanxi_pipeline.imports.lead_rows import LEAD_IMPORT
from guanxi_pipeline.imports.opportunity_rows import OPPORTUNITY_IMPORT
from guanxi_pipeline.imports.order_rows import ORDER_IMPORT
from guanxi_pipeline.imports.price_rows import PRICE_IMPORT
from guanxi_pipeline.imports.product_rows import PRODUCT_IMPORT
from guanxi_pipeline.imports.quota_rows import QUOTA_IMPORT
from guanxi_pipeline.imports.quote_rows import QUOTE_IMPORT
from guanxi_pipeline.imports.rate_rows import RATE_IMPORT
from guanxi_pipeline.imports.stock_rows import STOCK_IMPORT
from guanxi_pipeline.settings import settings
from guanxi_shared.imports.importable import Importing
from guanxi_shared.imports.taking import take_file
from guanxi_shared.running_jobs import RunningJob

IMPORTED: Final[Importing] = {
    each.resource.name: each
    for each in (
        LEAD_IMPORT,
        OPPORTUNITY_IMPORT,
        ORDER_IMPORT,
        PRICE_IMPORT,
        PRODUCT_IMPORT,
        QUOTA_IMPORT,
        QUOTE_IMPORT,
        RATE_IMPORT,
        STOCK_IMPORT,
    )
}


async def take_import(job: RunningJob) -> None:
    await take_file(job, IMPORTED, settings())
