"""Products as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from guanxi_pipeline.opportunities.schemas import Quantity
from guanxi_pipeline.tax_classes.schemas import TaxCode
from guanxi_shared.money import Money
from guanxi_shared.values import Custom, Fields, Line, Name, Prose, Storable, Tags, Value


def _no_less_than_nothing(price: Money) -> Money:
    if price.decimal < 0:
        raise ValueError("must not be negative")
    return price


def _once_each(prices: list[Money]) -> list[Money]:
    if len({price.currency for price in prices}) < len(prices):
        raise ValueError("has two prices in one currency")
    return sorted(prices, key=lambda price: price.currency)


Price = Annotated[Money, AfterValidator(_no_less_than_nothing)]
Sku = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Storable
]
Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Storable
]

EXAMPLE: dict[str, Any] = {
    "sku": "CLD-PRO-01",
    "name": "云服务器 · 专业版",
    "category": "cloud",
    "unit": "月",
    "tax_class": "CN-13",
    "cost": {"amount": "420.00", "currency": "CNY"},
    "prices": [{"amount": "980.00", "currency": "CNY"}, {"amount": "145.00", "currency": "USD"}],
}


class Component(Value):
    """What a bundle holds, for one of the bundle."""

    product_id: UUID
    quantity: Quantity = 1.0


class ProductFields(Fields):
    category: Word | None = None
    unit: Word | None = None
    tax_class: TaxCode | None = Field(default=None, description="The code of a tax class.")
    cost: Price | None = None
    prices: Annotated[list[Price], Field(max_length=50), AfterValidator(_once_each)] = Field(
        default_factory=list, description="List prices without tax, one a currency."
    )
    description: Prose | None = None
    is_active: bool = True
    components: Annotated[list[Component], Field(max_length=100)] = Field(
        default_factory=list, description="What a bundle holds."
    )
    external_id: Line | None = None
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)


class ProductCreate(ProductFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    sku: Sku
    name: Name


class ProductUpdate(ProductFields):
    """A merge patch (RFC 7396); lists are replaced whole."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"is_active": False}})

    sku: Sku = Field(default="", validate_default=False)
    name: Name = Field(default="", validate_default=False)


class ProductRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    sku: str
    name: str
    category: str | None
    unit: str | None
    tax_class: str | None
    cost: Money | None
    prices: list[Money]
    description: str | None
    is_active: bool
    components: list[Component]
    external_id: str | None
    tags: list[str]
    custom: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


class ProductCategory(BaseModel):
    category: str | None
    products: int
    active: int


class Categories(BaseModel):
    data: list[ProductCategory]
