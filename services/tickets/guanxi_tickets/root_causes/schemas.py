"""Root causes as the API takes and shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Fields, Line, Prose, Value

EXAMPLE: dict[str, Any] = {
    "name": "模板过期 · outdated template", "description": "A text that was not renewed.",
    "parent_id": None, "is_active": True,
}  # fmt: skip


class CauseFields(Fields):
    description: Prose | None = None
    parent_id: UUID | None = Field(default=None, description="The cause that it is a kind of.")
    is_active: bool = Field(default=True, description="Whether complaints may still be given it.")


class CauseCreate(CauseFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Line


class CauseUpdate(CauseFields):
    """A merge patch. What bears a cause shows its new name; the log keeps the one before."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "Outdated template"}}
    )

    name: Line = Field(default="", validate_default=False)


class CauseMerge(Value):
    """What bears this cause keeps it, and is counted with the other one from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"into_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}},
    )

    into_id: UUID


class CauseRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    description: str | None
    parent_id: UUID | None
    is_active: bool
    merged_into_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime
