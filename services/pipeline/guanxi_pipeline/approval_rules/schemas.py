"""Approval rules as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_pipeline.products.schemas import Price
from guanxi_pipeline.tax_classes.schemas import TaxRate
from guanxi_shared.money import Money
from guanxi_shared.values import Fields, Name

Approver = Literal["manager", "user"]
StepNumber = Annotated[int, Field(ge=1, le=100)]
EXAMPLE: dict[str, Any] = {
    "name": "Large discounts",
    "step": 1,
    "discount_from": 15,
    "approver": "manager",
}


class ApprovalRuleFields(Fields):
    """It applies from that discount on (the largest of a line, all discounts together), or above that
    total; both together mean either."""

    step: StepNumber = Field(default=1, description="The lower goes first.")
    discount_from: TaxRate | None = Field(default=None, description="Percent.")
    total_from: Price | None = Field(default=None, description="Totals above it, tax included.")
    approver: Approver = Field(
        default="manager", description="Whoever leads the owner, or the one in `approver_id`."
    )
    approver_id: UUID | None = None
    is_active: bool = True


class ApprovalRuleCreate(ApprovalRuleFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    name: Name


class ApprovalRuleUpdate(ApprovalRuleFields):
    """A merge patch. Quotes that wait already keep the steps that they have."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"discount_from": 10}})

    name: Name = Field(default="", validate_default=False)


class ApprovalRuleRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    step: int
    discount_from: float | None
    total_from: Money | None
    approver: Approver
    approver_id: UUID | None
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime
