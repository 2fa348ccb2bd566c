"""Conversions of leads as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from guanxi_shared.values import Value


def _has_nul(value: Any) -> bool:
    """Anywhere in what JSON may hold, in keys too."""
    if isinstance(value, dict):
        return any(map(_has_nul, (*value, *value.values())))
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\x00" in value


def _storable(sent: dict[str, Any]) -> dict[str, Any]:
    """It is kept before anybody looks at its fields."""
    if _has_nul(sent):
        raise ValueError("must not contain NUL characters")
    return sent


Sent = Annotated[dict[str, Any], Field(max_length=100), AfterValidator(_storable)]

EXAMPLE: dict[str, Any] = {
    "account": {"fields": {"staff_count": 240}},
    "contact": {"fields": {"department": "采购部"}},
    "opportunity": {"amount": {"amount": "128000.00", "currency": "CNY"}, "close_on": "2026-12-31"},
}


class Target(Value):
    """One that is there already, by its `id`; else a new one, from the lead and these `fields`, as its
    create in the contacts service takes them."""

    id: UUID | None = None
    fields: Sent = Field(default_factory=dict)


class Convert(Value):
    """What is not said: a new account if the lead has a company, a new person if it has a name of its
    own, no deal. Null means none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    account: Target | None = None
    contact: Target | None = None
    opportunity: Sent | None = Field(
        default=None,
        description="As `POST /v1/opportunities` takes it, without account and people; may be empty.",
    )


class Refusal(BaseModel):
    part: str
    status: int
    code: str
    detail: str
    errors: dict[str, str]


class ConversionRead(BaseModel):
    """`pending`: the ids are chosen, and what they name is being made. `undoing`: refused, and what
    was made before is being taken back. `refused`: nothing is left of it, the lead is as it was."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
                "lead_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51", "status": "done",
                "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52",
                "contact_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f53",
                "opportunity_id": None, "problem": None, "tries": 1,
                "created_at": "2026-11-22T08:00:00Z", "finished_at": "2026-11-22T08:00:01Z",
            }
        }
    )  # fmt: skip

    id: UUID
    lead_id: UUID
    status: Literal["pending", "undoing", "done", "refused"]
    account_id: UUID | None
    contact_id: UUID | None
    opportunity_id: UUID | None
    problem: Refusal | None
    tries: int
    created_at: datetime
    finished_at: datetime | None
