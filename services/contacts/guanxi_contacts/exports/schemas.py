"""Which records of contacts can be exported."""

from typing import Literal

from pydantic import ConfigDict

from guanxi_shared.exports.schemas import NewExport


class ExportRequest(NewExport):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "resource": "accounts",
                "format": "xlsx",
                "document": {"filter_groups": [{"filters": [{"field": "industry", "operator": "eq", "value": "retail"}]}]},
                "fields": ["name", "phones", "revenue"],
            }
        },
    )  # fmt: skip

    resource: Literal["accounts", "contacts", "activities", "campaigns", "campaign-members"]
