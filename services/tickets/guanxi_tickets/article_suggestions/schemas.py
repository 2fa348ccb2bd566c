"""Suggestions as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_shared.values import Fields, Storable, Tags
from guanxi_tickets.articles.schemas import Language
from guanxi_tickets.tickets.schemas import Kind

EXAMPLE: dict[str, Any] = {"text": "我忘记密码了，登录不了", "language": "zh-CN", "limit": 3}
Question = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000), Storable
]


class Inquiry(Fields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    text: Question
    language: Language | None = Field(default=None, description="Only articles in this language.")
    kind: Kind | None = None
    product_id: UUID | None = None
    tags: Tags = Field(default_factory=list)
    limit: Annotated[int, Field(ge=1, le=20)] = 5


class Suggestion(BaseModel):
    """`words` are those of the question that stand in the article, the most telling first; `boosts` what
    else raised its score, as shares of it."""

    article_id: UUID
    title: str
    summary: str | None
    language: str
    visibility: str
    score: float
    words: list[str]
    boosts: dict[str, float]
    snippet: str | None


class Suggestions(BaseModel):
    data: list[Suggestion]


class InquiryAnswer(BaseModel):
    """`inquiry_id`: say which ticket came of it all the same."""

    inquiry_id: UUID
    data: list[Suggestion]


class InquiryTicket(Fields):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"ticket_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}},
    )

    ticket_id: UUID


class InquiryRead(BaseModel):
    id: UUID
    article_ids: list[UUID]
    ticket_id: UUID | None
    created_at: datetime
