"""Entitlements and their usage as the API takes and shows them."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from guanxi_shared.documents import Page
from guanxi_shared.values import Day, Fields, Line, Prose, TimeZone, Value
from guanxi_tickets.tickets.schemas import Kind

Unit = Literal["incidents", "hours", "visits"]


def _read(value: Any) -> Any:
    """By hand, as instants are: a number, or its digits as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("must be a number such as 1.5")
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError("must be a number such as 1.5") from error


Read = BeforeValidator(_read)
Amount = Annotated[Decimal, Read, Field(ge=0, max_digits=12, decimal_places=2, allow_inf_nan=False)]
Booked = Annotated[Decimal, Read, Field(gt=0, max_digits=12, decimal_places=2, allow_inf_nan=False)]
EXAMPLE: dict[str, Any] = {
    "name": "金牌服务 2026 · gold service", "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "unit": "incidents", "granted": "20", "valid_from": "2026-01-01", "valid_until": "2026-12-31",
    "time_zone": "Asia/Shanghai", "covers_children": True, "kinds": ["incident", "complaint"],
}  # fmt: skip


class EntitlementFields(Fields):
    covers_children: bool = Field(default=False, description="Accounts below this one, too.")
    product_id: UUID | None = Field(default=None, description="Null: every product.")
    kinds: Annotated[list[Kind], Field(max_length=4)] = Field(
        default_factory=list, description="Of tickets; none: all."
    )
    granted: Amount | None = Field(default=None, description="Of the unit; null: without end.")
    calendar_id: UUID | None = Field(default=None, description="Claimed in its hours alone.")
    sla_policy_id: UUID | None = Field(
        default=None, description="The policy of its tickets, instead of what filters choose."
    )
    is_active: bool = True
    remind_days: Annotated[int, Field(ge=0, le=366)] = Field(
        default=30, description="Its end is told so many days before."
    )
    external_id: Line | None = None
    note: Prose | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None


class EntitlementCreate(EntitlementFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Line
    account_id: UUID
    unit: Unit
    valid_from: Day
    valid_until: Day
    time_zone: TimeZone | None = Field(default=None, description="Null: the caller's.")


class EntitlementUpdate(EntitlementFields):
    """A merge patch; account and unit stay, what was used is booked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"granted": "25"}})

    name: Line = Field(default="", validate_default=False)
    valid_from: Day = Field(default=date.min, validate_default=False)
    valid_until: Day = Field(default=date.min, validate_default=False)


class Renewal(Value):
    """The next term: from the day after this one's last on, with as much, unless it is said otherwise."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"valid_until": "2027-12-31"}}
    )

    valid_from: Day | None = None
    valid_until: Day
    granted: Amount | None = None
    name: Line | None = None


class Usage(Value):
    """What was used, in the entitlement's unit."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"amount": "1.5", "note": "On the phone."}}
    )

    amount: Booked
    ticket_id: UUID | None = None
    note: Line | None = None


class Contra(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"note": "Booked on the wrong account."}}
    )

    note: Line


class EntitlementRead(BaseModel):
    """`remaining` is `granted` less `used`; those that are over are found by `ends_at[lt]`."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    account_id: UUID
    is_account_verified: bool
    covers_children: bool
    product_id: UUID | None
    kinds: list[Kind]
    unit: Unit
    granted: float | None
    used: float
    remaining: float | None
    valid_from: date
    valid_until: date
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    calendar_id: UUID | None
    sla_policy_id: UUID | None
    is_active: bool
    remind_days: int
    reminded_at: datetime | None
    renewed_from_id: UUID | None
    external_id: str | None
    note: str | None
    owner_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class BookingRead(BaseModel):
    """`amount` below nothing was given back."""

    id: UUID
    entitlement_id: UUID
    ticket_id: UUID | None
    amount: float
    why: Literal["ticket", "booked", "deleted", "restored", "merged", "unmerged", "corrected"]
    note: str | None
    booked_by: UUID | None
    reverses_id: UUID | None
    created_at: datetime


class BookingPage(BaseModel):
    data: list[BookingRead]
    page: Page
