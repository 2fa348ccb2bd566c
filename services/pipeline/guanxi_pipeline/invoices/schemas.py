"""Invoices as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from guanxi_shared.money import Money
from guanxi_shared.values import Day, Fields, Line, Prose, Value

InvoiceStatus = Literal["open", "paid", "void"]
EXAMPLE: dict[str, Any] = {
    "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "amount": {"amount": "3600.00", "currency": "CNY"},
    "issued_on": "2026-11-02",
    "payment_terms_days": 30,
    "reference": "PO-4711",
}
SHOWN: dict[str, Any] = {
    "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f60", "number": "INV-000042", "account_id": EXAMPLE["account_id"],
    "is_account_verified": True, "contact_id": None, "order_id": None, "status": "open",
    "issued_on": "2026-11-02", "due_on": "2026-12-02", "currency": "CNY", "amount": EXAMPLE["amount"],
    "paid": {"amount": "1000.00", "currency": "CNY"}, "outstanding": {"amount": "2600.00", "currency": "CNY"},
    "paid_on": None, "void_reason": None, "reference": "PO-4711", "notes": None, "external_id": None,
    "owner_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f61", "team_id": None, "version": 2,
    "created_at": "2026-11-02T02:00:00Z", "updated_at": "2026-11-20T06:30:00Z", "deleted_at": None,
}  # fmt: skip


def _more_than_nothing(money: Money) -> Money:
    if money.decimal <= 0:
        raise ValueError("must be more than nothing")
    return money


Owed = Annotated[Money, AfterValidator(_more_than_nothing)]
TermsDays = Annotated[int, Field(ge=0, le=3650)]


class InvoiceFields(Fields):
    """What may be changed of an invoice as long as it is there, besides the day it is due."""

    reference: Line | None = Field(default=None, description="The customer's own number for it.")
    notes: Prose | None = None
    external_id: Line | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None


class NewInvoice(InvoiceFields):
    """Due 30 days after it was issued, unless `due_on` or `payment_terms_days` says otherwise."""

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    number: Annotated[Line, Field(max_length=60)] | None = Field(
        default=None, description="Without it, the next one."
    )
    account_id: UUID | None = Field(default=None, description="The order's, where there is one.")
    contact_id: UUID | None = None
    amount: Owed | None = Field(default=None, description="What is left of the order, if absent.")
    issued_on: Day | None = Field(default=None, description="Today if absent.")
    due_on: Day | None = None
    payment_terms_days: TermsDays | None = Field(default=None, description="Instead of due_on.")


class InvoiceCreate(NewInvoice):
    """Of an account and an amount, or of an order, or of a part of one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    order_id: UUID | None = None


class InvoiceOfOrder(NewInvoice):
    """Without an amount: all that is not invoiced yet."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"payment_terms_days": 14}}
    )


class InvoiceUpdate(InvoiceFields):
    """A merge patch (RFC 7396). Amount, order, account and the day it was issued stay: void it and make
    another one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"due_on": "2026-12-31"}}
    )

    due_on: Day = Field(default=date.min, validate_default=False)


class VoidInvoice(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "Sent to the wrong company"}}
    )

    reason: Line


class InvoiceRead(BaseModel):
    """`paid` is the sum of its payments, `outstanding` the rest (nothing when it is void), `paid_on` the
    day on which the payment came that settled it."""

    model_config = ConfigDict(json_schema_extra={"example": SHOWN})

    id: UUID
    number: str
    account_id: UUID
    is_account_verified: bool
    contact_id: UUID | None
    order_id: UUID | None
    status: InvoiceStatus
    issued_on: date
    due_on: date
    currency: str
    amount: Money
    paid: Money
    outstanding: Money
    paid_on: date | None
    void_reason: str | None
    reference: str | None
    notes: str | None
    external_id: str | None
    owner_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = Field(description="Of one that was deleted, in the log.")
