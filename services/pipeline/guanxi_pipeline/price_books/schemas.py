"""Price books, their entries and the question what something costs, as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from guanxi_pipeline.opportunities.schemas import Quantity, exact
from guanxi_pipeline.products.schemas import Price
from guanxi_pipeline.tax_classes.schemas import digits
from guanxi_shared.documents import Page
from guanxi_shared.money import CURRENCIES, Money
from guanxi_shared.values import Day, Fields, Line, Name, Prose, Value

MOST_ENTRIES = 20_000
Ids = Annotated[
    list[UUID], Field(max_length=1000), AfterValidator(lambda v: list(dict.fromkeys(v)))
]
Words = Annotated[list[Line], Field(max_length=100), AfterValidator(lambda v: sorted(set(v)))]
Limit = Annotated[float, Field(ge=0, le=100), digits(2)]
MinQuantity = Annotated[float, Field(ge=0, le=1_000_000_000), BeforeValidator(exact)]


def _known(currency: str) -> str:
    if currency not in CURRENCIES:
        raise ValueError(f"{currency} is no ISO 4217 currency")
    return currency


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_known)]
EXAMPLE: dict[str, Any] = {
    "name": "重点客户 2027",
    "currency": "CNY",
    "grades": ["A"],
    "valid_from": "2027-01-01",
    "valid_to": "2027-12-31",
    "priority": 10,
}
ENTRIES: list[Any] = [
    {
        "product_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
        "unit_price": {"amount": "900.00", "currency": "CNY"},
    },
    {
        "product_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
        "unit_price": {"amount": "850.00", "currency": "CNY"},
        "min_quantity": 10,
        "discount_limit": 5,
    },
]


class PriceBookFields(Fields):
    """Without a condition it is for everybody; else for the accounts named, and for those that fit
    every list among grades, industries and regions that is not empty."""

    description: Prose | None = None
    account_ids: Ids = Field(default_factory=list)
    grades: Words = Field(default_factory=list)
    industries: Words = Field(default_factory=list)
    regions: Words = Field(default_factory=list)
    valid_from: Day | None = None
    valid_to: Day | None = Field(default=None, description="The last day.")
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = Field(
        default=0, description="The higher goes before the lower."
    )
    is_active: bool = True
    external_id: Line | None = None


class PriceBookCreate(PriceBookFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    name: Name
    currency: Currency


class PriceBookUpdate(PriceBookFields):
    """A merge patch. The currency stays: entries are in it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"is_active": False}})

    name: Name = Field(default="", validate_default=False)


class PriceBookRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    currency: str
    description: str | None
    account_ids: list[UUID]
    grades: list[str]
    industries: list[str]
    regions: list[str]
    valid_from: date | None
    valid_to: date | None
    priority: int
    is_active: bool
    entry_count: int
    entries_changed_at: datetime | None
    external_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class Entry(Value):
    """A price without tax, from `min_quantity` on."""

    product_id: UUID
    unit_price: Price
    min_quantity: MinQuantity = 0.0
    discount_limit: Limit | None = Field(
        default=None, description="Percent that may be given away without approval."
    )


class EntryKey(Value):
    """An entry; without a quantity all breaks of the product."""

    product_id: UUID
    min_quantity: MinQuantity | None = None


class EntriesPut(Value):
    """All entries of the book: what is not in here goes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"entries": ENTRIES}})

    entries: Annotated[list[Entry], Field(max_length=MOST_ENTRIES)]


class EntriesPatch(Value):
    """Entries that are taken away, then those that are set."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"set": ENTRIES}})

    set: Annotated[list[Entry], Field(max_length=MOST_ENTRIES)] = Field(default_factory=list)
    remove: Annotated[list[EntryKey], Field(max_length=MOST_ENTRIES)] = Field(default_factory=list)


class EntriesWritten(BaseModel):
    price_book_id: UUID
    entry_count: int
    set: int
    removed: int
    version: int


class EntryRead(BaseModel):
    product_id: UUID
    sku: str
    name: str
    min_quantity: float
    unit_price: Money
    discount_limit: float | None


class EntryPage(BaseModel):
    data: list[EntryRead]
    page: Page


class AskedLine(Value):
    product_id: UUID
    quantity: Quantity = 1.0


class PriceQuestion(Value):
    """What these products cost this account on that day."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "currency": "CNY",
                "lines": [{"product_id": ENTRIES[0]["product_id"], "quantity": 12}],
            }
        },
    )

    account_id: UUID | None = None
    currency: Currency
    on: Day | None = Field(default=None, description="Today if absent.")
    lines: Annotated[list[AskedLine], Field(min_length=1, max_length=500)]


class PricedLine(BaseModel):
    """`source` says where the price is from; without one, `reason` says why."""

    product_id: UUID
    quantity: float
    unit_price: Money | None
    source: Literal["price_book", "list"] | None
    price_book_id: UUID | None
    price_book_name: str | None
    min_quantity: float | None
    discount_limit: float | None
    reason: Literal["unknown_product", "inactive_product", "no_price_in_currency"] | None


class Prices(BaseModel):
    currency: str
    on: date
    lines: list[PricedLine]
