"""Lifecycle moves as the API shows them."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from guanxi_analytics.cohorts.schemas import Proportion


class Span(BaseModel):
    """`until` is the first day that no longer belongs to it."""

    from_: date = Field(alias="from")
    until: date


class StageFigures(BaseModel):
    stage: str
    customers: int


class Move(BaseModel):
    """`rate`: of those who stood in `from` at any time in the period; null of fewer than ten."""

    from_: str = Field(alias="from")
    to: str
    customers: int
    rate: Proportion | None


class Lifecycle(BaseModel):
    """`stages` are as they are now."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "period": {"from": "2026-01-01", "until": "2026-07-01"}, "stages": [{"stage": "active", "customers": 41}],
                "moves": [], "sentence": "A rate is of those who stood in the stage …",
            }
        }
    )  # fmt: skip

    period: Span
    stages: list[StageFigures]
    moves: list[Move]
    sentence: str
