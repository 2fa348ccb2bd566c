"""Calendar feeds as the API takes and shows them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Fields, Line


class CalendarFeedCreate(Fields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "手机日历"}})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Line = "Guanxi"
    team_id: UUID | None = Field(default=None, description="A team's calendar; else your own.")


class CalendarFeedRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f54",
                "name": "手机日历",
                "version": 1,
            }
        }
    )

    id: UUID
    name: str
    team_id: UUID | None
    owner_id: UUID | None
    last_read_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class CalendarFeedMade(CalendarFeedRead):
    """`url` is shown this once; a repeated request with the same Idempotency-Key gets null."""

    url: str | None
