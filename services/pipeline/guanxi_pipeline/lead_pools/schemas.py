"""Leads that wait in a pool, as its members see them before one of them is theirs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import FilterGroup
from guanxi_shared.values import Value


class ClaimNext(Value):
    """Which leads of the pools are wanted; none said: all of them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"filter_groups": [
                {"filters": [{"field": "industry", "operator": "eq", "value": "software"}]}]}
        },
    )  # fmt: skip

    filter_groups: Annotated[list[FilterGroup], Field(max_length=20)] = Field(default_factory=list)


class PooledLeadRead(BaseModel):
    """Without the ways to reach anybody."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"company": "北京未来科技有限公司", "industry": "software"}}
    )

    id: UUID
    company: str | None
    title: str | None
    industry: str | None
    region: str | None
    source: str | None
    campaign_id: UUID | None
    status: str
    score: int | None
    team_id: UUID | None
    first_response_due_at: datetime | None
    recycled_count: int
    tags: list[str]
    version: int
    created_at: datetime
    updated_at: datetime
