"""Payments as the API takes and shows them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_pipeline.invoices.schemas import Owed
from guanxi_shared.money import Money
from guanxi_shared.values import Day, Fields, Line, Prose

Method = Literal["bank_transfer", "card", "cash", "cheque", "wallet", "other"]
EXAMPLE: dict[str, Any] = {
    "invoice_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f60",
    "amount": {"amount": "1000.00", "currency": "CNY"},
    "received_on": "2026-11-20",
    "method": "bank_transfer",
    "reference": "20261120-0042",
}
SHOWN: dict[str, Any] = {
    "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f62", "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", **EXAMPLE,
    "currency": "CNY", "notes": None, "external_id": None, "owner_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f61",
    "team_id": None, "version": 1, "created_at": "2026-11-20T06:30:00Z",
    "updated_at": "2026-11-20T06:30:00Z", "deleted_at": None,
}  # fmt: skip


class PaymentFields(Fields):
    method: Method = "bank_transfer"
    reference: Line | None = Field(default=None, description="What the bank says.")
    notes: Prose | None = None
    external_id: Line | None = None


class PaymentCreate(PaymentFields):
    """On one invoice, in its currency, at most what is outstanding. Account, owner and team are its."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    invoice_id: UUID
    amount: Owed
    received_on: Day | None = Field(default=None, description="Today if absent.")


class PaymentUpdate(PaymentFields):
    """A merge patch (RFC 7396). Amount and invoice stay: delete it and make another one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"received_on": "2026-11-19"}}
    )

    received_on: Day = Field(default=date.min, validate_default=False)


class PaymentRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": SHOWN})

    id: UUID
    invoice_id: UUID
    account_id: UUID
    received_on: date
    currency: str
    amount: Money
    method: Method
    reference: str | None
    notes: str | None
    external_id: str | None
    owner_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = Field(description="Of one that was deleted, in the log.")
