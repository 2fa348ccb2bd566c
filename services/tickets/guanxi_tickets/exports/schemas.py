"""Which records of tickets can be exported."""

from typing import Literal

from pydantic import ConfigDict

from guanxi_shared.exports.schemas import NewExport


class ExportRequest(NewExport):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "resource": "tickets",
                "format": "xlsx",
                "document": {"filter_groups": [{"filters": [{"field": "status_kind", "operator": "eq", "value": "open"}]}]},
                "fields": ["number", "subject", "account_id", "status", "created_at"],
            }
        },
    )  # fmt: skip

    resource: Literal[
        "agents",
        "articles",
        "entitlements",
        "queues",
        "survey-answers",
        "ticket-comments",
        "ticket-notes",
        "tickets",
    ]
