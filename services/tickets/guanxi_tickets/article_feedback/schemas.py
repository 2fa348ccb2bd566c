"""Whether articles help, as the API takes and shows it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Fields
from guanxi_tickets.articles.schemas import Summary

EXAMPLE: dict[str, Any] = {"helpful": False, "comment": "The menu looks different now."}


class FeedbackCreate(Fields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    helpful: bool
    comment: Summary | None = None


class FeedbackRead(BaseModel):
    article_id: UUID
    reader_id: UUID
    reader_kind: str
    helpful: bool
    comment: str | None
    updated_at: datetime


class FeedbackPage(BaseModel):
    data: list[FeedbackRead]


class Share(BaseModel):
    """A share of `n`, and between what the true one lies with 95 % (Wilson)."""

    n: int
    share: float | None
    low: float | None
    high: float | None


class Usefulness(BaseModel):
    article_id: UUID
    views: int = Field(description="Once a reader and day.")
    suggested_for_tickets: int
    suggested_before_tickets: int
    used: int = Field(description="Tickets that it was used for.")
    solved_after_use: Share
    helpful: Share


class DeflectionReport(BaseModel):
    """Of the questions asked before there was a ticket: what became of them. A question without a known
    ticket may have been answered, given up, or asked elsewhere: `no_ticket_known` is the most that was
    deflected, not what was."""

    since: datetime
    until: datetime
    inquiries: int
    without_suggestion: int
    with_suggestion: int
    went_on_to_a_ticket: int
    no_ticket_known: Share
    without_suggestion_no_ticket_known: Share
