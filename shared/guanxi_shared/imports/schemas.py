"""Imports as the API takes and shows them. A service narrows `resource` of an upload to its own."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import Page
from guanxi_shared.imports.options import ImportOptions
from guanxi_shared.job_routes import JobRead


class NewImport(BaseModel):
    """The parts of the multipart upload."""

    model_config = ConfigDict(extra="forbid")

    file: str = Field(
        json_schema_extra={"format": "binary"}, description="CSV, XLSX, vCard or NDJSON."
    )
    resource: str
    options: str | None = Field(default=None, description="ImportOptions as JSON.")
    start: Literal["true", "false"] = Field(default="false", description="Begin at once.")


class Suggestion(BaseModel):
    field: str
    score: float = Field(ge=0, le=1)


class ImportRead(BaseModel):
    """A file, how it was understood, and the newest job that took it."""

    id: UUID
    resource: str
    file_name: str
    size: int
    sha256: str
    kind: Literal["csv", "xlsx", "vcard", "ndjson"]
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: list[str]
    columns: list[str]
    mapping: dict[str, Suggestion] = Field(description="Column → the field that it looks like.")
    preview: list[dict[str, str]] = Field(description="The first rows as they were read.")
    fields: list[str] = Field(description="What columns can be mapped to.")
    options: ImportOptions | None
    job: JobRead | None
    errors_url: str | None
    created_by: UUID | None
    created_at: datetime


class ImportPage(BaseModel):
    data: list[ImportRead]
    page: Page
