"""The calendar as the API shows it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_contacts.activities.schemas import Kind, Priority, Status

EXAMPLE: dict[str, Any] = {
    "activity_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52",
    "kind": "meeting",
    "subject": "年度合作方案讨论",
    "status": "planned",
    "starts_at": "2026-12-01T06:00:00Z",
    "ends_at": "2026-12-01T07:00:00Z",
}


class CalendarItem(BaseModel):
    """One occurrence: of a series or of a repeating task each one stands by itself."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    activity_id: UUID
    series_id: UUID | None
    recurrence_id: datetime | None = Field(description="Its place in the series.")
    is_repeating: bool
    kind: Kind
    subject: str
    status: Status
    priority: Priority
    starts_at: datetime = Field(description="A task without a start stands at its due time.")
    ends_at: datetime | None
    due_at: datetime | None
    time_zone: str | None
    location: str | None
    owner_id: UUID | None
    team_id: UUID | None
    account_ids: list[UUID]
    contact_ids: list[UUID]


class Calendar(BaseModel):
    data: list[CalendarItem]


class BusyStretch(BaseModel):
    starts_at: datetime
    ends_at: datetime


class PersonsTime(BaseModel):
    user_id: UUID
    busy: list[BusyStretch]


class FreeBusy(BaseModel):
    """When people are busy; between the stretches they are free. It says nothing of what they do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [
                    {
                        "user_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f53",
                        "busy": [
                            {"starts_at": "2026-12-01T06:00:00Z", "ends_at": "2026-12-01T07:00:00Z"}
                        ],
                    }
                ]
            }
        }
    )

    data: list[PersonsTime]
