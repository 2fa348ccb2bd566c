"""Corrective actions as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Day, Fields, Prose, Value

EXAMPLE: dict[str, Any] = {
    "body": "模板每季度检查一次 · templates are checked every quarter",
    "responsible_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52", "due_on": "2027-01-31",
}  # fmt: skip
Body = Annotated[Prose, Field(min_length=1)]


class ActionFields(Fields):
    responsible_id: UUID | None = Field(
        default=None, description="A user; whoever sees the complaint sees its actions."
    )
    due_on: Day | None = None


class ActionCreate(ActionFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    body: Body


class ActionUpdate(ActionFields):
    """A merge patch of an action that is open."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"due_on": "2027-02-28"}}
    )

    body: Body = Field(default="", validate_default=False)


class ActionCheck(Value):
    """Whether it helped."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"effect": "effective", "note": "No such complaint since."}},
    )

    effect: Literal["effective", "ineffective"]
    note: Prose | None = None


class ActionRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    ticket_id: UUID
    round_id: UUID
    body: str
    responsible_id: UUID | None
    due_on: date | None
    status: Literal["open", "done"]
    done_at: datetime | None
    done_by: UUID | None
    effect: Literal["effective", "ineffective"] | None
    effect_note: str | None
    checked_at: datetime | None
    checked_by: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime
