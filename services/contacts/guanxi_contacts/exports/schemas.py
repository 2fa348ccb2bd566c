"""Exports as the API takes and shows them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import FilterGroup

Format = Literal["csv", "xlsx", "ndjson", "vcard"]


class ExportDocument(BaseModel):
    """A search document without paging."""

    model_config = ConfigDict(extra="forbid")

    filter_groups: list[FilterGroup] = Field(default_factory=list)
    query: str | None = None
    sorts: list[str] | None = None


class ExportRequest(BaseModel):
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

    resource: Literal["accounts", "contacts", "activities"]
    format: Format = "csv"
    document: ExportDocument = Field(default_factory=ExportDocument)
    fields: list[str] | None = Field(default=None, description="All fields if absent.")
