"""Settings for leads as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_pipeline.pipelines.schemas import Reasons
from guanxi_shared.values import Fields

Minutes = Annotated[int, Field(ge=1, le=527_040)]  # up to a year
MostClaimed = Annotated[int, Field(ge=1, le=10_000)]

EXAMPLE: dict[str, Any] = {
    "first_response_minutes": 60,
    "disqualify_reasons": ["no budget", "no need", "not reachable", "spam"],
    "is_reason_free": False,
    "max_claimed": 30,
    "is_common_pool_open": False,
}


class LeadSettingsUpdate(Fields):
    """A merge patch. What is null is not asked for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    first_response_minutes: Minutes | None = Field(
        default=None, description="How soon somebody must answer; a form may say otherwise."
    )
    disqualify_reasons: Reasons = Field(default_factory=list)
    is_reason_free: bool = Field(default=True, description="Whether other reasons are taken too.")
    max_claimed: MostClaimed | None = Field(
        default=None, description="How many open leads out of pools one person may hold."
    )
    is_common_pool_open: bool = Field(
        default=False,
        description="Whether leads without owner and team are to be had by all who change leads.",
    )


class LeadSettingsRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    first_response_minutes: int | None
    disqualify_reasons: list[str]
    is_reason_free: bool
    max_claimed: int | None
    is_common_pool_open: bool
    version: int
    created_at: datetime | None
    updated_at: datetime | None
