"""Replies and notes as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_shared.documents import Page
from guanxi_shared.values import Fields, Storable

Visibility = Literal["public", "internal"]
AuthorKind = Literal["agent", "requester"]
Body = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50_000), Storable
]
FileIds = Annotated[list[UUID], Field(max_length=20)]
Mentions = Annotated[list[UUID], Field(max_length=50)]

EXAMPLE: dict[str, Any] = {
    "body": "您好，新的发票已经寄出。The corrected invoice is on its way.",
    "visibility": "public",
}


class CommentCreate(Fields):
    """A public reply unless it says `internal`. `author_kind: requester` puts down what the requester
    wrote or said; a ticket that waited for them, or was solved, is then open again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    body: Body
    visibility: Visibility = "public"
    author_kind: AuthorKind = "agent"
    mention_ids: Mentions = Field(default_factory=list, description="Users.")
    file_ids: FileIds = Field(
        default_factory=list,
        description="Files that its author put on the ticket, of the same visibility, not sent with anything yet.",
    )


class CommentUpdate(Fields):
    """A merge patch, for its author. Whom it is for never changes: it may have been read."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"body": "Corrected."}})

    body: Body = Field(default="", validate_default=False)
    mention_ids: Mentions = Field(default_factory=list)


class CommentRead(BaseModel):
    """`author_id` is a user, or of a requester's the contact."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    ticket_id: UUID
    visibility: Visibility
    written_on_id: UUID | None = Field(
        description="The ticket it was written on, if a merge or a split moved it."
    )
    body: str
    author_kind: AuthorKind
    author_id: UUID | None
    mention_ids: list[UUID]
    file_ids: list[UUID]
    version: int
    created_at: datetime
    updated_at: datetime


class CommentPage(BaseModel):
    data: list[CommentRead]
    page: Page
