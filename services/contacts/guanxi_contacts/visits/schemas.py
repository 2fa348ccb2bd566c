"""Visits as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_shared.values import Instant, Latitude, Line, Longitude, Name, Storable, Value

HERE: dict[str, Any] = {
    "latitude": 39.9836,
    "longitude": 116.3164,
    "accuracy_m": 12.0,
    "device_time": "2026-11-23T01:58:40Z",
    "sent_at": "2026-11-23T02:00:00Z",
    "device_id": "phone-7",
}
Metres = Annotated[float, Field(ge=0, le=10_000_000)]


class CheckIn(Value):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": HERE})

    latitude: Latitude
    longitude: Longitude
    accuracy_m: Metres | None = Field(default=None, description="As the device estimates it.")
    device_time: Instant | None = Field(
        default=None, description="When it was, by the device's clock; hours ago if it was offline."
    )
    sent_at: Instant | None = Field(
        default=None, description="What the device's clock shows while it sends."
    )
    recurrence_id: Instant | None = Field(
        default=None, description="Which occurrence of a series of visits: its original start."
    )
    device_id: Line | None = None
    note: Annotated[str, StringConstraints(max_length=2_000), Storable] | None = None
    photo_ids: Annotated[list[UUID], Field(max_length=20)] = Field(default_factory=list)


class CheckOut(CheckIn):
    """The same, on leaving."""


class UnplannedCheckIn(CheckIn):
    """A visit that nobody planned: it is made and checked in to at once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", **HERE}
        },
    )

    account_id: UUID
    id: UUID | None = Field(
        default=None, description="The client's own UUIDv7 for the activity, if it brings one."
    )
    subject: Name | None = Field(default=None, description="The account's name if absent.")


class CheckRead(BaseModel):
    """`reason` says why there is no distance."""

    at: datetime = Field(description="By the server's clock.")
    device_time: datetime | None
    sent_at: datetime | None
    is_clock_suspect: bool
    latitude: float | None
    longitude: float | None
    accuracy_m: float | None
    measured_from: Literal["account", "activity"] | None
    account_id: UUID | None
    distance_m: float | None
    is_far: bool | None
    tolerance_m: float
    reason: str | None
    device_id: str | None
    note: str | None
    photo_ids: list[UUID]
    by_id: UUID | None


class VisitRead(BaseModel):
    activity_id: UUID
    check_in: CheckRead | None
    check_out: CheckRead | None
    duration_seconds: int | None
