"""Tax classes as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from guanxi_shared.values import Day, Fields, Name


def digits(most: int) -> BeforeValidator:
    """At most so many behind the point: a number is kept as it is sent."""

    def check(value: Any) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and round(value, most) != value:
            raise ValueError(f"has more than {most} digits behind the point")
        return value

    return BeforeValidator(check)


TaxCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
TaxRate = Annotated[float, Field(ge=0, le=100), digits(4)]
EXAMPLE: dict[str, Any] = {
    "code": "CN-13",
    "name": "增值税 13%",
    "rate": 13,
    "valid_from": "2019-04-01",
}


class TaxClassCreate(Fields):
    """The rate of a class from a day on. Another rate of the same code is another record."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    code: TaxCode
    name: Name
    rate: TaxRate = Field(description="Percent.")
    valid_from: Day


class TaxClassUpdate(Fields):
    """A merge patch; nothing of it can be null. Quotes keep the rates that they were made with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "VAT 13%"}})

    code: TaxCode = Field(default="", validate_default=False)
    name: Name = Field(default="", validate_default=False)
    rate: TaxRate = Field(default=-1, validate_default=False)
    valid_from: Day = Field(default="", validate_default=False)  # type: ignore[assignment]


class TaxClassRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    code: str
    name: str
    rate: float
    valid_from: date
    version: int
    created_at: datetime
    updated_at: datetime
