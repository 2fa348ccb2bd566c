"""Merges as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guanxi_shared.documents import Page

ResourceName = Literal["accounts", "contacts"]
Status = Literal["done", "undone"]
SURVIVOR = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"
SOURCE = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52"
EXAMPLE: dict[str, Any] = {
    "resource": "accounts",
    "survivor_id": SURVIVOR,
    "source_ids": [SOURCE],
    "fields": {"industry": SOURCE},
    "if_match": {SURVIVOR: 3, SOURCE: 1},
}


class MergeCreate(BaseModel):
    """The sources go into the survivor. Its own values win unless they are empty; `fields` says for
    single fields (also `custom.key`) whose value counts. Phones, emails, addresses and tags are
    united. `if_match` gives the versions that were looked at when it was decided."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    resource: ResourceName
    survivor_id: UUID
    source_ids: Annotated[list[UUID], Field(min_length=1, max_length=20)]
    fields: Annotated[dict[str, UUID], Field(max_length=200)] = Field(default_factory=dict)
    if_match: dict[UUID, Annotated[int, Field(ge=1, lt=2**53)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def check(self) -> "MergeCreate":
        ids = [self.survivor_id, *self.source_ids]
        if len(set(ids)) < len(ids):
            raise ValueError("survivor_id and source_ids must name different records")
        return self


class MergeRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f60", "resource": "accounts",
                "survivor_id": SURVIVOR, "source_ids": [SOURCE], "fields": {}, "status": "done",
                "moved": {"contact_accounts.account_id": 3}, "kept": [], "version": 1,
                "created_by": None, "created_at": "2026-01-01T00:00:00Z",
                "undone_by": None, "undone_at": None,
            }
        }
    )  # fmt: skip

    id: UUID
    resource: ResourceName
    survivor_id: UUID
    source_ids: list[UUID]
    fields: dict[str, UUID] = Field(description="Whose value was chosen.")
    status: Status
    moved: dict[str, int] = Field(description="How many children of each kind moved.")
    kept: list[Any] = Field(description="What a forced undo left as later changes made it.")
    version: int
    created_by: UUID | None
    created_at: datetime
    undone_by: UUID | None
    undone_at: datetime | None


class MergePage(BaseModel):
    data: list[MergeRead]
    page: Page
