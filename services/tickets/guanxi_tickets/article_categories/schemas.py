"""Categories of articles as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Fields, Line, Prose

EXAMPLE: dict[str, Any] = {"name": "发票 Invoices", "position": 1}
Position = Annotated[int, Field(ge=0, le=100_000)]


class CategoryFields(Fields):
    description: Prose | None = None
    parent_id: UUID | None = None
    position: Position = Field(default=0, description="Among those beside it.")


class CategoryCreate(CategoryFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Line


class CategoryUpdate(CategoryFields):
    """A merge patch."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"position": 2}})

    name: Line = Field(default="", validate_default=False)


class CategoryRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    description: str | None
    parent_id: UUID | None
    position: int
    version: int
    created_at: datetime
    updated_at: datetime
