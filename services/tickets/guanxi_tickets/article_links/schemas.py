"""Articles that were used for tickets, from both ends."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_shared.values import Fields

EXAMPLE: dict[str, Any] = {"article_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}


class UsedCreate(Fields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    article_id: UUID


class UsedArticle(BaseModel):
    article_id: UUID
    title: str
    language: str
    visibility: str
    state: str
    used_by: UUID | None
    used_at: datetime


class UsedArticles(BaseModel):
    data: list[UsedArticle]


class UsedOnTicket(BaseModel):
    ticket_id: UUID
    number: str
    subject: str
    status: str
    used_by: UUID | None
    used_at: datetime


class UsedOnTickets(BaseModel):
    data: list[UsedOnTicket]
