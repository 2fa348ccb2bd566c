"""Bodies of `/v1/devices`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_gateway.identity.fields import Name

Platform = Literal["ios", "android", "web", "windows", "macos", "linux", "unknown"]
DeviceId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[ -~]+$")]
PushToken = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[!-~]+$")]
AppVersion = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[ -~]+$")]


class DeviceRegister(BaseModel):
    """`device_id` is what the device sends as X-Device-Id. Without `push_token` it gets no hints."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "device_id": "4f1c7a52-phone",
                "name": "小王的手机",
                "platform": "android",
                "app_version": "2.4.1",
                "push_token": "fcm:dGhpcyBpcyBubyB0b2tlbg",
            }
        },
    )

    id: UUID | None = None
    device_id: DeviceId
    name: Name
    platform: Platform = "unknown"
    app_version: AppVersion | None = None
    push_token: PushToken | None = None


class DeviceRead(BaseModel):
    """`takes_hints`: it has a push token, which nobody is shown."""

    id: UUID
    device_id: str
    name: str
    platform: str
    app_version: str | None
    owner_id: UUID
    takes_hints: bool
    last_pulled_at: datetime | None
    last_pushed_at: datetime | None
    wipe_ordered_at: datetime | None
    wipe_ordered_by_id: UUID | None
    wiped_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class WipeDone(BaseModel):
    """The refresh token that the device had, which is good for this alone; `device_id` with one of a later
    sign-in."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"refresh_token": "gxr_…", "device_id": "4f1c7a52-phone"}},
    )

    refresh_token: str = Field(min_length=1, max_length=200)
    device_id: DeviceId | None = None
