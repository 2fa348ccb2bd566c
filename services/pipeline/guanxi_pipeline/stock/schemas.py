"""Distributors' stock reports as the API takes and shows them."""

import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from guanxi_pipeline.orders.schemas import exact_number
from guanxi_shared.values import Day, Fields, Line, Prose

MONTH = re.compile(r"\d{4}-\d\d")
MOST = 1_000_000_000
EXAMPLE: dict[str, Any] = {
    "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "sku": "GX-100", "month": "2026-11",
    "opening": 120, "bought": 80, "sold": 95, "closing": 105,
}  # fmt: skip


def _whole(value: Any) -> Any:
    """`2026-11` means its first day."""
    return f"{value}-01" if isinstance(value, str) and MONTH.fullmatch(value) else value


def _first_day(day: date) -> date:
    if day.day != 1:
        raise ValueError("must be a month such as 2026-11, or its first day")
    return day


Month = Annotated[Day, BeforeValidator(_whole), AfterValidator(_first_day)]
Held = Annotated[float, BeforeValidator(exact_number), Field(ge=0, le=MOST)]
Signed = Annotated[float, BeforeValidator(exact_number), Field(ge=-MOST, le=MOST)]


class StockReportFields(Fields):
    """What went in and out in a month. `closing` is reckoned when it is not sent, and checked when it
    is: opening + bought - sold + adjusted."""

    adjusted: Signed = Field(default=0, description="Found, broken, given away; with a reason.")
    adjustment_reason: Line | None = None
    closing: Held | None = None
    restates_opening: bool = Field(
        default=False, description="It opens otherwise than the month before closed."
    )
    restatement_reason: Line | None = None
    note: Prose | None = None
    external_id: Line | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None


class StockReportCreate(StockReportFields):
    """One an account, product and month."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    account_id: UUID
    product_id: UUID | None = None
    sku: Line | None = None
    month: Month
    opening: Held
    bought: Held = 0
    sold: Held = 0


class StockReportUpdate(StockReportFields):
    """A merge patch (RFC 7396). Whose it is, of what and when, stays: make another one for that."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"sold": 97}})

    opening: Held = 0
    bought: Held = 0
    sold: Held = 0


class StockReportRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    account_id: UUID
    is_account_verified: bool
    product_id: UUID | None
    sku: str | None
    month: date
    opening: float
    bought: float
    sold: float
    adjusted: float
    adjustment_reason: str | None
    closing: float
    restates_opening: bool
    restatement_reason: str | None
    note: str | None
    external_id: str | None
    owner_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class StockMonth(BaseModel):
    """`change` is that of the closing on the month before, null if that was not reported;
    `average_sold` is of the `months_counted` that were reported among the last three."""

    month: date
    opening: float
    bought: float
    sold: float
    adjusted: float
    closing: float
    change: float | None
    change_percent: float | None
    average_sold: float
    months_counted: int
    cover_days: float | None
    cover_reason: str | None


class StockOfProduct(BaseModel):
    product_id: UUID | None
    sku: str | None
    months: list[StockMonth]


class AccountStock(BaseModel):
    account_id: UUID
    data: list[StockOfProduct]
