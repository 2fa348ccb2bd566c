"""Exports as the API takes them. A service narrows `resource` to its own."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import FilterGroup

Format = Literal["csv", "xlsx", "ndjson", "vcard", "vcard-3.0"]


class ExportDocument(BaseModel):
    """A search document without paging."""

    model_config = ConfigDict(extra="forbid")

    filter_groups: list[FilterGroup] = Field(default_factory=list)
    query: str | None = None
    sorts: list[str] | None = None


class NewExport(BaseModel):
    model_config = ConfigDict(extra="forbid")

    resource: str
    format: Format = "csv"
    document: ExportDocument = Field(default_factory=ExportDocument)
    fields: list[str] | None = Field(default=None, description="All fields if absent.")
