"""Satisfaction as the API shows it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_analytics.lifecycle.schemas import Span


class ScaleFigure(BaseModel):
    """CSAT in percent (Wilson), NPS (adjusted Wald), CES as a mean (Student's t): value, low, high; null of fewer than ten."""

    kind: Literal["csat", "nps", "ces"]
    n: int
    score: dict[str, Any] | None


class ItemFigures(BaseModel):
    """Of an item of a survey; `figures` is null of fewer than ten who answered both questions about it."""

    survey_id: UUID
    item: str
    n: int
    figures: dict[str, Any] | None


class LoyaltyType(BaseModel):
    """Dick and Basu 1994: loyal (content and buying), spurious (buying, not content), latent (content, not buying), none."""

    type: Literal["loyal", "spurious", "latent", "none"]
    customers: int


class Satisfaction(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "period": {"from": "2026-01-01", "until": "2026-07-01"}, "as_of": "2026-07-01T08:00:00Z", "answers": 0,
                "scores": [], "gaps": [], "kano": [], "loyalty_types": [], "sentence": "Nothing is told of fewer than 10 …",
            }
        }
    )  # fmt: skip

    period: Span
    as_of: datetime
    answers: int
    scores: list[ScaleFigure]
    gaps: list[ItemFigures]
    kano: list[ItemFigures]
    loyalty_types: list[LoyaltyType]
    sentence: str
