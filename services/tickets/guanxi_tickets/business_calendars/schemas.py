"""Business calendars as the API takes and shows them; sla/calendar_rules.py says what they mean."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Day, Fields, Name, TimeZone, Value

ClockTime = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

OFFICE: list[dict[str, str]] = [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]
EXAMPLE: dict[str, Any] = {
    "name": "上海 Shanghai",
    "time_zone": "Asia/Shanghai",
    "hours": dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), OFFICE),
    "holidays": [{"on": "2026-10-01", "name": "国庆节"}],
    "exceptional_days": [{"on": "2026-10-10", "name": "补班", "hours": OFFICE}],
}


class Hours(Value):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: ClockTime = Field(alias="from")
    to: ClockTime


Spans = Annotated[list[Hours], Field(max_length=24)]


class Holiday(Value):
    on: Day
    name: Annotated[str, Field(max_length=200)] = ""


class ExceptionalDay(Value):
    """A day with hours of its own, whatever its weekday; an empty list closes it."""

    on: Day
    name: Annotated[str, Field(max_length=200)] = ""
    hours: Spans


class CalendarFields(Fields):
    always: bool = Field(default=False, description="At every hour; then without hours and days.")
    hours: dict[Weekday, Spans] = Field(default_factory=dict)
    holidays: Annotated[list[Holiday], Field(max_length=2_000)] = Field(default_factory=list)
    exceptional_days: Annotated[list[ExceptionalDay], Field(max_length=2_000)] = Field(
        default_factory=list
    )


class CalendarCreate(CalendarFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    name: Name
    time_zone: TimeZone


class CalendarUpdate(CalendarFields):
    """A merge patch; each part is sent whole. It counts for tickets made from then on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"holidays": EXAMPLE["holidays"]}}
    )

    name: Name = Field(default="", validate_default=False)
    time_zone: TimeZone = Field(default="", validate_default=False)


class CalendarRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    time_zone: str
    always: bool
    hours: dict[str, list[dict[str, str]]]
    holidays: list[dict[str, Any]]
    exceptional_days: list[dict[str, Any]]
    version: int
    created_at: datetime
    updated_at: datetime
