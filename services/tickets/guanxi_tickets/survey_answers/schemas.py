"""Answers as the API shows them, and what customers are shown and send."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Value
from guanxi_tickets.surveys.schemas import Kind, Language

EXAMPLE: dict[str, Any] = {"answers": {"score": 4, "why": "It was quick"}, "language": "en"}
Answers = Annotated[dict[str, Any], Field(max_length=300)]


class Partial(Value):
    """What is answered so far, by the keys of questions; it takes the place of what was saved before."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    answers: Answers
    language: Language | None = None


class Submission(Value):
    """What is answered, whole; without `answers`, what was saved is handed in."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    answers: Answers | None = None
    language: Language | None = None


class ShownOption(BaseModel):
    key: str
    text: str


class ShownQuestion(BaseModel):
    key: str
    type: Literal["rating", "choice", "multi_choice", "text"]
    text: str
    is_required: bool
    min: int | None
    max: int | None
    options: list[ShownOption]


class PublicSurvey(BaseModel):
    """What is asked, in one language. `suggested` is what the link itself answered (`?score=`): it is kept
    by nobody until it is sent, because mail scanners follow links, too."""

    title: str | None
    intro: str | None
    language: str
    languages: list[str]
    questions: list[ShownQuestion]
    answers: dict[str, Any]
    suggested: dict[str, Any]
    status: Literal["sent", "started"]
    expires_at: datetime


class PublicThanks(BaseModel):
    thanks: str
    language: str


class AnswerRead(BaseModel):
    """`score` is that of CSAT, NPS and CES; `is_low`: at the survey's threshold or worse."""

    model_config = ConfigDict(json_schema_extra={"example": {"score": 2, "is_low": True}})

    id: UUID
    survey_id: UUID
    edition: int
    invitation_id: UUID
    kind: Kind
    ticket_id: UUID | None
    contact_id: UUID | None
    account_id: UUID | None
    score: int | None
    is_low: bool
    answers: dict[str, Any]
    language: str
    invited_at: datetime
    answered_at: datetime
    follow_up_ticket_id: UUID | None
    assignee_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime
