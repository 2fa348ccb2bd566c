"""Purchases as the API shows them."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_pipeline.rates.schemas import RateUsed
from guanxi_shared.money import Money


class PurchaseFigures(BaseModel):
    """Net of discount, without tax and shipping; what came back counts against it. `margin` is null
    unless every cost is known; `cost` is that of `costed`."""

    currency: str
    quantity: float
    orders: int
    amount: Money
    cost: Money
    costed: Money
    margin: Money | None


class PurchaseChange(BaseModel):
    """Percentages are null where there is none: of zero or less."""

    amount: Money
    amount_percent: float | None
    quantity: float
    quantity_percent: float | None


class PurchasePeriod(PurchaseFigures):
    """`change` and `change_on_year` are null where there is nothing before to compare with."""

    period: str
    starts_on: date
    ends_on: date
    is_complete: bool
    change: PurchaseChange | None
    change_on_year: PurchaseChange | None


class RateOnDay(RateUsed):
    on: date


class Purchases(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    by: str
    currency: str | None
    first: date | None = Field(alias="from")
    to: date | None
    data: list[PurchasePeriod]
    totals: list[PurchaseFigures]
    rates: list[RateOnDay]


class AccountPurchases(Purchases):
    account_id: UUID


class PurchaseGroup(PurchaseFigures):
    """A period's purchases of what `group` names: its own columns are there, the others are not."""

    period: str
    starts_on: date
    ends_on: date
    product_id: UUID | None = None
    sku: str | None = None
    name: str | None = None
    category: str | None = None
    account_id: UUID | None = None
    owner_id: UUID | None = None


class GroupedPurchases(BaseModel):
    by: str
    currency: str | None
    first: date | None = Field(alias="from")
    to: date | None
    group: str
    data: list[PurchaseGroup]
    rates: list[RateOnDay]
