"""Submitted forecasts as the API takes and shows them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_pipeline.forecasts.schemas import PeriodRead
from guanxi_shared.money import Money
from guanxi_shared.values import Line, Prose, Value

EXAMPLE: dict[str, Any] = {
    "period": "2026-Q4",
    "commit": {"amount": "480000.00", "currency": "CNY"},
    "best_case": {"amount": "620000.00", "currency": "CNY"},
    "note": "The hospital signs before the holidays.",
}


class CallSubmit(Value):
    """What somebody says they will win. Submitted anew it becomes the newest; all are kept."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    period: Line = Field(description="this_quarter, 2026-Q4, 2026-11 or 2026.")
    commit: Money
    best_case: Money | None = None
    note: Prose | None = None
    pipeline_id: UUID | None = Field(default=None, description="Null: of all pipelines.")
    owner_id: UUID | None = Field(
        default=None, description="Whose call it is; the caller's, or of somebody whom they lead."
    )
    is_roll_up: bool = Field(
        default=False, description="For all whom they lead, them included; not counted in sums."
    )


class CallAdjust(Value):
    """What who leads the person makes of it; the call itself stays as it is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "commit": {"amount": "400000.00", "currency": "CNY"},
                "note": "One too many.",
            }
        },
    )

    commit: Money
    best_case: Money | None = None
    note: Prose | None = None


class CallRead(BaseModel):
    """`adjusted_at` before `submitted_at`: the adjustment was made of an earlier call."""

    id: UUID
    owner_id: UUID
    period: Literal["month", "quarter", "year"]
    starts_on: date
    pipeline_id: UUID | None
    is_roll_up: bool
    commit: Money
    best_case: Money | None
    note: str | None
    submitted_by: UUID | None
    submitted_at: datetime
    adjusted_commit: Money | None
    adjusted_best_case: Money | None
    adjustment_note: str | None
    adjusted_by: UUID | None
    adjusted_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class RollUp(BaseModel):
    """Sums of the newest calls, currency by currency, roll-ups left out, and calls of single pipelines of
    those who made one of all. `adjusted`: with each adjustment in the place of its call."""

    people: int
    commit: list[Money]
    best_case: list[Money]
    adjusted_commit: list[Money]
    adjusted_best_case: list[Money]


class ForecastCalls(BaseModel):
    period: PeriodRead
    calls: list[CallRead]
    roll_up: RollUp
