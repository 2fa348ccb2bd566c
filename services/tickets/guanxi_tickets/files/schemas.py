"""Files of tickets as the API shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import Page
from guanxi_tickets.comments.schemas import AuthorKind, Visibility

EXAMPLE: dict[str, Any] = {
    "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f60",
    "ticket_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f70",
    "visibility": "public",
    "written_on_id": None,
    "comment_id": None,
    "name": "发票.pdf",
    "content_type": "application/pdf",
    "declared_type": "application/pdf",
    "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "author_kind": "agent",
    "author_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f80",
    "version": 1,
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-20T08:00:00Z",
}


class TicketFileRead(BaseModel):
    """`content_type` is what the bytes are, `declared_type` what the sender called them. `comment_id` is the
    reply or note that it was sent with."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    ticket_id: UUID
    visibility: Visibility
    written_on_id: UUID | None = Field(
        description="The ticket it was kept on, if a merge or a split moved it."
    )
    comment_id: UUID | None
    name: str
    content_type: str
    declared_type: str | None
    size: int
    sha256: str
    author_kind: AuthorKind
    author_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class TicketFilePage(BaseModel):
    data: list[TicketFileRead]
    page: Page


class TicketFileUpload(BaseModel):
    """`multipart/form-data`: the part `file`. All else is in the query."""

    file: Annotated[bytes, Field(json_schema_extra={"format": "binary"})]
