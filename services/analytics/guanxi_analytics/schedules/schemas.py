"""Schedules of reports as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import Page
from guanxi_shared.values import Fields, Storable

Cadence = Literal["daily", "weekly", "monthly"]
Format = Literal["csv", "xlsx", "parquet", "svg", "png", "html", "pdf"]
Deliver = Literal["mail", "webhook"]
Name = Annotated[str, Field(min_length=1, max_length=60), Storable]
EXAMPLE: dict[str, Any] = {
    "report": "sales-by-month", "cadence": "weekly", "weekday": 1, "hour": 7, "format": "xlsx",
}  # fmt: skip


class ScheduleFields(Fields):
    """It goes to its owner's address, or is told of by an event with the file's URL, with what the owner may see when it goes.
    Hours are of the organisation's zone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"hour": 8}})

    hour: int = Field(default=7, ge=0, le=23)
    weekday: int = Field(default=1, ge=1, le=7, description="Of weekly ones: 1 is Monday.")
    day: int = Field(default=1, ge=1, le=28, description="Of monthly ones.")
    format: Format = Field(
        default="xlsx", description="`monthly-report`: html or pdf; the others: the rest."
    )
    language: Literal["en", "zh"] | None = None
    deliver: Deliver = Field(
        default="mail",
        description="`webhook`: the event `analytics.report.ready`, and a file that is fetched.",
    )
    is_active: bool = True


class ScheduleCreate(ScheduleFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    report: Name = Field(
        description="A predefined one's name, a saved one's id, or monthly-report."
    )
    cadence: Cadence


class ScheduleUpdate(ScheduleFields):
    report: Name = Field(default="", validate_default=False)
    cadence: Cadence = "daily"


class ScheduleRead(BaseModel):
    """`due_at` is when it goes next."""

    id: UUID
    report: str
    cadence: Cadence
    hour: int
    weekday: int
    day: int
    format: Format
    language: str | None
    deliver: Deliver
    is_active: bool
    due_at: datetime
    owner_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class ReportLetterRead(BaseModel):
    id: UUID
    due_at: datetime
    status: Literal["waiting", "sent", "dropped", "failed"]
    reason: str | None
    attempts: int
    ended_at: datetime | None
    url: str | None = Field(
        description="Of the file that a webhook was told of, as long as it is kept."
    )


class ReportLetters(BaseModel):
    data: list[ReportLetterRead]
    page: Page
