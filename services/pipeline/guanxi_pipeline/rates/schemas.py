"""Exchange rates as the API takes and shows them."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from guanxi_shared.money import CURRENCIES, Money
from guanxi_shared.values import Day, Fields, Line

MOST_DIGITS = 15  # a JSON number keeps them exactly
EXAMPLE: dict[str, Any] = {
    "currency": "USD", "base": "CNY", "valid_on": "2026-11-02", "rate": 7.1034, "source": "PBOC",
}  # fmt: skip


def _currency(text: str) -> str:
    if text not in CURRENCIES:
        raise ValueError("is no ISO 4217 currency such as CNY")
    return text


def _rate(value: Any) -> float:
    """A number or its decimal text, at most fifteen significant digits, so that it is kept exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be a number")
    try:
        rate = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError("must be a number") from error
    if not rate.is_finite() or not Decimal("1e-12") <= rate <= Decimal("1e12"):
        raise ValueError("must lie between 0.000000000001 and 1000000000000")
    if len(rate.normalize().as_tuple().digits) > MOST_DIGITS:
        raise ValueError(f"has more than {MOST_DIGITS} significant digits")
    return float(rate)


Currency = Annotated[str, Field(min_length=3, max_length=3), AfterValidator(_currency)]
RateValue = Annotated[float, BeforeValidator(_rate), Field(gt=0)]


class ExchangeRateCreate(Fields):
    """1 `currency` = `rate` `base`, from `valid_on` until the next one of the pair."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    currency: Currency
    base: Currency
    valid_on: Day
    rate: RateValue
    source: Line | None = None


class ExchangeRateUpdate(Fields):
    """A merge patch (RFC 7396). What was converted before keeps what it was converted by."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"rate": 7.11}})

    currency: Currency = Field(default="", validate_default=False)
    base: Currency = Field(default="", validate_default=False)
    valid_on: Day = Field(default=date.min, validate_default=False)
    rate: RateValue = Field(default=0, validate_default=False)
    source: Line | None = None


class ExchangeRateRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    currency: str
    base: str
    valid_on: date
    rate: float
    source: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class RatePart(BaseModel):
    """One of the two rates of a conversion through a third currency."""

    currency: str
    to: str
    rate: str
    rate_date: date


class RateUsed(BaseModel):
    """1 `currency` was `rate` of the target on `rate_date`; `via` where it is the product of two."""

    currency: str
    rate: str
    rate_date: date
    via: list[RatePart] | None = None


class Conversion(BaseModel):
    """`rate` and its parts as they were reckoned with; `is_old`: more than a week older than the day."""

    amount: Money
    converted: Money
    on: date
    rate: str
    rate_date: date
    is_inverse: bool
    via: list[RatePart] | None
    age_days: int
    is_old: bool
