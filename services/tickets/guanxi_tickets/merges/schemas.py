"""Merges of tickets as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

SURVIVOR = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"
SOURCE = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52"
EXAMPLE: dict[str, Any] = {
    "survivor_id": SURVIVOR,
    "source_ids": [SOURCE],
    "if_match": {SURVIVOR: 3, SOURCE: 1},
}


class TicketMergeCreate(BaseModel):
    """The sources go into the survivor, which stays what it is: its subject, state, people and promises.
    `if_match` gives the versions that were looked at when it was decided."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    survivor_id: UUID
    source_ids: Annotated[list[UUID], Field(min_length=1, max_length=20)]
    across_accounts: bool = Field(
        default=False, description="True where tickets of several accounts are meant to become one."
    )
    if_match: dict[UUID, Annotated[int, Field(ge=1, lt=2**53)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def check(self) -> "TicketMergeCreate":
        ids = [self.survivor_id, *self.source_ids]
        if len(set(ids)) < len(ids):
            raise ValueError("survivor_id and source_ids must name different tickets")
        if not set(self.if_match) <= set(ids):
            raise ValueError("if_match must name the survivor or sources")
        return self


class TicketMergeRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f60", "survivor_id": SURVIVOR,
                "source_ids": [SOURCE], "moved": {"comments": 3, "parent_id": 1}, "status": "done",
                "kept": [], "version": 1, "created_by": None, "undone_by": None,
                "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
                "undone_at": None,
            }
        }
    )  # fmt: skip

    id: UUID
    survivor_id: UUID
    source_ids: list[UUID]
    moved: dict[str, int] = Field(description="How many replies moved, and links of others.")
    status: Literal["done", "undone"]
    kept: list[Any] = Field(description="What a forced undo left as later changes made it.")
    version: int
    created_by: UUID | None
    undone_by: UUID | None
    created_at: datetime
    updated_at: datetime
    undone_at: datetime | None
