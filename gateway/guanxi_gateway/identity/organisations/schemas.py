"""Bodies of `/v1/organisations` (making one) and `/v1/organisation` (one's own)."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_gateway.identity.fields import Currency, Email, Name, Password, Region, Zone


class FirstAdmin(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: Email
    name: Name
    password: Password
    id: UUID | None = None


class OrganisationCreate(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "关系有限公司",
                    "time_zone": "Asia/Shanghai",
                    "currency": "CNY",
                    "region": "CN",
                    "admin": {
                        "email": "admin@demo.example",
                        "name": "王芳",
                        "password": "correct horse battery",
                    },
                }
            ]
        },
    )

    id: UUID | None = None
    name: Name
    time_zone: Zone = "UTC"
    currency: Currency = "CNY"
    region: Region = "CN"
    admin: FirstAdmin


class OrganisationUpdate(BaseModel):
    """`rate_quota` cost units in `rate_window_seconds` per credential; null takes the default."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    time_zone: Zone = ""
    currency: Currency = ""
    region: Region = ""
    rate_quota: int | None = Field(default=None, ge=1, le=100_000_000)
    rate_window_seconds: int | None = Field(default=None, ge=1, le=86_400)


class OrganisationRead(BaseModel):
    id: UUID
    name: str
    time_zone: str
    currency: str
    region: str
    rate_quota: int | None
    rate_window_seconds: int | None
    version: int
    created_at: datetime
    updated_at: datetime


class OrganisationMade(OrganisationRead):
    admin_id: UUID
