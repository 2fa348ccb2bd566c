"""Quotes as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from guanxi_pipeline.opportunities.schemas import Quantity, exact
from guanxi_pipeline.price_books.schemas import Currency
from guanxi_pipeline.products.schemas import Price, Sku, Word
from guanxi_pipeline.tax_classes.schemas import TaxCode, TaxRate
from guanxi_shared.money import Money
from guanxi_shared.values import Custom, Day, Fields, Line, Name, Prose, Tags, Value

Status = Literal[
    "draft", "pending_approval", "approved", "sent", "accepted", "rejected", "expired",
    "superseded", "withdrawn",
]  # fmt: skip
PriceMode = Literal["net", "gross"]
Language = Literal["zh", "en"]
Percent = Annotated[float, Field(ge=0, le=100), BeforeValidator(exact)]
PRODUCT = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"
EXAMPLE: dict[str, Any] = {
    "name": "未来科技 · 云服务 2027",
    "currency": "CNY",
    "lines": [{"product_id": PRODUCT, "quantity": 12, "discount": 5}],
    "discount": {"percent": 2},
    "valid_until": "2027-01-31",
}


class QuoteLine(Value):
    """What is offered. With a product, what is not sent is the product's: name, unit, tax, price."""

    product_id: UUID | None = None
    sku: Sku | None = None
    name: Name | None = None
    description: Prose | None = None
    quantity: Quantity = 1.0
    unit: Word | None = None
    unit_price: Price | None = Field(
        default=None, description="In the quote's price mode; null: of the price book or list."
    )
    discount: Percent = Field(default=0, description="Percent.")
    tax_class: TaxCode | None = None
    tax_rate: TaxRate | None = Field(
        default=None, description="Percent; null: today's of the tax class, 0 without one."
    )
    cost: Price | None = Field(default=None, description="Of one unit; never shown to customers.")
    position: int | None = Field(default=None, description="Set by the server, as all below.")
    base_price: Money | None = Field(default=None, description="Of the price book or list.")
    discount_limit: float | None = None
    price_book_id: UUID | None = None
    amount: Money | None = Field(default=None, description="Quantity × price less discount.")
    discount_share: Money | None = Field(default=None, description="Of the quote's discount.")
    net: Money | None = None
    tax: Money | None = None
    gross: Money | None = None


class HeaderDiscount(Value):
    """Off the whole quote, spread over its lines: a percentage or an amount."""

    percent: Percent | None = None
    amount: Price | None = None

    @model_validator(mode="after")
    def check(self) -> "HeaderDiscount":
        if (self.percent is None) == (self.amount is None):
            raise ValueError("is a percent or an amount, one of them")
        return self


Lines = Annotated[list[QuoteLine], Field(max_length=500)]


class QuoteFields(Fields):
    account_id: UUID | None = None
    contact_id: UUID | None = None
    opportunity_id: UUID | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    lines: Lines = Field(default_factory=list)
    discount: HeaderDiscount | None = None
    valid_until: Day | None = Field(
        default=None, description="The last day; sent without: 30 days."
    )
    language: Language | None = Field(
        default=None, description="Of the document; null: the organisation's."
    )
    terms: Prose | None = Field(default=None, description="Printed below the totals.")
    description: Prose | None = Field(default=None, description="Never shown to customers.")
    update_opportunity: bool = Field(
        default=False, description="Accepted, its net total becomes the opportunity's amount."
    )
    external_id: Line | None = None
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)


class QuoteCreate(QuoteFields):
    """Account and name are the opportunity's, if they are not sent."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Name | None = None
    currency: Currency | None = Field(default=None, description="Null: the organisation's.")
    price_mode: PriceMode = Field(
        default="net", description="Whether unit prices are without tax (net) or hold it (gross)."
    )


class QuoteUpdate(QuoteFields):
    """A merge patch. Another currency or price mode needs the lines anew."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"discount": {"percent": 5}}}
    )

    name: Name = Field(default="", validate_default=False)
    currency: Currency = Field(default="", validate_default=False)
    price_mode: PriceMode = Field(default="net", validate_default=False)


class ApprovalStep(BaseModel):
    rule_id: UUID | None
    name: str
    approver: Literal["manager", "user"]
    approver_id: UUID | None
    status: Literal["waiting", "approved", "refused"]
    by_id: UUID | None
    at: datetime | None
    comment: str | None


class Decision(BaseModel):
    """Who accepted or rejected it. Of a link also from where; of a colleague, who wrote it down."""

    name: str
    comment: str | None
    via: Literal["link", "user"]
    by_id: UUID | None
    address: str | None
    user_agent: str | None


class RateTotal(BaseModel):
    rate: float
    net: Money
    tax: Money
    gross: Money


class Totals(BaseModel):
    subtotal: Money
    discount: Money
    net: Money
    tax: Money
    total: Money
    taxes: list[RateTotal]
    cost: Money | None


class QuoteRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    number: str
    revision: int
    first_id: UUID
    superseded_by_id: UUID | None
    name: str
    status: Status
    opportunity_id: UUID | None
    account_id: UUID | None
    is_account_verified: bool
    contact_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    currency: str
    price_mode: PriceMode
    lines: list[QuoteLine]
    discount: HeaderDiscount | None
    totals: Totals
    net: Money
    total: Money
    discount_percent: float
    valid_until: date | None
    language: Language | None
    terms: str | None
    description: str | None
    update_opportunity: bool
    approvals: list[ApprovalStep]
    submitted_by_id: UUID | None
    submitted_at: datetime | None
    sent_at: datetime | None
    decided_at: datetime | None
    decision: Decision | None
    order_id: UUID | None
    external_id: str | None
    tags: list[str]
    custom: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


class ApprovalComment(Value):
    """Why a step is approved or refused."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"comment": "Fine."}})

    comment: Prose | None = None


class Acceptance(Value):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "李雷"}})

    name: Line = Field(description="Who accepts.")
    comment: Prose | None = None


class Rejection(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "李雷", "reason": "Too dear"}}
    )

    name: Line = Field(description="Who rejects.")
    reason: Prose


class QuoteLink(BaseModel):
    """The customer's way to this version: whoever has it may answer."""

    token: str
    path: str
    expires_at: datetime
