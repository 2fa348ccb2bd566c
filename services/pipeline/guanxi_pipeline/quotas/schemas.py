"""Quotas as the API takes and shows them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.money import Money
from guanxi_shared.values import Day, Fields, Line

PeriodKind = Literal["month", "quarter", "year"]
EXAMPLE: dict[str, Any] = {
    "owner_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "period": "quarter",
    "starts_on": "2026-10-01",
    "amount": {"amount": "1500000.00", "currency": "CNY"},
}


class QuotaFields(Fields):
    owner_id: UUID | None = Field(default=None, description="Whose; else name a team.")
    team_id: UUID | None = Field(default=None, description="Of which team; else name a person.")
    pipeline_id: UUID | None = Field(default=None, description="Null: of all pipelines.")
    product_id: UUID | None = Field(default=None, description="Null: of all products.")
    note: Line | None = None
    external_id: Line | None = None


class QuotaCreate(QuotaFields):
    """What a person or a team is to win in a period of the calendar."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    period: PeriodKind
    starts_on: Day = Field(description="The first day of the month, quarter or year.")
    amount: Money


class QuotaUpdate(QuotaFields):
    """A merge patch (RFC 7396)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"amount": {"amount": "1600000.00", "currency": "CNY"}}},
    )

    period: PeriodKind = Field(default="", validate_default=False)  # type: ignore[call-overload]
    starts_on: Day = Field(default=date.min, validate_default=False)
    amount: Money = Field(default=Money(amount="0", currency="CNY"), validate_default=False)


class QuotaRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    owner_id: UUID | None
    team_id: UUID | None
    period: PeriodKind
    starts_on: date
    pipeline_id: UUID | None
    product_id: UUID | None
    amount: Money
    note: str | None
    external_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime
