"""Orders as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from guanxi_pipeline.opportunities.schemas import Discount, Quantity
from guanxi_pipeline.rates.schemas import Currency
from guanxi_shared.money import Money
from guanxi_shared.values import Custom, Day, Fields, Line, Prose, Tags, Value

Status = Literal[
    "draft", "placed", "confirmed", "partly_fulfilled", "fulfilled", "cancelled", "returned"
]
# What an order may be brought in as; the steps between are verbs.
FirstStatus = Literal["draft", "placed", "confirmed", "fulfilled", "cancelled"]


def _not_negative(money: Money) -> Money:
    if money.decimal < 0:
        raise ValueError("must not be negative")
    return money


def exact_number(value: Any) -> Any:
    """A number with at most six digits behind the point, so that it is exact."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    if abs(value) > MOST_NUMBER or round(float(value), 6) != float(value):
        raise ValueError("must have at most six digits behind the point and twelve before it")
    return float(value)


MOST_NUMBER = 10**12
Price = Annotated[Money, AfterValidator(_not_negative)]
TaxRate = Annotated[float, BeforeValidator(exact_number), Field(ge=0, le=1000)]
Taken = Annotated[float, Field(ge=0, le=1_000_000_000)]
EXAMPLE: dict[str, Any] = {
    "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "ordered_on": "2026-11-02",
    "currency": "CNY",
    "lines": [
        {"sku": "GX-100", "name": "年度许可", "quantity": 3, "tax_rate": 13,
         "unit_price": {"amount": "1200.00", "currency": "CNY"},
         "cost": {"amount": "900.00", "currency": "CNY"}},
    ],
}  # fmt: skip


class OrderLineFields(Value):
    """`amount` = quantity × unit price less discount; sent instead of a unit price, it is taken as it
    is. The same of tax (`tax_rate` or `tax`) and of the whole line's cost (`unit_cost` or `cost`)."""

    id: UUID | None = Field(default=None, description="Of a line that is there already.")
    product_id: UUID | None = None
    sku: Line | None = None
    name: Line | None = None
    category: Line | None = Field(default=None, description="The product's, as it is now.")
    quantity: Quantity = 1.0
    unit_price: Price | None = None
    discount: Discount = Field(default=0, description="Percent.")
    amount: Price | None = Field(default=None, description="Net, of the whole line.")
    tax_rate: TaxRate | None = Field(default=None, description="Percent.")
    tax: Price | None = None
    unit_cost: Price | None = None
    cost: Price | None = Field(default=None, description="Of the whole line.")
    fulfilled: Taken = Field(default=0, description="Set by the server.")
    returned: Taken = Field(default=0, description="Set by the server.")
    refunded: Money | None = Field(default=None, description="Set by the server.")

    @model_validator(mode="after")
    def check_whole(self) -> "OrderLineFields":
        if self.unit_price is None and self.amount is None:
            raise ValueError("needs a unit_price or an amount")
        if self.product_id is None and self.sku is None and self.name is None:
            raise ValueError("needs a product_id, a sku or a name")
        return self


class OrderLineRead(BaseModel):
    id: UUID
    product_id: UUID | None
    sku: str | None
    name: str | None
    category: str | None
    quantity: float
    unit_price: Money | None
    discount: float
    amount: Money
    tax_rate: float | None
    tax: Money
    cost: Money | None
    fulfilled: float
    returned: float
    refunded: Money


Lines = Annotated[list[OrderLineFields], Field(max_length=500)]


class OrderFields(Fields):
    """What may be written on an order. Everything in it is in one currency."""

    account_id: UUID | None = None
    contact_id: UUID | None = None
    opportunity_id: UUID | None = None
    ordered_on: Day | None = Field(default=None, description="Null until it is placed.")
    lines: Lines = Field(default_factory=list)
    shipping: Price | None = None
    source: Line | None = None
    description: Prose | None = None
    external_id: Line | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)


class OrderCreate(OrderFields):
    """Without a number it is given the next one. Brought in as confirmed, fulfilled or cancelled it
    is told of as `created` alone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    number: Annotated[Line, Field(max_length=60)] | None = None
    currency: Currency | None = Field(
        default=None, description="That of the lines, else the organisation's."
    )
    status: FirstStatus = "draft"


class OrderUpdate(OrderFields):
    """A merge patch (RFC 7396); `lines` is the whole list. Of an order that was placed, a change of what
    was agreed is told as `changed`."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"description": "Deliver on Friday"}}
    )

    currency: Currency = Field(default="", validate_default=False)


class Place(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"ordered_on": "2026-11-02"}}
    )

    ordered_on: Day | None = Field(default=None, description="As it says already, else today.")


class FulfilledQuantity(Value):
    line_id: UUID
    quantity: Quantity


class Fulfil(Value):
    """Without lines: all that is left."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "lines": [{"line_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52", "quantity": 2}]
            }
        },
    )

    lines: Annotated[list[FulfilledQuantity], Field(min_length=1, max_length=500)] | None = None


class Cancel(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "Ordered twice"}}
    )

    reason: Line | None = None


class ReturnedQuantity(Value):
    """`refund` is what is paid back, with tax; without it, what the quantity cost."""

    line_id: UUID
    quantity: Annotated[float, BeforeValidator(exact_number), Field(ge=0, le=1_000_000_000)] = 0
    refund: Price | None = None


class Return(Value):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "reason": "Damaged on the way",
                "lines": [{"line_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52", "quantity": 1}],
            }
        },
    )

    returned_on: Day | None = Field(default=None, description="Today if absent.")
    reason: Line
    note: Prose | None = None
    lines: Annotated[list[ReturnedQuantity], Field(min_length=1, max_length=500)]


class OrderRead(BaseModel):
    """`cost` is that of the lines whose cost is known, `costed` what those lines come to; `margin` is
    null unless every cost is known."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    number: str
    account_id: UUID | None
    is_account_verified: bool
    contact_id: UUID | None
    opportunity_id: UUID | None
    quote_id: UUID | None
    ordered_on: date | None
    currency: str
    status: Status
    lines: list[OrderLineRead]
    subtotal: Money
    tax: Money
    shipping: Money
    total: Money
    cost: Money | None
    costed: Money
    margin: Money | None
    refunded: Money
    cancel_reason: str | None
    source: str | None
    description: str | None
    external_id: str | None
    owner_id: UUID | None
    team_id: UUID | None
    tags: list[str]
    custom: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


class ReturnedLine(BaseModel):
    line_id: UUID
    quantity: float
    amount: Money
    tax: Money
    cost: Money | None


class OrderReturnRead(BaseModel):
    id: UUID
    returned_on: date
    reason: str
    note: str | None
    refund: Money
    lines: list[ReturnedLine]
    created_by: UUID | None
    created_at: datetime


class OrderReturns(BaseModel):
    data: list[OrderReturnRead]
