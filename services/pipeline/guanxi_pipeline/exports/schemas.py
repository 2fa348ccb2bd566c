"""Which records of pipeline can be exported."""

from typing import Literal

from pydantic import ConfigDict

from guanxi_shared.exports.schemas import NewExport


class ExportRequest(NewExport):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "resource": "opportunities",
                "format": "xlsx",
                "document": {"filter_groups": [{"filters": [{"field": "status", "operator": "eq", "value": "open"}]}]},
                "fields": ["name", "account_id", "amount", "close_on"],
            }
        },
    )  # fmt: skip

    resource: Literal[
        "exchange-rates",
        "invoices",
        "leads",
        "opportunities",
        "orders",
        "payments",
        "price-books",
        "products",
        "quotas",
        "quotes",
        "stock-reports",
        "territories",
    ]
